/* A C program that replays a schedule: y = relu(x w + b), affine.rondo as argv[1]. */
#include <rondo/rondo.h>
#include <stdio.h>
#include <stdlib.h>

static rondo_error error = RONDO_ERROR_INIT;

/* The library prints nothing and never exits: what to do about an error is the host's to say. */
static void must(rondo_status status) {
  if (status == RONDO_OK) return;
  fprintf(stderr, "%s: %s\n", rondo_status_name(status), error.message);
  exit(1);
}

int main(int argc, char** argv) {
  const float x[2][4] = {{1, 2, 3, 4}, {-1, -2, -3, -4}};
  const float w[4][3] = {{1, 0, 2}, {0, 1, 2}, {1, 0, 2}, {0, 1, 2}};
  const float b[3] = {1, 20, 30};
  float y[2][3];
  if (argc != 2) return 2;

  /* Read and prove; only what is proven can be prepared. */
  rondo_schedule* schedule;
  must(rondo_schedule_load(argv[1], NULL, &schedule, &error));
  rondo_schedule_info info = RONDO_SCHEDULE_INFO_INIT;
  must(rondo_schedule_get_info(schedule, &info, &error));
  printf("rondo %s: %u ops, %u bindings, faithful %u\n", rondo_version(), (unsigned)info.replay_op_count,
         (unsigned)info.binding_count, (unsigned)info.faithful);

  /* Once per process: the runtime. Once per model: the program, with its constants. */
  rondo_runtime* runtime;
  must(rondo_runtime_create(NULL, &runtime, &error));
  const rondo_constant constants[] = {{"w", w, sizeof w, RONDO_F32, 0}, {"b", b, sizeof b, RONDO_F32, 0}};
  rondo_prepare_options options = RONDO_PREPARE_OPTIONS_INIT;
  options.constants = constants;
  options.constant_count = 2;
  options.copy_constants = 1;
  rondo_program* program;
  must(rondo_program_prepare(runtime, schedule, &options, &program, &error));

  /* Once per replay in flight: a session, with the buffers of the host. */
  rondo_binding x_binding, y_binding;
  must(rondo_program_find_binding(program, "x", &x_binding, &error));
  must(rondo_program_find_binding(program, "y", &y_binding, &error));
  rondo_session* session;
  must(rondo_session_create(program, NULL, &session, &error));
  must(rondo_session_bind_const(session, x_binding, x, sizeof x, RONDO_F32, &error));
  must(rondo_session_bind(session, y_binding, y, sizeof y, RONDO_F32, &error));
  must(rondo_session_replay(session, NULL, &error));

  for (int row = 0; row < 2; ++row) printf("%g %g %g\n", y[row][0], y[row][1], y[row][2]);

  /* In any order: each object keeps what it was made from. */
  rondo_schedule_destroy(schedule);
  rondo_runtime_destroy(runtime);
  rondo_program_destroy(program);
  rondo_session_destroy(session);
  return 0;
}
