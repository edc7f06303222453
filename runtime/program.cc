#include "runtime/program.h"

#include <algorithm>
#include "kernels/kernel.h"
#include "runtime/backends/device_replayer.h"
#include "runtime/requirements.h"
#include "runtime/session.h"
#include "runtime/state.h"

namespace rondo {

static_assert(static_cast<int>(InstructionSet::kReference) == static_cast<int>(kernels::Isa::kReference) &&
              static_cast<int>(InstructionSet::kAvx2) == static_cast<int>(kernels::Isa::kAvx2) &&
              static_cast<int>(InstructionSet::kAvx512) == static_cast<int>(kernels::Isa::kAvx512));

const char* name_of(InstructionSet set) {
  constexpr const char* kNames[] = {"reference", "avx2", "avx512"};
  return kNames[static_cast<uint8_t>(set)];
}

InstructionSet detect_instruction_set() { return static_cast<InstructionSet>(kernels::detect_isa()); }

namespace runtime {
ProgramData::ProgramData(VerifiedSchedule schedule) : verified(std::move(schedule)) {}
ProgramData::~ProgramData() = default;
}  // namespace runtime

const VerifiedSchedule& Program::verified() const { return data_->verified; }
const Requirements& Program::requirements() const { return data_->needs; }
InstructionSet Program::instruction_set() const { return data_->instruction_set; }
const std::vector<std::string>& Program::kernel_names() const { return data_->kernel_names; }
const ReplayWay& Program::way() const { return data_->way; }
uint32_t Program::workers() const { return data_->dealing ? static_cast<uint32_t>(data_->dealing->shares.size()) : 1; }

Result<Program> Program::member(std::string_view name) const {
  return runtime::without_exceptions([&]() -> Result<Program> {
    const runtime::ProgramSet* set = data_->set;
    std::vector<std::string> names;
    for (size_t i = 0; i < (set == nullptr ? 1 : set->members.size()); ++i) {
      const runtime::ProgramData* member = set == nullptr ? data_.get() : set->members[i].get();
      const std::string_view known = member->schedule().name(member->schedule().members[0].name);
      if (known == name) return Program(std::shared_ptr<const runtime::ProgramData>(data_, member));
      names.push_back(runtime::quoted(known));
    }
    return make_error(ErrorCode::kNotFound,
                      "there is no member " + runtime::quoted(name) + "; the file has " + runtime::join(names));
  });
}

Result<BindingHandle> Program::binding(std::string_view name) const {
  return runtime::without_exceptions([&]() -> Result<BindingHandle> {
    std::vector<std::string> names;
    for (const BindingRequirement& binding : data_->needs.bindings) {
      if (binding.role == Role::kConstant) {
        if (binding.name == name)
          return make_error(ErrorCode::kInvalidArgument,
                            runtime::describe(binding) + " belongs to the program: it is given to prepare");
        continue;
      }
      if (binding.name == name) return BindingHandle{binding.binding, data_->serial};
      names.push_back(runtime::quoted(binding.name));
    }
    return make_error(ErrorCode::kNotFound,
                      "there is no binding " + runtime::quoted(name) + "; the schedule has " + runtime::join(names));
  });
}

Result<ScalarHandle> Program::scalar(std::string_view name) const {
  return runtime::without_exceptions([&]() -> Result<ScalarHandle> {
    const Schedule& schedule = data_->schedule();
    std::vector<std::string> names;
    for (uint32_t scalar = 0; scalar < schedule.scalars.size(); ++scalar) {
      const std::string_view known = schedule.name(schedule.scalars[scalar].name);
      if (known == name) return ScalarHandle{scalar, data_->serial};
      names.push_back(runtime::quoted(known));
    }
    return make_error(ErrorCode::kNotFound,
                      "there is no scalar " + runtime::quoted(name) + "; the schedule has " + runtime::join(names));
  });
}

Result<State> Program::state() const {
  return runtime::without_exceptions([&]() -> Result<State> {
    auto state = runtime::make_state(data_);
    if (!state) return state.error();
    return State(std::move(*state));
  });
}

Result<Session> Program::session(const SessionOptions& options) const {
  return runtime::without_exceptions([&]() -> Result<Session> {
    auto session = runtime::make_session(data_, options);
    if (!session) return session.error();
    return Session(std::move(*session));
  });
}

}  // namespace rondo
