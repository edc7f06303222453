// Sessions and the wish to stop one.
#include "runtime/c/edge.h"
#include "runtime/c/objects.h"

namespace rondo::c {
namespace {

BindingHandle binding_of(rondo_binding handle) { return {handle_index(handle), handle_program(handle)}; }

template <class Data>
Outcome bind(rondo_session* session, rondo_binding binding, Data* data, uint64_t bytes, uint32_t dtype) {
  if (session == nullptr) return null_argument("session");
  if (data == nullptr) return null_argument("data");
  const Result<DType> type = read_dtype(dtype);
  if (!type) return type.error();
  return session->session.bind(binding_of(binding), Buffer(data, bytes, *type));
}

}  // namespace
}  // namespace rondo::c

using namespace rondo::c;

extern "C" {

rondo_status rondo_session_create(const rondo_program* program, const rondo_session_options* options,
                                  rondo_session** session, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    *session = nullptr;
    if (program == nullptr) return null_argument("program");
    const auto known = read_options(options);
    if (!known) return known.error();
    auto arenas = read_arenas(known->arenas, known->arena_count);
    if (!arenas) return arenas.error();
    rondo::SessionOptions settings;
    settings.own_state = known->without_state == 0;
    settings.arenas = *std::move(arenas);
    auto made = program->program.session(settings);
    if (!made) return made.error();
    *session = new rondo_session{*std::move(made)};
    return {};
  });
}

void rondo_session_destroy(rondo_session* session) noexcept { destroy(session); }

rondo_status rondo_session_bind(rondo_session* session, rondo_binding binding, void* data, uint64_t bytes,
                                uint32_t dtype, rondo_error* error) noexcept {
  return at_edge(error, [&] { return bind(session, binding, data, bytes, dtype); });
}

rondo_status rondo_session_bind_const(rondo_session* session, rondo_binding binding, const void* data, uint64_t bytes,
                                      uint32_t dtype, rondo_error* error) noexcept {
  return at_edge(error, [&] { return bind(session, binding, data, bytes, dtype); });
}

rondo_status rondo_session_unbind(rondo_session* session, rondo_binding binding, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    return session->session.unbind(binding_of(binding));
  });
}

rondo_status rondo_session_set_table(rondo_session* session, rondo_binding binding, const void* entries, uint64_t bytes,
                                     uint32_t dtype, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    if (entries == nullptr) return null_argument("entries");
    const auto type = read_dtype(dtype);
    if (!type) return type.error();
    return session->session.set_table(binding_of(binding), rondo::Buffer(entries, bytes, *type));
  });
}

rondo_status rondo_session_set_scalar(rondo_session* session, rondo_scalar scalar, int64_t value,
                                      rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    return session->session.set_scalar(rondo::ScalarHandle{handle_index(scalar), handle_program(scalar)}, value);
  });
}

rondo_status rondo_session_attach(rondo_session* session, const rondo_state* state, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    if (state == nullptr) return null_argument("state");
    return session->session.attach(state->state);
  });
}

rondo_status rondo_session_select(rondo_session* session, const rondo_program* member, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    if (member == nullptr) return null_argument("member");
    return session->session.select(member->program);
  });
}

rondo_status rondo_stop_create(rondo_stop** stop, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (stop == nullptr) return null_argument("stop");
    *stop = nullptr;
    *stop = new rondo_stop;
    return {};
  });
}

void rondo_stop_destroy(rondo_stop* stop) noexcept { destroy(stop); }

// Relaxed: the replay reads nothing that the thread that asks has written.
void rondo_stop_request(rondo_stop* stop) noexcept {
  if (stop != nullptr) stop->requested.store(true, std::memory_order_relaxed);
}

void rondo_stop_reset(rondo_stop* stop) noexcept {
  if (stop != nullptr) stop->requested.store(false, std::memory_order_relaxed);
}

rondo_status rondo_session_replay(rondo_session* session, const rondo_stop* stop, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    return stop == nullptr ? session->session.replay() : session->session.replay(stop->requested);
  });
}

rondo_status rondo_session_submit(rondo_session* session, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    return session->session.submit();
  });
}

rondo_status rondo_session_is_done(const rondo_session* session, uint32_t* done, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (done == nullptr) return null_argument("done");
    *done = 0;
    if (session == nullptr) return null_argument("session");
    *done = session->session.done();
    return {};
  });
}

void rondo_session_cancel(rondo_session* session) noexcept {
  if (session != nullptr) session->session.cancel();
}

rondo_status rondo_session_wait(rondo_session* session, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    return session->session.wait();
  });
}

rondo_status rondo_session_restart(rondo_session* session, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    return session->session.restart();
  });
}

rondo_status rondo_session_get_epoch(const rondo_session* session, uint64_t* epoch, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (epoch == nullptr) return null_argument("epoch");
    *epoch = 0;
    if (session == nullptr) return null_argument("session");
    *epoch = session->session.epoch();
    return {};
  });
}

}  // extern "C"

// A signal handler may request a stop only where that takes no lock.
static_assert(std::atomic<bool>::is_always_lock_free);
