// What the rules on tables look up instead of working it out op by op.
#include <algorithm>
#include <array>
#include "rondo/contracts.h"
#include "rondo/footprint.h"
#include "schedules/verify/bounded_probes.h"
#include "schedules/verify/rules.h"
#include "schedules/verify/scalars.h"

namespace rondo::proof {
namespace {

uint64_t reach_of(const Schedule& schedule, const View& view) {
  const auto effect = scalar_effect(schedule, view);
  if (!effect) return kNowhere;
  View widest = view;
  if (view.extent_axis < view.rank) widest.extent[view.extent_axis] = static_cast<uint32_t>(effect->extent_high);
  const auto span = span_bytes(widest);
  if (!span) return kNowhere;
  if (*span == 0) return 0;
  const unsigned __int128 end =
      *span + static_cast<unsigned __int128>(effect->shift_high) * static_cast<uint64_t>(view.offset_step_bytes);
  return (end >> 63) != 0 ? kNowhere : static_cast<uint64_t>(end);
}

// Kernel, flags, engine and operand count; then view, access and aux of each operand.
using Form = std::array<uint32_t, 2 + 2 * kMaxOperands>;

Form form_of(const Schedule& schedule, const Op& op, uint8_t engine) {
  Form form = {};
  form[0] = uint32_t{op.kernel} << 16 | op.flags;
  form[1] = uint32_t{engine} << 8 | op.operand_count;
  for (uint32_t slot = 0; slot < op.operand_count; ++slot) {
    const Operand& operand = schedule.operands[op.first_operand + slot];
    form[2 + 2 * slot] = operand.view;
    form[3 + 2 * slot] = uint32_t{operand.access} << 8 | operand.aux;
  }
  return form;
}

uint64_t hash_of(const Form& form) {
  uint64_t hash = 0;
  for (const uint32_t word : form) hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
  return hash ^ (hash >> 32);
}

}  // namespace

Tables::Tables(const Schedule& tables) : schedule(tables) {
  for (const KernelRef& kernel : schedule.kernels) contracts.push_back(find_contract(schedule.name(kernel.name)));
  for (const View& view : schedule.views) reach.push_back(reach_of(schedule, view));
  stream_of_op.assign(schedule.ops.size(), kNone);
  form_of_op.assign(schedule.ops.size(), kNone);
  size_t capacity = 16;
  while (capacity < 2 * schedule.ops.size()) capacity *= 2;
  std::vector<uint32_t> table(capacity, kNone);
  std::vector<Form> forms;
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream) {
    const Stream& record = schedule.streams[stream];
    for (uint32_t op = record.first_op; op < record.first_op + record.op_count; ++op) {
      stream_of_op[op] = stream;
      const Form form = form_of(schedule, schedule.ops[op], record.engine);
      size_t slot = hash_of(form) & (capacity - 1);
      uint32_t probes = 0;
      while (table[slot] != kNone && probes < kMostProbes && forms[table[slot]] != form) {
        slot = (slot + 1) & (capacity - 1);
        ++probes;
      }
      if (table[slot] != kNone && probes < kMostProbes) {
        form_of_op[op] = table[slot];
        continue;
      }
      form_of_op[op] = static_cast<uint32_t>(forms.size());
      if (table[slot] == kNone) table[slot] = form_of_op[op];
      forms.push_back(form);
      first_of_form.push_back(op);
    }
  }
}

}  // namespace rondo::proof
