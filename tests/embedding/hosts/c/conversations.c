/* A C program that holds two conversations with one language model: weights packed once,
 * one schedule for prompts and one for a token at a time in the same file, and a state
 * for each conversation.
 *
 *     conversations SET PREFILL DECODE
 *
 * SET holds the members PREFILL (table "tokens", output "prompt_logits") and DECODE
 * (table "token", output "logits"); both have the scalar "position". The weights are
 * made up here, so the text is noise; what matters is that a conversation says the same
 * when another one takes turns with it. */
#include <rondo/rondo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROMPT = 5, STEPS = 9, CONVERSATIONS = 2, NAMES = 256 };

static rondo_error error = RONDO_ERROR_INIT;

static void must(rondo_status status) {
  if (status == RONDO_OK) return;
  fprintf(stderr, "%s: %s\n", rondo_status_name(status), error.message);
  exit(1);
}

static void* room(uint64_t bytes) {
  void* data = calloc(1, bytes);
  if (data == NULL) exit(1);
  return data;
}

/* ---- The model: shared by all conversations --------------------------------------- */

struct buffer {
  rondo_binding_info info; /* its names belong to the schedule */
  rondo_binding handle;
  void* data;
};

struct model {
  rondo_schedule* schedule;
  rondo_program *prefill, *decode;
  rondo_scalar position;
  struct buffer tokens, prompt_logits, token, logits;
};

static rondo_binding_info info_of(const rondo_schedule* schedule, const char* name) {
  rondo_schedule_info info = RONDO_SCHEDULE_INFO_INIT;
  rondo_binding_info binding = RONDO_BINDING_INFO_INIT;
  must(rondo_schedule_get_info(schedule, &info, &error));
  for (uint32_t i = 0; i < info.binding_count; ++i) {
    must(rondo_schedule_get_binding(schedule, i, &binding, &error));
    if (strcmp(binding.name, name) == 0) return binding;
  }
  fprintf(stderr, "no binding %s\n", name);
  exit(1);
}

static struct buffer buffer_of(const struct model* model, const char* name, uint32_t role, uint32_t dtype) {
  struct buffer buffer;
  buffer.info = info_of(model->schedule, name);
  if (buffer.info.role != role || buffer.info.dtype != dtype) exit(1);
  must(rondo_program_find_binding(model->prefill, name, &buffer.handle, &error));
  buffer.data = room(buffer.info.bytes);
  return buffer;
}

/* Random weights, gains of one, no shifts; both members pack from these. */
static rondo_program* prepared(const rondo_schedule* schedule) {
  rondo_schedule_info info = RONDO_SCHEDULE_INFO_INIT;
  must(rondo_schedule_get_info(schedule, &info, &error));
  rondo_constant constants[NAMES];
  uint64_t count = 0;
  uint32_t random = 1;
  for (uint32_t i = 0; i < info.binding_count; ++i) {
    rondo_binding_info binding = RONDO_BINDING_INFO_INIT;
    must(rondo_schedule_get_binding(schedule, i, &binding, &error));
    if (binding.role != RONDO_CONSTANT) continue;
    if (count == NAMES || binding.dtype != RONDO_F32) exit(1);
    float* values = room(binding.bytes);
    for (uint64_t j = 0; j < binding.bytes / sizeof *values; ++j) {
      random = random * 1664525u + 1013904223u;
      const float weight = (float)(random >> 8) / 16777216.0f - 0.5f;
      values[j] = binding.rank > 1 ? weight : strstr(binding.name, "gain") != NULL ? 1.0f : 0.0f;
    }
    const rondo_constant constant = {binding.name, values, binding.bytes, binding.dtype, 0};
    constants[count++] = constant;
  }
  rondo_prepare_options options = RONDO_PREPARE_OPTIONS_INIT;
  options.constants = constants;
  options.constant_count = count;
  options.copy_constants = 1;
  rondo_runtime* runtime;
  rondo_program* program;
  must(rondo_runtime_create(NULL, &runtime, &error));
  must(rondo_program_prepare(runtime, schedule, &options, &program, &error));
  rondo_runtime_destroy(runtime);
  for (uint64_t i = 0; i < count; ++i) free((void*)(uintptr_t)constants[i].data);
  return program;
}

static struct model load(char** names) {
  struct model model;
  must(rondo_schedule_load(names[0], NULL, &model.schedule, &error));
  rondo_program* program = prepared(model.schedule);
  must(rondo_program_find_member(program, names[1], &model.prefill, &error));
  must(rondo_program_find_member(program, names[2], &model.decode, &error));
  rondo_program_destroy(program); /* its members keep it */
  must(rondo_program_find_scalar(model.decode, "position", &model.position, &error));
  model.tokens = buffer_of(&model, "tokens", RONDO_TABLE, RONDO_I32);
  model.token = buffer_of(&model, "token", RONDO_TABLE, RONDO_I32);
  model.prompt_logits = buffer_of(&model, "prompt_logits", RONDO_OUTPUT, RONDO_F32);
  model.logits = buffer_of(&model, "logits", RONDO_OUTPUT, RONDO_F32);
  return model;
}

/* ---- A conversation: a state, and a session that uses it --------------------------- */

struct conversation {
  rondo_state* state;
  int32_t said[STEPS + 1];
  uint32_t count;
};

static int32_t likeliest(const float* logits, uint64_t count) {
  uint64_t best = 0;
  for (uint64_t i = 1; i < count; ++i)
    if (logits[i] > logits[best]) best = i;
  return (int32_t)best;
}

static void set_tokens(rondo_session* session, const struct buffer* table) {
  must(rondo_session_set_table(session, table->handle, table->data, table->info.bytes, table->info.dtype, &error));
}

static void read_prompt(const struct model* model, rondo_session* session, struct conversation* one, int32_t seed) {
  int32_t* tokens = model->tokens.data;
  const uint64_t rows = model->tokens.info.bytes / sizeof *tokens;
  for (uint64_t i = 0; i < rows; ++i) tokens[i] = i < PROMPT ? (seed + 7 * (int32_t)i) % 50 : 0; /* padded */
  must(rondo_state_create(model->prefill, &one->state, &error));
  must(rondo_session_attach(session, one->state, &error));
  must(rondo_session_select(session, model->prefill, &error));
  set_tokens(session, &model->tokens);
  must(rondo_session_set_scalar(session, model->position, 0, &error));
  must(rondo_session_replay(session, NULL, &error));
  const uint64_t words = model->logits.info.bytes / sizeof(float);
  one->said[0] = likeliest((const float*)model->prompt_logits.data + (PROMPT - 1) * words, words);
  one->count = 1;
}

static void say_a_word(const struct model* model, rondo_session* session, struct conversation* one) {
  *(int32_t*)model->token.data = one->said[one->count - 1];
  must(rondo_session_attach(session, one->state, &error));
  must(rondo_session_select(session, model->decode, &error));
  set_tokens(session, &model->token);
  must(rondo_session_set_scalar(session, model->position, PROMPT + (int64_t)one->count - 1, &error));
  must(rondo_session_replay(session, NULL, &error));
  one->said[one->count++] = likeliest(model->logits.data, model->logits.info.bytes / sizeof(float));
}

static rondo_session* session_of(const struct model* model) {
  rondo_session_options options = RONDO_SESSION_OPTIONS_INIT;
  options.without_state = 1; /* each conversation brings its own */
  rondo_session* session;
  must(rondo_session_create(model->prefill, &options, &session, &error));
  const struct buffer* outputs[] = {&model->prompt_logits, &model->logits};
  for (int i = 0; i < 2; ++i)
    must(rondo_session_bind(session, outputs[i]->handle, outputs[i]->data, outputs[i]->info.bytes,
                            outputs[i]->info.dtype, &error));
  /* Both tables have content from the beginning. */
  set_tokens(session, &model->tokens);
  set_tokens(session, &model->token);
  return session;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  struct model model = load(argv + 1);
  rondo_session* session = session_of(&model);

  struct conversation together[CONVERSATIONS], alone[CONVERSATIONS];
  for (int i = 0; i < CONVERSATIONS; ++i) read_prompt(&model, session, &together[i], 3 + 10 * i);
  for (int step = 0; step < STEPS; ++step)
    for (int i = 0; i < CONVERSATIONS; ++i) say_a_word(&model, session, &together[i]);
  for (int i = 0; i < CONVERSATIONS; ++i) {
    read_prompt(&model, session, &alone[i], 3 + 10 * i);
    for (int step = 0; step < STEPS; ++step) say_a_word(&model, session, &alone[i]);
  }

  int differ = 0;
  for (int i = 0; i < CONVERSATIONS; ++i) {
    printf("conversation %d:", i);
    for (int step = 0; step <= STEPS; ++step) printf(" %d", (int)together[i].said[step]);
    printf("\n");
    differ |= memcmp(together[i].said, alone[i].said, sizeof alone[i].said);
    rondo_state_destroy(together[i].state);
    rondo_state_destroy(alone[i].state);
  }
  printf("taking turns or one after the other: %s\n", differ ? "different" : "the same words");
  rondo_session_destroy(session);
  rondo_program_destroy(model.prefill);
  rondo_program_destroy(model.decode);
  rondo_schedule_destroy(model.schedule);
  struct buffer* buffers[] = {&model.tokens, &model.token, &model.prompt_logits, &model.logits};
  for (int i = 0; i < 4; ++i) free(buffers[i]->data);
  return differ != 0;
}
