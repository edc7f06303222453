/* A C program that serves many requests at once: one program, a session for each
 * request thread, and a thread pool of the host's own that all of them share.
 *
 *     server SCHEDULE THREADS REPLAYS [DEVICE]
 *
 * SCHEDULE has one input and one output (and no constants, states or scalars); with
 * DEVICE ("emulated") it was planned for that and is replayed there. Every thread replays its session REPLAYS times
 * with inputs of its own; the results must be those of a session replayed by one thread alone, bit by bit. */
#include <pthread.h>
#include <rondo/rondo.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(rondo_status status, const rondo_error* error) {
  if (status == RONDO_OK) return;
  fprintf(stderr, "%s: %s\n", rondo_status_name(status), error->message);
  exit(1);
}

/* ---- An executor: what a host that already has threads would write -------------- */

enum { POOL_THREADS = 2, QUEUE = 256 };

struct task {
  rondo_task_function run;
  void* argument;
  uint32_t index;
};

struct pool {
  pthread_mutex_t lock;
  pthread_cond_t filled;
  struct task queue[QUEUE]; /* a ring of `count` tasks from `first` on */
  uint32_t first, count;
  int ending;
  atomic_uint run; /* tasks that were run */
  pthread_t threads[POOL_THREADS];
};

static void* work(void* context) {
  struct pool* pool = context;
  pthread_mutex_lock(&pool->lock);
  for (;;) {
    while (pool->count == 0 && !pool->ending) pthread_cond_wait(&pool->filled, &pool->lock);
    if (pool->count == 0) break;
    const struct task task = pool->queue[pool->first];
    pool->first = (pool->first + 1) % QUEUE;
    --pool->count;
    pthread_mutex_unlock(&pool->lock);
    task.run(task.argument, task.index);
    atomic_fetch_add(&pool->run, 1);
    pthread_mutex_lock(&pool->lock);
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

static uint32_t concurrency(void* context) {
  (void)context;
  return POOL_THREADS;
}

/* Takes what there is room for; the replay does the rest itself. */
static uint32_t start(void* context, uint32_t count, rondo_task_function run, void* argument) {
  struct pool* pool = context;
  uint32_t taken = 0;
  pthread_mutex_lock(&pool->lock);
  for (; taken < count && pool->count < QUEUE; ++taken) {
    const struct task task = {run, argument, taken};
    pool->queue[(pool->first + pool->count++) % QUEUE] = task;
  }
  pthread_cond_broadcast(&pool->filled);
  pthread_mutex_unlock(&pool->lock);
  return taken;
}

/* ---- Requests -------------------------------------------------------------------- */

struct binding {
  rondo_binding handle;
  rondo_binding_info info;
};

struct request {
  const rondo_program* program;
  struct binding in, out;
  uint32_t seed, replays;
  int may_submit;        /* there are other threads than the caller's */
  unsigned char* result; /* of the last replay */
};

static void bind(rondo_session* session, const struct binding* binding, void* data, rondo_error* error) {
  must(rondo_session_bind(session, binding->handle, data, binding->info.bytes, binding->info.dtype, error), error);
}

static void fill(float* values, uint64_t count, uint32_t seed) {
  for (uint64_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    values[i] = (float)(seed >> 8) / 16777216.0f - 0.5f;
  }
}

static void* serve(void* context) {
  struct request* request = context;
  rondo_error error = RONDO_ERROR_INIT;
  rondo_session* session;
  must(rondo_session_create(request->program, NULL, &session, &error), &error);
  float* x = malloc(request->in.info.bytes);
  request->result = malloc(request->out.info.bytes);
  if (x == NULL || request->result == NULL) exit(1);
  bind(session, &request->in, x, &error);
  bind(session, &request->out, request->result, &error);
  for (uint32_t i = 0; i < request->replays; ++i) {
    fill(x, request->in.info.bytes / sizeof *x, request->seed + i);
    memset(request->result, 0xff, request->out.info.bytes);
    if (i % 2 == 0 || !request->may_submit) {
      must(rondo_session_replay(session, NULL, &error), &error);
    } else { /* the same without blocking between the two calls */
      must(rondo_session_submit(session, &error), &error);
      must(rondo_session_wait(session, &error), &error);
    }
  }
  rondo_session_destroy(session);
  free(x);
  return NULL;
}

static rondo_program* prepare(const rondo_schedule* schedule, const rondo_runtime_options* options) {
  rondo_error error = RONDO_ERROR_INIT;
  rondo_runtime* runtime;
  rondo_program* program;
  must(rondo_runtime_create(options, &runtime, &error), &error);
  must(rondo_program_prepare(runtime, schedule, NULL, &program, &error), &error);
  rondo_runtime_destroy(runtime);
  return program;
}

static struct request request_of(const rondo_schedule* schedule, const rondo_program* program, uint32_t seed,
                                 uint32_t replays) {
  struct request request;
  rondo_error error = RONDO_ERROR_INIT;
  memset(&request, 0, sizeof request);
  request.program = program;
  request.seed = seed;
  request.replays = replays;
  rondo_schedule_info info = RONDO_SCHEDULE_INFO_INIT;
  must(rondo_schedule_get_info(schedule, &info, &error), &error);
  for (uint32_t i = 0; i < info.binding_count; ++i) {
    rondo_binding_info binding = RONDO_BINDING_INFO_INIT;
    must(rondo_schedule_get_binding(schedule, i, &binding, &error), &error);
    struct binding* of = binding.role == RONDO_INPUT ? &request.in : &request.out;
    of->info = binding;
    must(rondo_program_find_binding(program, binding.name, &of->handle, &error), &error);
  }
  return request;
}

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) return 2;
  const uint32_t threads = (uint32_t)atoi(argv[2]), replays = (uint32_t)atoi(argv[3]);
  rondo_error error = RONDO_ERROR_INIT;
  rondo_schedule* schedule;
  must(rondo_schedule_load(argv[1], NULL, &schedule, &error), &error);

  static struct pool pool;
  pthread_mutex_init(&pool.lock, NULL);
  pthread_cond_init(&pool.filled, NULL);
  for (int i = 0; i < POOL_THREADS; ++i) pthread_create(&pool.threads[i], NULL, work, &pool);

  rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
  options.workers = 2;
  options.executor_context = &pool;
  options.executor_concurrency = concurrency;
  options.executor_start = start;
  rondo_runtime_options no_threads = RONDO_RUNTIME_OPTIONS_INIT;
  rondo_device_options device = RONDO_DEVICE_OPTIONS_INIT;
  device.backend = argc == 5 ? argv[4] : NULL;
  options.device = no_threads.device = &device;
  rondo_program* shared = prepare(schedule, &options);
  rondo_program* alone = prepare(schedule, &no_threads);

  struct request* requests = calloc(threads, sizeof *requests);
  pthread_t* ids = calloc(threads, sizeof *ids);
  if (requests == NULL || ids == NULL) return 1;
  for (uint32_t i = 0; i < threads; ++i) {
    requests[i] = request_of(schedule, shared, 1000 * i, replays);
    requests[i].may_submit = device.backend == NULL;
    pthread_create(&ids[i], NULL, serve, &requests[i]);
  }
  for (uint32_t i = 0; i < threads; ++i) pthread_join(ids[i], NULL);

  uint32_t wrong = 0;
  for (uint32_t i = 0; i < threads; ++i) {
    struct request check = request_of(schedule, alone, 1000 * i + replays - 1, 1);
    serve(&check);
    wrong += memcmp(check.result, requests[i].result, check.out.info.bytes) != 0;
    free(check.result);
    free(requests[i].result);
  }

  rondo_program_info info = RONDO_PROGRAM_INFO_INIT;
  must(rondo_program_get_info(shared, &info, &error), &error);
  pthread_mutex_lock(&pool.lock);
  pool.ending = 1;
  pthread_cond_broadcast(&pool.filled);
  pthread_mutex_unlock(&pool.lock);
  for (int i = 0; i < POOL_THREADS; ++i) pthread_join(pool.threads[i], NULL);
  printf("%u sessions of %u replays by %u workers each: %u wrong\n", (unsigned)threads, (unsigned)replays,
         (unsigned)info.workers, (unsigned)wrong);
  printf("on %s; the pool of the host ran %s\n", info.backend, atomic_load(&pool.run) > 0 ? "tasks" : "nothing");
  rondo_program_destroy(shared);
  rondo_program_destroy(alone);
  rondo_schedule_destroy(schedule);
  free(requests);
  free(ids);
  return wrong != 0;
}
