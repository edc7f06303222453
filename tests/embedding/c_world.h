// What the tests of the C interface share: schedules as bytes, statuses as text,
// handles that end with their scope.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include "rondo/load.h"
#include "rondo/rondo.h"
#include "tests/runtime/fixtures.h"

namespace rondo::c_world {

struct Destroy {
  void operator()(rondo_schedule* object) const { rondo_schedule_destroy(object); }
  void operator()(rondo_runtime* object) const { rondo_runtime_destroy(object); }
  void operator()(rondo_program* object) const { rondo_program_destroy(object); }
  void operator()(rondo_state* object) const { rondo_state_destroy(object); }
  void operator()(rondo_session* object) const { rondo_session_destroy(object); }
  void operator()(rondo_stop* object) const { rondo_stop_destroy(object); }
  void operator()(rondo_trace* object) const { rondo_trace_destroy(object); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Destroy>;

// The error of the last call, and the call as text: "ok", "invalid-argument: message".
struct Errors {
  rondo_error last = RONDO_ERROR_INIT;
  std::string text(rondo_status status) const {
    return status == RONDO_OK ? "ok" : std::string(rondo_status_name(status)) + ": " + last.message;
  }
};

inline Owned<rondo_schedule> parse(const Schedule& schedule) {
  const std::vector<std::byte> bytes = write_binary(schedule);
  rondo_schedule* made = nullptr;
  Errors errors;
  const std::string text = errors.text(rondo_schedule_parse(bytes.data(), bytes.size(), nullptr, &made, &errors.last));
  if (made == nullptr) std::cerr << text << "\n", std::abort();
  return Owned<rondo_schedule>(made);
}

// A schedule without constants, prepared.
struct World {
  explicit World(const Schedule& tables, const rondo_runtime_options* options = nullptr) : schedule(parse(tables)) {
    rondo_runtime* made_runtime = nullptr;
    rondo_program* made_program = nullptr;
    Errors errors;
    if (rondo_runtime_create(options, &made_runtime, &errors.last) != RONDO_OK ||
        rondo_program_prepare(made_runtime, schedule.get(), nullptr, &made_program, &errors.last) != RONDO_OK)
      std::cerr << errors.last.message << "\n", std::abort();
    runtime.reset(made_runtime);
    program.reset(made_program);
  }
  Owned<rondo_session> session(const rondo_session_options* options = nullptr) const {
    rondo_session* made = nullptr;
    Errors errors;
    if (rondo_session_create(program.get(), options, &made, &errors.last) != RONDO_OK)
      std::cerr << errors.last.message << "\n", std::abort();
    return Owned<rondo_session>(made);
  }
  rondo_binding binding(const char* name) const {
    rondo_binding found = 0;
    rondo_program_find_binding(program.get(), name, &found, nullptr);
    return found;
  }
  rondo_scalar scalar(const char* name) const {
    rondo_scalar found = 0;
    rondo_program_find_scalar(program.get(), name, &found, nullptr);
    return found;
  }

  Owned<rondo_schedule> schedule;
  Owned<rondo_runtime> runtime;
  Owned<rondo_program> program;
};

}  // namespace rondo::c_world
