#include "schedules/members/take_member.h"

namespace rondo {

Schedule take_member(const Schedule& file, uint32_t member) {
  Schedule taken = file;
  taken.members = {file.members[member]};
  taken.streams.clear();
  taken.ops.clear();
  taken.operands.clear();
  taken.labels.clear();
  taken.claims.clear();
  taken.op_lines.clear();
  taken.op_numbers.clear();
  for (const Stream& stream : file.streams) {
    const bool prepares = stream.part == static_cast<uint8_t>(Part::kPrepare);
    if (!prepares && stream.member != member) continue;
    Stream kept = stream;
    kept.member = 0;
    kept.first_op = static_cast<uint32_t>(taken.ops.size());
    taken.streams.push_back(kept);
    for (uint32_t index = stream.first_op; index < stream.first_op + stream.op_count; ++index) {
      Op op = file.ops[index];
      const auto first = static_cast<size_t>(op.first_operand), end = first + op.operand_count;
      op.first_operand = static_cast<uint32_t>(taken.operands.size());
      taken.operands.insert(taken.operands.end(), file.operands.begin() + first, file.operands.begin() + end);
      if (!file.labels.empty())
        taken.labels.insert(taken.labels.end(), file.labels.begin() + first, file.labels.begin() + end);
      if (!file.op_lines.empty()) taken.op_lines.push_back(file.op_lines[index]);
      taken.op_numbers.push_back(index);
      taken.ops.push_back(op);
    }
  }
  for (const Claim& claim : file.claims) {
    if (claim.member != member) continue;
    taken.claims.push_back(claim);
    taken.claims.back().member = 0;
  }
  return taken;
}

}  // namespace rondo
