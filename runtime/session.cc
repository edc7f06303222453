#include "runtime/session.h"

#include <algorithm>
#include "runtime/backends/device_replayer.h"
#include "runtime/log.h"
#include "runtime/requirements.h"
#include "runtime/trace/trace_recorder.h"

namespace rondo {
namespace runtime {
namespace {

Error not_now(std::string message) { return make_error(ErrorCode::kFailedPrecondition, std::move(message)); }

bool lacks(const SessionData& session, const BindingRequirement& binding) {
  return binding.used_in_replay && session.bases[session.program->base_of(binding.binding)] == nullptr;
}

bool lacks(const SessionData& session, const ScalarRequirement& scalar) {
  return scalar.used_in_replay && !session.scalars.is_set(scalar.scalar);
}

// Everything a replay needs and does not have yet, in words.
std::vector<std::string> missing_parts(const SessionData& session) {
  std::vector<std::string> missing;
  for (const BindingRequirement& binding : session.program->needs.bindings)
    if (lacks(session, binding)) missing.push_back(describe(binding));
  for (const ScalarRequirement& scalar : session.program->needs.scalars)
    if (lacks(session, scalar)) missing.push_back("scalar " + quoted(scalar.name));
  return missing;
}

// Called after every change outside a replay, so that a replay asks one flag. Does
// not allocate: a change that is made is never left without it.
void refresh(SessionData& session) noexcept {
  session.ready = true;
  for (const BindingRequirement& binding : session.program->needs.bindings) session.ready &= !lacks(session, binding);
  for (const ScalarRequirement& scalar : session.program->needs.scalars) session.ready &= !lacks(session, scalar);
  if (session.scalars.shapes_views()) {
    for (const auto& member : session.members) {
      member->part.views = session.scalars.views();
      member->part.view_offsets = session.scalars.offsets();
    }
  }
}

bool lies_on_device(const SessionData& session, const BindingRequirement& binding) {
  return binding.role == Role::kState && states_lie_on_device(*session.program);
}

// The buffer of the host that is bound to a state of the device, or nullptr.
const std::byte* lent_data(const SessionData& session, uint32_t binding) {
  for (const LentState& lent : session.lent_states)
    if (lent.binding == binding) return lent.host;
  return nullptr;
}

// All memory of the host that the session uses, apart from the buffer of `binding`.
std::vector<Region> regions_without(const SessionData& session, uint32_t binding) {
  std::vector<Region> regions = session.program->regions;
  regions.insert(regions.end(), session.arenas.begin(), session.arenas.end());
  for (const BindingRequirement& other : session.program->needs.bindings) {
    if (other.binding == binding || other.role == Role::kConstant) continue;
    const std::byte* data = session.bases[session.program->base_of(other.binding)];
    if (lies_on_device(session, other)) data = lent_data(session, other.binding);
    if (data != nullptr) regions.push_back({describe(other), data, other.bytes, is_written(other.role)});
  }
  return regions;
}

Status check_handle(const SessionData& session, uint32_t program, uint32_t index, size_t count) {
  if (program == session.program->serial && index < count) return {};
  return make_error(ErrorCode::kInvalidArgument, "the handle belongs to another program");
}

Status place_arenas(SessionData& session, const SessionOptions& options) {
  const ProgramData& program = *session.program;
  const std::vector<ArenaRequirement>& arenas = program.needs.arenas;
  if (Status good = check_supplied(arenas, options.arenas, false); !good) return good;
  if (Status good = check_lent_to_host(program, options.arenas); !good) return good;
  tell_of_small_pages(program.core->options.logger, arenas, options.arenas);
  for (const SuppliedArena& memory : options.arenas) {
    const Region region{describe(arenas[memory.arena]), memory.data, arenas[memory.arena].bytes, true};
    if (Status apart = check_apart(region, program.regions); !apart) return apart;
    session.bases[memory.arena] = static_cast<std::byte*>(memory.data);
  }
  uint64_t bytes = 0;
  for (const ArenaRequirement& arena : arenas)
    if (session.bases[arena.arena] == nullptr && !lies_on_device(program, arena.arena))
      bytes = saturating_add(bytes, arena.bytes);
  if (Status fits = check_memory(*program.core, bytes, "a session"); !fits) return fits;
  for (const ArenaRequirement& arena : arenas) {
    if (arena.prepared || lies_on_device(program, arena.arena)) continue;
    if (session.bases[arena.arena] == nullptr) {
      Result<Block> block = allocate(program.core, arena.bytes, arena.preferred_align_bytes, describe(arena));
      if (!block) return block.error();
      touch_pages(*block);
      session.bases[arena.arena] = block->data();
      session.blocks.push_back(std::move(*block));
    }
    session.arenas.push_back({describe(arena), session.bases[arena.arena], arena.bytes, true});
  }
  return {};
}

// The host may have bound memory of a state (State::bytes) to something else.
Status check_state_apart(const SessionData& session, const StateData& state) {
  for (const BindingRequirement& binding : session.program->needs.bindings) {
    if (binding.role != Role::kState || session.lent[binding.binding] != 0) continue;
    if (lies_on_device(session, binding)) continue;
    const Region region{describe(binding), state.data_of(binding.binding), binding.bytes, true};
    if (Status apart = check_apart(region, regions_without(session, binding.binding)); !apart) return apart;
  }
  return {};
}

void use_state(SessionData& session, std::shared_ptr<StateData> state) {
  for (const BindingRequirement& binding : session.program->needs.bindings)
    if (binding.role == Role::kState && session.lent[binding.binding] == 0)
      session.bases[session.program->base_of(binding.binding)] = state->data_of(binding.binding);
  session.state = std::move(state);
}

Status unbind_buffer(SessionData& session, uint32_t index) {
  if (session.lent[index] == 0) return {};
  session.lent[index] = 0;  // for the check, its own state is in use again
  if (session.state != nullptr)
    if (Status apart = check_state_apart(session, *session.state); !apart) {
      session.lent[index] = 1;
      return apart;
    }
  std::erase_if(session.lent_states, [&](const LentState& lent) { return lent.binding == index; });
  const bool state = session.program->needs.bindings[index].role == Role::kState;
  session.bases[session.program->base_of(index)] =
      state && session.state != nullptr ? session.state->data_of(index) : nullptr;
  refresh(session);
  return {};
}

Status bind_buffer(SessionData& session, uint32_t index, const Buffer& buffer) {
  if (session.in_flight.load(std::memory_order_relaxed)) return not_now("a replay of the session is in flight");
  const BindingRequirement& binding = session.program->needs.bindings[index];
  if (binding.role == Role::kConstant)
    return make_error(ErrorCode::kInvalidArgument,
                      describe(binding) + " belongs to the program: it is given to prepare");
  if (binding.role == Role::kTable)
    return make_error(ErrorCode::kInvalidArgument, describe(binding) + " is copied and checked: use set_table");
  if (Status fits = check_buffer(binding, buffer); !fits) return fits;
  const Region region{describe(binding), buffer.data, buffer.bytes, is_written(binding.role)};
  if (Status apart = check_apart(region, regions_without(session, index)); !apart) return apart;
  auto* data = static_cast<std::byte*>(const_cast<void*>(buffer.data));
  if (lies_on_device(session, binding)) {
    DeviceBlock& copy = session.copies[index];
    if (copy.data() == nullptr) {
      Result<DeviceBlock> block = session.program->device->device->allocate(
          binding.bytes, std::max(binding.align_bytes, kOwnAlignBytes), describe(binding));
      if (!block) return block.error();
      copy = std::move(*block);
    }
    std::erase_if(session.lent_states, [&](const LentState& lent) { return lent.binding == index; });
    session.lent_states.push_back({index, data, copy.data(), binding.bytes});  // there is room
    data = copy.data();
  }
  session.bases[session.program->base_of(index)] = data;
  session.lent[index] = 1;
  refresh(session);
  return {};
}

// Marks a session (and its state) as in use, for as long as it lives.
class InFlight {
 public:
  explicit InFlight(SessionData& session) : session_(session) {
    if (session.in_flight.exchange(true, std::memory_order_acquire)) return;
    holds_session_ = true;
    if (session.state != nullptr && session.state->in_flight.exchange(true, std::memory_order_acquire)) return;
    holds_state_ = true;
  }
  ~InFlight() {
    if (holds_state_ && session_.state != nullptr) session_.state->in_flight.store(false, std::memory_order_release);
    if (holds_session_) session_.in_flight.store(false, std::memory_order_release);
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  // Leaves the marks in place: a replay goes on after the guard; `end` takes them away.
  void keep() { holds_session_ = holds_state_ = false; }
  static void end(SessionData& session) {
    if (session.state != nullptr) session.state->in_flight.store(false, std::memory_order_release);
    session.in_flight.store(false, std::memory_order_release);
  }
  bool holds_session() const { return holds_session_; }
  bool holds_all() const { return holds_state_; }

 private:
  SessionData& session_;
  bool holds_session_ = false, holds_state_ = false;
};

bool was_interrupted(const SessionData& session) {
  return session.interrupted ||
         (session.state != nullptr && session.state->interrupted.load(std::memory_order_relaxed));
}

Error why_not(const SessionData& session, const InFlight& in_flight) {
  if (!in_flight.holds_session()) return not_now("a replay of the session is in flight");
  if (!in_flight.holds_all()) return not_now("the state is in use by a replay of another session");
  if (session.interrupted) return not_now("the last replay of the session was interrupted; restart it");
  if (was_interrupted(session))
    return not_now("a replay that used the state was interrupted; restart the session or clear the state");
  return not_now("replay needs " + join(missing_parts(session)));
}

// Whether a replay may begin, with everything that does not change during one in place.
Status check_ready(SessionData& session, const InFlight& in_flight) {
  if (!in_flight.holds_all() || !session.ready || was_interrupted(session)) [[unlikely]]
    return why_not(session, in_flight);
  if (session.scalars.shapes_views()) session.scalars.resolve(session.program->schedule());
  return {};
}

Status account_for(SessionData& session, Status ended) {
  if (!ended) [[unlikely]] {
    session.interrupted = true;
    if (session.state != nullptr) session.state->interrupted.store(true, std::memory_order_relaxed);
    return ended;
  }
  ++session.epoch;
  return {};
}

Status replay_session(SessionData& session, const std::atomic<bool>* stop, TraceBuffer* trace = nullptr) {
  InFlight in_flight(session);
  if (Status ready = check_ready(session, in_flight); !ready) [[unlikely]]
    return ready;
  if (trace != nullptr && !TraceRecorder::is_for(*trace, session.program->replay_serial))
    return make_error(ErrorCode::kInvalidArgument, "the trace buffer was made for another program");
  ReplayCall call{stop, {}, session.lent_states};
  if (trace != nullptr) call.recording = TraceRecorder::begin(*trace, session.scalars.values());
  Status ended = session.selected->replayer->replay(call);
  if (trace != nullptr) TraceRecorder::end(*trace, ended.ok());
  if (!ended && session.selected->replayer->lost()) in_flight.keep();
  return account_for(session, std::move(ended));
}

Status submit_replay(SessionData& session) {
  InFlight in_flight(session);
  if (Status ready = check_ready(session, in_flight); !ready) return ready;
  session.cancelled.store(false, std::memory_order_relaxed);
  if (Status started = session.selected->replayer->start({&session.cancelled, {}, session.lent_states}); !started)
    return started;
  session.submitted = true;
  in_flight.keep();
  return {};
}

Status wait_for_replay(SessionData& session) {
  if (!session.submitted) return not_now("no replay of the session was submitted");
  Status ended = session.selected->replayer->finish();
  session.submitted = false;
  Status status = account_for(session, std::move(ended));
  if (!session.selected->replayer->lost()) InFlight::end(session);
  return status;
}

}  // namespace

SessionData::~SessionData() {
  if (submitted) {
    cancelled.store(true, std::memory_order_relaxed);
    (void)without_exceptions([this] { return wait_for_replay(*this); });
  }
  if (selected == nullptr || !selected->replayer->lost()) return;
  selected->replayer.reset();  // waits until nothing touches the state any more
  InFlight::end(*this);
}

Result<std::unique_ptr<SessionData>> make_session(const std::shared_ptr<const ProgramData>& program,
                                                  const SessionOptions& options) {
  const Schedule& schedule = program->schedule();
  auto session = std::make_unique<SessionData>(program);
  session->bases = program->bases;
  session->lent.assign(schedule.bindings.size(), 0);
  if (states_lie_on_device(*program)) {
    session->lent_states.reserve(schedule.bindings.size());
    session->copies.resize(schedule.bindings.size());
  }
  session->tables.resize(schedule.bindings.size());
  if (Status good = place_arenas(*session, options); !good) return good.error();
  for (const BindingRequirement& binding : program->needs.bindings) {
    if (binding.role != Role::kTable) continue;
    Result<Table> table = Table::make(program->core, schedule.bindings[binding.binding], describe(binding));
    if (!table) return table.error();
    session->tables[binding.binding] = std::move(*table);
  }
  if (options.own_state && program->needs.state_bytes != 0) {
    auto state = make_state(program);
    if (!state) return state.error();
    use_state(*session, std::move(*state));
  }
  const size_t count = program->set == nullptr ? 1 : program->set->members.size();
  for (size_t i = 0; i < count; ++i) {
    auto member = std::make_unique<SessionData::Member>();
    member->program =
        program->set == nullptr ? program : std::shared_ptr<const ProgramData>(program, program->set->members[i].get());
    member->part = tables_of(*member->program, Part::kReplay);
    member->part.bases = session->bases.data();
    Result<std::unique_ptr<Replayer>> replayer = make_replayer(*member->program, member->part);
    if (!replayer) return replayer.error();
    member->replayer = std::move(*replayer);
    session->members.push_back(std::move(member));
    // Only now: a session that is given up half made must not point to what it lacks.
    if (session->members.back()->program == program) session->selected = session->members.back().get();
  }
  refresh(*session);
  tell(program->core->options.logger, LogLevel::kDebug, "program %u: a session with %llu B of its own%s",
       program->serial, static_cast<unsigned long long>(program->needs.session_bytes),
       session->state != nullptr ? " and a state" : "");
  return session;
}

}  // namespace runtime

using runtime::bind_buffer;
using runtime::check_handle;
using runtime::clear_state;
using runtime::join;
using runtime::not_now;
using runtime::quoted;
using runtime::refresh;
using runtime::replay_session;
using runtime::use_state;
using runtime::without_exceptions;

Session::Session(std::unique_ptr<runtime::SessionData> data) : data_(std::move(data)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Status Session::bind(BindingHandle handle, Buffer buffer) {
  return without_exceptions([&]() -> Status {
    if (Status known = check_handle(*data_, handle.program, handle.binding, data_->lent.size()); !known) return known;
    return bind_buffer(*data_, handle.binding, buffer);
  });
}

Status Session::bind(std::string_view name, Buffer buffer) {
  return without_exceptions([&]() -> Status {
    const auto& bindings = data_->program->needs.bindings;
    const auto found = std::find_if(bindings.begin(), bindings.end(),
                                    [&](const BindingRequirement& binding) { return binding.name == name; });
    if (found != bindings.end()) return bind_buffer(*data_, found->binding, buffer);
    std::vector<std::string> names;
    for (const BindingRequirement& binding : bindings)
      if (binding.role != Role::kConstant) names.push_back(quoted(binding.name));
    return make_error(ErrorCode::kNotFound,
                      "there is no binding " + quoted(name) + "; the schedule has " + join(names));
  });
}

Status Session::unbind(BindingHandle handle) {
  return without_exceptions([&]() -> Status {
    if (Status known = check_handle(*data_, handle.program, handle.binding, data_->lent.size()); !known) return known;
    if (data_->in_flight.load(std::memory_order_relaxed)) return not_now("a replay of the session is in flight");
    return runtime::unbind_buffer(*data_, handle.binding);
  });
}

Status Session::set_table(BindingHandle handle, Buffer entries) {
  return without_exceptions([&]() -> Status {
    if (Status known = check_handle(*data_, handle.program, handle.binding, data_->lent.size()); !known) return known;
    if (data_->in_flight.load(std::memory_order_relaxed)) return not_now("a replay of the session is in flight");
    BindingRequirement binding = data_->program->needs.bindings[handle.binding];
    if (binding.role != Role::kTable)
      return make_error(ErrorCode::kInvalidArgument, runtime::describe(binding) + " is no table: use bind");
    binding.align_bytes = 1;  // it is copied
    if (Status fits = runtime::check_buffer(binding, entries); !fits) return fits;
    runtime::Table& table = data_->tables[handle.binding];
    if (Status good = table.set(entries.data); !good) return good;
    data_->bases[data_->program->base_of(handle.binding)] = table.data();
    refresh(*data_);
    return {};
  });
}

Status Session::set_scalar(ScalarHandle handle, int64_t value) {
  return without_exceptions([&]() -> Status {
    const Schedule& schedule = data_->program->schedule();
    if (Status known = check_handle(*data_, handle.program, handle.scalar, schedule.scalars.size()); !known)
      return known;
    if (data_->in_flight.load(std::memory_order_relaxed)) return not_now("a replay of the session is in flight");
    const Scalar& scalar = schedule.scalars[handle.scalar];
    if (value < scalar.min || value > scalar.max)
      return make_error(ErrorCode::kInvalidArgument,
                        "scalar " + quoted(schedule.name(scalar.name)) + " must be in [" + std::to_string(scalar.min) +
                            ", " + std::to_string(scalar.max) + "], not " + std::to_string(value));
    const bool was_set = data_->scalars.is_set(handle.scalar);
    data_->scalars.set(handle.scalar, value);
    if (!was_set) refresh(*data_);
    return {};
  });
}

Status Session::set_scalar(std::string_view name, int64_t value) {
  return without_exceptions([&]() -> Status {
    const Schedule& schedule = data_->program->schedule();
    for (uint32_t scalar = 0; scalar < schedule.scalars.size(); ++scalar)
      if (schedule.name(schedule.scalars[scalar].name) == name)
        return set_scalar(ScalarHandle{scalar, data_->program->serial}, value);
    std::vector<std::string> names;
    for (const Scalar& scalar : schedule.scalars) names.push_back(quoted(schedule.name(scalar.name)));
    return make_error(ErrorCode::kNotFound, "there is no scalar " + quoted(name) + "; the schedule has " + join(names));
  });
}

Status Session::attach(const State& state) {
  return without_exceptions([&]() -> Status {
    if (data_->in_flight.load(std::memory_order_relaxed)) return not_now("a replay of the session is in flight");
    if (state.data_->program->serial != data_->program->serial)
      return make_error(ErrorCode::kInvalidArgument, "the state belongs to another program");
    if (Status apart = runtime::check_state_apart(*data_, *state.data_); !apart) return apart;
    use_state(*data_, state.data_);
    refresh(*data_);
    return {};
  });
}

Status Session::select(const Program& member) {
  return without_exceptions([&]() -> Status {
    if (data_->in_flight.load(std::memory_order_relaxed)) return not_now("a replay of the session is in flight");
    for (const auto& known : data_->members) {
      if (known->program != member.data_) continue;
      data_->selected = known.get();
      data_->program = known->program;
      refresh(*data_);
      return {};
    }
    return make_error(ErrorCode::kInvalidArgument, "the member belongs to another program");
  });
}

Result<State> Session::state() const {
  return without_exceptions([&]() -> Result<State> {
    if (data_->state == nullptr) return make_error(ErrorCode::kNotFound, "the session has no state of its own");
    return State(data_->state);
  });
}

Status Session::replay() {
  return without_exceptions([&] { return replay_session(*data_, nullptr); });
}

Status Session::replay(const std::atomic<bool>& stop) {
  return without_exceptions([&] { return replay_session(*data_, &stop); });
}

Status Session::replay(TraceBuffer& trace) {
  return without_exceptions([&] { return replay_session(*data_, nullptr, &trace); });
}

Status Session::replay(TraceBuffer& trace, const std::atomic<bool>& stop) {
  return without_exceptions([&] { return replay_session(*data_, &stop, &trace); });
}

Status Session::submit() {
  return without_exceptions([&] { return runtime::submit_replay(*data_); });
}

bool Session::done() const { return !data_->submitted || data_->selected->replayer->finished(); }

void Session::cancel() { data_->cancelled.store(true, std::memory_order_relaxed); }

Status Session::wait() {
  return without_exceptions([&] { return runtime::wait_for_replay(*data_); });
}

Status Session::restart() {
  return without_exceptions([&]() -> Status {
    if (data_->in_flight.load(std::memory_order_relaxed)) return not_now("a replay of the session is in flight");
    if (data_->state != nullptr)
      if (Status cleared = clear_state(*data_->state); !cleared) return cleared;
    data_->interrupted = false;
    return {};
  });
}

uint64_t Session::epoch() const { return data_->epoch; }

}  // namespace rondo
