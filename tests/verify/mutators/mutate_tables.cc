// One table entry or operand made wrong by itself: numbers out of range, boxes that do not
// fit, arenas, spaces and lanes that cannot be.
#include "tests/verify/mutators/mutations.h"

#include <algorithm>

#include "rondo/footprint.h"
#include "tests/verify/mutators/sites.h"

namespace rondo {

Changes no_lanes(const Schedule&) {
  return {{"file", [](Schedule& s) { s.lane_count = 0; }}};
}

Changes other_contract(const Schedule& schedule) {
  Changes changes;
  for (uint32_t kernel = 0; kernel < schedule.kernels.size(); ++kernel)
    changes.push_back({"kernel " + std::to_string(kernel), [=](Schedule& s) { s.kernels[kernel].contract_hash ^= 1; }});
  return changes;
}

Changes view_out_of_range(const Schedule& schedule) {
  return each_operand(schedule, [](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) {
                         s.operands[operand_index(s, op, slot)].view = static_cast<uint32_t>(s.views.size());
                       }});
  });
}

Changes reserved_field(const Schedule& schedule) {
  return each_op(schedule, [](Changes& changes, uint32_t op) {
    changes.push_back({at_op(op), [=](Schedule& s) { s.ops[op].reserved0 = 1; }});
  });
}

// ---- One op or arena alone ---------------------------------------------------

Changes offset_below_zero(const Schedule& schedule) {
  return each_operand(schedule, [](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) {
                         Scalar scalar;
                         scalar.name = add_name(s, "n");
                         scalar.max = 1;
                         s.scalars.push_back(scalar);
                         edit_view(s, operand_index(s, op, slot), [=](View& view) {
                           view.scalar = 0;
                           view.offset_scale = 1;
                           view.offset_bias = -1;
                           view.offset_modulus = 1;
                           view.offset_step_bytes = 4;
                         });
                       }});
  });
}

Changes arena_shrunk(const Schedule& schedule) {
  Changes changes;
  for (uint32_t arena = 0; arena < schedule.arenas.size(); ++arena) {
    uint64_t used = 0;
    for (const Operand& operand : schedule.operands)
      if (operand.base == arena)
        used = std::max(used, operand.offset_bytes + span_bytes(schedule.views[operand.view]).value_or(0));
    if (used >= 4)
      changes.push_back({"arena " + std::to_string(arena), [=](Schedule& s) { s.arenas[arena].bytes = used - 4; }});
  }
  return changes;
}

Changes offset_past_the_end(const Schedule& schedule) {
  return each_operand(schedule, [](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) {
                         Operand& operand = s.operands[operand_index(s, op, slot)];
                         operand.offset_bytes = s.is_arena(operand.base) ? s.arenas[operand.base].bytes
                                                                         : bytes_of(s.binding_of(operand.base));
                       }});
  });
}

Changes offset_between_elements(const Schedule& schedule) {
  return each_operand(schedule, [](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) { s.operands[operand_index(s, op, slot)].offset_bytes += 2; }});
  });
}

Changes rows_overlap(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    const Operand& operand = operand_of(schedule, op, slot);
    const View& view = schedule.views[operand.view];
    if (operand.access == kRead || view.rank != 2 || view.extent[0] < 2 || view.extent[1] < 2 || view.layout != 0)
      return;
    changes.push_back({where, [=](Schedule& s) {
                         edit_view(s, operand_index(s, op, slot),
                                   [=](View& rows) { rows.stride_bytes[0] = rows.stride_bytes[1]; });
                       }});
  });
}

Changes shorter_operand(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    const View& view = schedule.views[operand_of(schedule, op, slot).view];
    uint32_t last = view.rank - 1u;
    if (view.rank == 0 || view.extent[last] < 2) return;
    changes.push_back({where, [=](Schedule& s) {
                         edit_view(s, operand_index(s, op, slot), [=](View& shorter) { --shorter.extent[last]; });
                       }});
  });
}

Changes other_access(const Schedule& schedule) {
  return each_operand(schedule, [](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) {
                         uint8_t& access = s.operands[operand_index(s, op, slot)].access;
                         access = access == kRead ? kWrite : kRead;
                       }});
  });
}

Changes other_type(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) {
                         edit_view(s, operand_index(s, op, slot),
                                   [=](View& view) { view.dtype = static_cast<uint8_t>(DType::kI32); });
                       }});
  });
}

Changes device_space(const Schedule& schedule) {
  Changes changes;
  for (const Arena& arena : schedule.arenas) {
    uint16_t space = arena.space;
    changes.push_back({"space " + std::to_string(space),
                       [=](Schedule& s) { s.spaces[space].kind = static_cast<uint8_t>(SpaceKind::kDevice); }});
  }
  return changes;
}

Changes smaller_space(const Schedule& schedule) {
  Changes changes;
  for (const Arena& arena : schedule.arenas) {
    uint16_t space = arena.space;
    uint64_t bytes = arena.bytes;
    changes.push_back(
        {"space " + std::to_string(space), [=](Schedule& s) { s.spaces[space].capacity_bytes = bytes - 1; }});
  }
  return changes;
}

Changes other_lane(const Schedule& schedule) {
  Changes changes;
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream) {
    if (!touches_lane_arena(schedule, schedule.streams[stream])) continue;
    changes.push_back({"stream " + std::to_string(stream), [=](Schedule& s) {
                         s.lane_count = 2;
                         s.streams[stream].lane = 1;
                         for (Token& token : s.tokens) token.scope = static_cast<uint8_t>(TokenScope::kDevice);
                       }});
  }
  return changes;
}

Changes result_on_source(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || !schedule.is_arena(operand_of(schedule, op, 0).base)) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         const Operand& source = operand_of(s, op, 0);
                         Operand& result = s.operands[operand_index(s, op, 2)];
                         result.base = source.base;
                         result.offset_bytes = source.offset_bytes;
                       }});
  });
}

// Copies of every seventh, ninth, ... element cut the largest arena into pieces.
Changes many_pieces(const Schedule& schedule) {
  Changes changes;
  for (uint16_t arena = 0; arena < schedule.arenas.size(); ++arena) {
    uint64_t elements = schedule.arenas[arena].bytes / 4;
    if (elements < 4096 || schedule.kernels.empty()) continue;
    changes.push_back({"arena " + std::to_string(arena), [=](Schedule& s) {
                         s.labels.clear();
                         auto input = static_cast<uint16_t>(s.arenas.size());
                         uint16_t copy = 0;
                         while (s.name(s.kernels[copy].name) != "copy") ++copy;
                         const uint32_t strides[] = {3, 5, 7, 11, 13, 17, 19, 23, 29, 31};
                         for (uint32_t i = 0; i < 400; ++i) {
                           uint32_t stride = strides[i % 10];
                           View to;
                           to.rank = 1;
                           to.extent[0] = static_cast<uint32_t>((elements - 1) / stride);
                           to.stride_bytes[0] = int64_t{stride} * 4;
                           View from = to;
                           from.stride_bytes[0] = 0;
                           Op op;
                           op.kernel = copy;
                           op.phase = s.ops.back().phase;
                           op.first_operand = static_cast<uint32_t>(s.operands.size());
                           op.operand_count = 2;
                           s.operands.push_back({add_view(s, from), input, kRead, 0, 0});
                           s.operands.push_back({add_view(s, to), arena, kWrite, 0, 0});
                           s.ops.push_back(op);
                           ++s.streams.back().op_count;
                         }
                       }});
  }
  return changes;
}

}  // namespace rondo
