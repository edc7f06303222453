#include "tests/verify/mutators/mutators.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <string_view>
#include "rondo/footprint.h"

namespace rondo {
namespace {

using Changes = std::vector<Change>;

constexpr auto kRead = static_cast<uint8_t>(Access::kRead);
constexpr auto kWrite = static_cast<uint8_t>(Access::kWrite);
constexpr auto kUpdate = static_cast<uint8_t>(Access::kUpdate);

std::string_view kernel_of(const Schedule& s, const Op& op) {
  return op.kernel == kNoKernel ? std::string_view() : s.name(s.kernels[op.kernel].name);
}
bool is_copy(const Schedule& s, uint32_t op) { return kernel_of(s, s.ops[op]) == "copy"; }
bool is_product(const Schedule& s, uint32_t op) { return kernel_of(s, s.ops[op]) == "matmul"; }
uint32_t operand_index(const Schedule& s, uint32_t op, uint32_t slot) { return s.ops[op].first_operand + slot; }
const Operand& operand_of(const Schedule& s, uint32_t op, uint32_t slot) {
  return s.operands[operand_index(s, op, slot)];
}
std::string at_op(uint32_t op) { return "op " + std::to_string(op); }

// A copy op that fills a place in an arena.
bool is_load(const Schedule& s, uint32_t op) { return is_copy(s, op) && s.is_arena(operand_of(s, op, 1).base); }
bool is_output_store(const Schedule& s, uint32_t op) {
  return is_copy(s, op) && !s.is_arena(operand_of(s, op, 1).base);
}
bool touches_lane_arena(const Schedule& s, const Stream& stream) {
  for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
    for (uint32_t i = 0; i < s.ops[op].operand_count; ++i) {
      uint16_t base = operand_of(s, op, i).base;
      if (s.is_arena(base) && s.arenas[base].owner_kind == static_cast<uint8_t>(OwnerKind::kLane)) return true;
    }
  return false;
}
uint32_t stream_of(const Schedule& s, uint32_t op) {
  for (uint32_t stream = 0; stream < s.streams.size(); ++stream)
    if (op >= s.streams[stream].first_op && op < s.streams[stream].first_op + s.streams[stream].op_count) return stream;
  return kNone;
}
uint32_t signals_of(const Schedule& s, uint32_t token) {
  uint32_t total = 0;
  for (const Op& op : s.ops) total += (op.signals[0] == token) + (op.signals[1] == token);
  return total;
}

uint32_t add_view(Schedule& s, const View& view) {
  s.views.push_back(view);
  return static_cast<uint32_t>(s.views.size() - 1);
}
uint32_t add_value(Schedule& s, const Value& value) {
  s.values.push_back(value);
  return static_cast<uint32_t>(s.values.size() - 1);
}
NameId add_name(Schedule& s, const char* name) {
  s.names.emplace_back(name);
  return static_cast<NameId>(s.names.size() - 1);
}

// Turns an op into a sync that keeps its waits and signals.
void silence(Schedule& s, uint32_t index) {
  Op& op = s.ops[index];
  auto first = static_cast<std::ptrdiff_t>(op.first_operand);
  s.operands.erase(s.operands.begin() + first, s.operands.begin() + first + op.operand_count);
  if (!s.labels.empty()) s.labels.erase(s.labels.begin() + first, s.labels.begin() + first + op.operand_count);
  for (uint32_t later = index + 1; later < s.ops.size(); ++later) s.ops[later].first_operand -= op.operand_count;
  op.kernel = kNoKernel;
  op.operand_count = 0;
  op.flags = 0;
  std::fill(std::begin(op.params), std::end(op.params), 0);
}

// Puts a copy of op `from` (waits and signals left out) before op `before` of `stream`.
void insert_copy_of(Schedule& s, uint32_t stream, uint32_t before, uint32_t from) {
  Op op = s.ops[from];
  std::vector<Operand> operands(s.operands.begin() + op.first_operand,
                                s.operands.begin() + op.first_operand + op.operand_count);
  std::vector<OperandLabel> labels(s.labels.begin() + op.first_operand,
                                   s.labels.begin() + op.first_operand + op.operand_count);
  op.waits[0] = op.waits[1] = {};
  op.signals[0] = op.signals[1] = kNone;
  op.signal_kinds[0] = op.signal_kinds[1] = 0;
  uint32_t first = before < s.ops.size() ? s.ops[before].first_operand : static_cast<uint32_t>(s.operands.size());
  s.operands.insert(s.operands.begin() + first, operands.begin(), operands.end());
  s.labels.insert(s.labels.begin() + first, labels.begin(), labels.end());
  op.first_operand = first;
  for (uint32_t later = before; later < s.ops.size(); ++later) s.ops[later].first_operand += op.operand_count;
  s.ops.insert(s.ops.begin() + before, op);
  ++s.streams[stream].op_count;
  for (uint32_t other = stream + 1; other < s.streams.size(); ++other) ++s.streams[other].first_op;
}

// Room for `bytes` more at the end of an arena, within a space that is large enough.
uint64_t extend(Schedule& s, uint16_t arena, uint64_t bytes) {
  uint64_t end = s.arenas[arena].bytes;
  s.arenas[arena].bytes += bytes;
  s.spaces[s.arenas[arena].space].capacity_bytes += bytes;
  return end;
}

template <class Make>
Changes each_op(const Schedule& s, const Make& make) {
  Changes changes;
  for (uint32_t op = 0; op < s.ops.size(); ++op) make(changes, op);
  return changes;
}

template <class Make>
Changes each_operand(const Schedule& s, const Make& make) {
  Changes changes;
  for (uint32_t op = 0; op < s.ops.size(); ++op)
    for (uint32_t slot = 0; slot < s.ops[op].operand_count; ++slot)
      make(changes, op, slot, at_op(op) + " operand " + std::to_string(slot));
  return changes;
}

// ---- Identity --------------------------------------------------------------

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
                         Operand& operand = s.operands[operand_index(s, op, slot)];
                         View view = s.views[operand.view];
                         view.scalar = 0;
                         view.offset_scale = 1;
                         view.offset_bias = -1;
                         view.offset_modulus = 1;
                         view.offset_step_bytes = 4;
                         operand.view = add_view(s, view);
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
                         Operand& changed = s.operands[operand_index(s, op, slot)];
                         View rows = s.views[changed.view];
                         rows.stride_bytes[0] = rows.stride_bytes[1];
                         changed.view = add_view(s, rows);
                       }});
  });
}

Changes shorter_operand(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    const View& view = schedule.views[operand_of(schedule, op, slot).view];
    uint32_t last = view.rank - 1u;
    if (view.rank == 0 || view.extent[last] < 2) return;
    changes.push_back({where, [=](Schedule& s) {
                         Operand& changed = s.operands[operand_index(s, op, slot)];
                         View shorter = s.views[changed.view];
                         --shorter.extent[last];
                         changed.view = add_view(s, shorter);
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
                         Operand& changed = s.operands[operand_index(s, op, slot)];
                         View view = s.views[changed.view];
                         view.dtype = static_cast<uint8_t>(DType::kI32);
                         changed.view = add_view(s, view);
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

// ---- Tokens ------------------------------------------------------------------

Changes second_signaller(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (schedule.ops[op].signals[1] != kNone) return;
    for (uint32_t token = 0; token < schedule.tokens.size(); ++token) {
      bool foreign = false;
      for (uint32_t other = 0; other < schedule.ops.size(); ++other)
        foreign |= schedule.ops[other].signals[0] == token && stream_of(schedule, other) != stream_of(schedule, op);
      if (!foreign) continue;
      changes.push_back({at_op(op), [=](Schedule& s) {
                           int slot = s.ops[op].signals[0] == kNone ? 0 : 1;
                           s.ops[op].signals[slot] = token;
                         }});
    }
  });
}

Changes becomes_a_join(const Schedule& schedule) {
  Changes changes;
  for (uint32_t token = 0; token < schedule.tokens.size(); ++token)
    changes.push_back({"token " + std::to_string(token), [=](Schedule& s) { s.tokens[token].join = 1; }});
  return changes;
}

template <class Change2>
Changes each_wait(const Schedule& schedule, const Change2& change) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    for (int slot = 0; slot < 2; ++slot)
      if (schedule.ops[op].waits[slot].token != kNone) change(changes, op, slot);
  });
}

void drop_wait_of(Op& op, int slot) {
  if (slot == 0) op.waits[0] = op.waits[1];
  op.waits[1] = {};
}

Changes wait_for_too_much(const Schedule& schedule) {
  return each_wait(schedule, [](Changes& changes, uint32_t op, int slot) {
    changes.push_back({at_op(op), [=](Schedule& s) {
                         Wait& wait = s.ops[op].waits[slot];
                         wait.count = signals_of(s, wait.token) + 1;
                       }});
  });
}

Changes drop_wait(const Schedule& schedule) {
  return each_wait(schedule, [](Changes& changes, uint32_t op, int slot) {
    changes.push_back({at_op(op), [=](Schedule& s) { drop_wait_of(s.ops[op], slot); }});
  });
}

Changes lower_wait(const Schedule& schedule) {
  return each_wait(schedule, [](Changes& changes, uint32_t op, int slot) {
    changes.push_back({at_op(op), [=](Schedule& s) {
                         if (--s.ops[op].waits[slot].count == 0) drop_wait_of(s.ops[op], slot);
                       }});
  });
}

// Of loads into ring slots: the wait that says the slot is free.
Changes drop_release(const Schedule& schedule) {
  return each_wait(schedule, [&](Changes& changes, uint32_t op, int slot) {
    if (!is_load(schedule, op) || schedule.labels[operand_index(schedule, op, 1)].ring == 0xffff) return;
    changes.push_back({at_op(op), [=](Schedule& s) { drop_wait_of(s.ops[op], slot); }});
  });
}

Changes drop_signal(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (schedule.ops[op].signals[0] == kNone) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         Op& changed = s.ops[op];
                         changed.signals[0] = changed.signals[1];
                         changed.signal_kinds[0] = changed.signal_kinds[1];
                         changed.signals[1] = kNone;
                         changed.signal_kinds[1] = 0;
                       }});
  });
}

// The op before gives the signal.
Changes signal_early(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (op == 0 || schedule.ops[op].signals[0] == kNone || schedule.ops[op].signals[1] != kNone) return;
    if (stream_of(schedule, op) != stream_of(schedule, op - 1) || schedule.ops[op - 1].signals[0] != kNone) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         std::swap(s.ops[op].signals[0], s.ops[op - 1].signals[0]);
                         std::swap(s.ops[op].signal_kinds[0], s.ops[op - 1].signal_kinds[0]);
                       }});
  });
}

Changes done_becomes_read(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_load(schedule, op) || schedule.ops[op].signals[0] == kNone) return;
    changes.push_back(
        {at_op(op), [=](Schedule& s) { s.ops[op].signal_kinds[0] = static_cast<uint8_t>(SignalKind::kRead); }});
  });
}

// One step of a sum goes to a stream of its own, where nothing orders it.
Changes unordered_update(const Schedule& schedule) {
  if (!schedule.tokens.empty()) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || operand_of(schedule, op, 2).access != kUpdate) return;
    bool another = false;  // step of the same sum
    for (uint32_t other = 0; other < schedule.ops.size(); ++other) {
      if (other == op || !is_product(schedule, other) || operand_of(schedule, other, 2).access != kUpdate) continue;
      uint32_t value = schedule.labels[operand_index(schedule, op, 2)].value;
      uint32_t theirs = schedule.labels[operand_index(schedule, other, 2)].value;
      const Value &a = schedule.values[value], &b = schedule.values[theirs];
      another |= a.tensor == b.tensor && std::equal(std::begin(a.low), std::end(a.low), std::begin(b.low)) &&
                 operand_of(schedule, op, 2) == operand_of(schedule, other, 2);
    }
    if (!another) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         Stream stream = s.streams[stream_of(s, op)];
                         stream.name = add_name(s, "alone");
                         stream.op_count = 0;
                         stream.first_op = static_cast<uint32_t>(s.ops.size());
                         s.streams.push_back(stream);
                         auto alone = static_cast<uint32_t>(s.streams.size() - 1);
                         insert_copy_of(s, alone, static_cast<uint32_t>(s.ops.size()), op);
                         silence(s, op);
                       }});
  });
}

// ---- Memory and values ---------------------------------------------------------

// The first thing ever written to a place is not written.
Changes drop_first_load(const Schedule& schedule) {
  std::set<std::pair<uint16_t, uint64_t>> seen;
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    for (uint32_t slot = 0; slot < schedule.ops[op].operand_count; ++slot) {
      const Operand& operand = operand_of(schedule, op, slot);
      if (operand.access == kRead || !schedule.is_arena(operand.base)) continue;
      bool first = true;
      for (auto [base, offset] : seen) first &= base != operand.base || offset != operand.offset_bytes;
      // Streams other than the first come later in the table but not in time.
      for (uint32_t other = op + 1; other < schedule.ops.size(); ++other)
        for (uint32_t i = 0; i < schedule.ops[other].operand_count; ++i)
          if (stream_of(schedule, other) != stream_of(schedule, op))
            first &= operand_of(schedule, other, i).access == kRead ||
                     operand_of(schedule, other, i).base != operand.base ||
                     operand_of(schedule, other, i).offset_bytes != operand.offset_bytes;
      seen.insert({operand.base, operand.offset_bytes});
      if (first && is_load(schedule, op)) changes.push_back({at_op(op), [=](Schedule& s) { silence(s, op); }});
    }
  });
}

Changes copy_as_integers(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_copy(schedule, op)) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         for (uint32_t slot = 0; slot < 2; ++slot) {
                           Operand& operand = s.operands[operand_index(s, op, slot)];
                           View view = s.views[operand.view];
                           view.dtype = static_cast<uint8_t>(DType::kI32);
                           operand.view = add_view(s, view);
                         }
                       }});
  });
}

Changes drop_store(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (is_output_store(schedule, op)) changes.push_back({at_op(op), [=](Schedule& s) { silence(s, op); }});
  });
}

// In a file of one stream: where op `from` wrote, up to the next write there, its readers.
std::vector<uint32_t> readers_of(const Schedule& s, uint32_t from, uint32_t slot) {
  const Operand place = operand_of(s, from, slot);
  std::vector<uint32_t> operands;
  for (uint32_t op = from + 1; op < s.ops.size(); ++op) {
    bool overwritten = false;
    for (uint32_t i = 0; i < s.ops[op].operand_count; ++i) {
      const Operand& operand = operand_of(s, op, i);
      if (operand.base != place.base || operand.offset_bytes != place.offset_bytes) continue;
      if (operand.access != kWrite) operands.push_back(operand_index(s, op, i));
      overwritten |= operand.access != kRead;
    }
    if (overwritten) break;
  }
  return operands;
}

uint32_t op_of_operand(const Schedule& s, uint32_t operand) {
  for (uint32_t op = 0; op < s.ops.size(); ++op)
    if (operand >= s.ops[op].first_operand && operand < s.ops[op].first_operand + s.ops[op].operand_count) return op;
  return kNone;
}

bool one_stream(const Schedule& s) { return s.streams.size() == 1; }

// A load, with its readers, goes to the place of an earlier load that is still to be read.
Changes place_over_live(const Schedule& schedule) {
  if (!one_stream(schedule)) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_load(schedule, op)) return;
    for (uint32_t victim = op; victim-- > 0;) {
      if (!is_load(schedule, victim) || operand_of(schedule, victim, 1).view != operand_of(schedule, op, 1).view ||
          operand_of(schedule, victim, 1).base != operand_of(schedule, op, 1).base)
        continue;
      std::vector<uint32_t> readers = readers_of(schedule, victim, 1);
      if (readers.empty() || op_of_operand(schedule, readers.back()) <= op) continue;
      bool meets_a_result = false;  // A01 would speak first
      for (uint32_t reader : readers_of(schedule, op, 1)) {
        uint32_t user = op_of_operand(schedule, reader);
        for (uint32_t slot = 0; slot < schedule.ops[user].operand_count; ++slot)
          meets_a_result |=
              operand_of(schedule, user, slot).access != kRead &&
              operand_of(schedule, user, slot).offset_bytes == operand_of(schedule, victim, 1).offset_bytes;
      }
      if (meets_a_result) continue;
      changes.push_back({at_op(op) + " over " + at_op(victim), [=](Schedule& s) {
                           uint64_t offset = operand_of(s, victim, 1).offset_bytes;
                           for (uint32_t reader : readers_of(s, op, 1)) s.operands[reader].offset_bytes = offset;
                           s.operands[operand_index(s, op, 1)].offset_bytes = offset;
                         }});
      return;
    }
  });
}

// Two loads one after the other go to each other's place.
Changes swap_slots(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (op + 1 >= schedule.ops.size() || !is_load(schedule, op) || !is_load(schedule, op + 1)) return;
    if (stream_of(schedule, op) != stream_of(schedule, op + 1) || !one_stream(schedule)) return;
    if (operand_of(schedule, op, 1).view != operand_of(schedule, op + 1, 1).view) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         std::swap(s.operands[operand_index(s, op, 1)].offset_bytes,
                                   s.operands[operand_index(s, op + 1, 1)].offset_bytes);
                       }});
  });
}

// A reader names the same box elsewhere in its tensor.
Changes other_box(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    if (operand_of(schedule, op, slot).access != kRead || is_copy(schedule, op)) return;
    const Value& value = schedule.values[schedule.labels[operand_index(schedule, op, slot)].value];
    const Tensor& tensor = schedule.tensors[value.tensor];
    for (uint32_t axis = 0; axis < tensor.rank; ++axis) {
      uint32_t room = tensor.shape[axis] - value.extent[axis];
      if (room == 0) continue;
      uint32_t low = value.low[axis] >= value.extent[axis] ? value.low[axis] - value.extent[axis]
                                                           : std::min(value.low[axis] + value.extent[axis], room);
      if (low == value.low[axis]) continue;
      changes.push_back({where + " axis " + std::to_string(axis), [=](Schedule& s) {
                           OperandLabel& label = s.labels[operand_index(s, op, slot)];
                           Value other = s.values[label.value];
                           other.low[axis] = low;
                           label.value = add_value(s, other);
                         }});
    }
  });
}

Changes other_version(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    if (operand_of(schedule, op, slot).access != kRead) return;
    changes.push_back({where, [=](Schedule& s) {
                         OperandLabel& label = s.labels[operand_index(s, op, slot)];
                         Value other = s.values[label.value];
                         ++other.version;
                         label.value = add_value(s, other);
                       }});
  });
}

// A step of a sum claims to be the one after the next.
Changes step_skipped(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    if (operand_of(schedule, op, slot).access != kUpdate) return;
    if (schedule.values[schedule.labels[operand_index(schedule, op, slot)].value].version == 0) return;
    changes.push_back({where, [=](Schedule& s) {
                         OperandLabel& label = s.labels[operand_index(s, op, slot)];
                         Value other = s.values[label.value];
                         ++other.version;
                         label.value = add_value(s, other);
                       }});
  });
}

Changes ghost(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    if (operand_of(schedule, op, slot).access != kRead || is_copy(schedule, op)) return;
    changes.push_back({where, [=](Schedule& s) {
                         OperandLabel& label = s.labels[operand_index(s, op, slot)];
                         Value other = s.values[label.value];
                         Tensor tensor = s.tensors[other.tensor];
                         tensor.name = add_name(s, "ghost");
                         tensor.base = kNone;
                         s.tensors.push_back(tensor);
                         other.tensor = static_cast<uint32_t>(s.tensors.size() - 1);
                         label.value = add_value(s, other);
                       }});
  });
}

Changes other_axes(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    const Value& value = schedule.values[schedule.labels[operand_index(schedule, op, slot)].value];
    if (value.axis[0] == 0xff || value.axis[1] == 0xff) return;
    changes.push_back({where, [=](Schedule& s) {
                         OperandLabel& label = s.labels[operand_index(s, op, slot)];
                         Value other = s.values[label.value];
                         std::swap(other.axis[0], other.axis[1]);
                         label.value = add_value(s, other);
                       }});
  });
}

Changes no_label(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) { s.labels[operand_index(s, op, slot)] = {}; }});
  });
}

// A load once more, to a place where nobody looks.
Changes dead_load(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_load(schedule, op) || schedule.is_arena(operand_of(schedule, op, 0).base)) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         auto last = static_cast<uint32_t>(s.streams.size() - 1);
                         auto end = static_cast<uint32_t>(s.ops.size());
                         insert_copy_of(s, last, end, op);
                         s.ops[end].phase = s.ops[end - 1].phase;
                         uint32_t dead = operand_index(s, end, 1);
                         uint16_t arena = s.operands[dead].base;
                         s.operands[dead].offset_bytes =
                             extend(s, arena, span_bytes(s.views[s.operands[dead].view]).value_or(0));
                         s.labels[dead].ring = 0xffff;
                         s.labels[dead].slot = 0;
                       }});
  });
}

// The same, and every second reader goes there.
Changes second_home(const Schedule& schedule) {
  if (!one_stream(schedule)) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_load(schedule, op) || readers_of(schedule, op, 1).size() < 3) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         insert_copy_of(s, 0, op + 1, op);
                         uint32_t copy = operand_index(s, op + 1, 1);
                         uint64_t offset =
                             extend(s, s.operands[copy].base, span_bytes(s.views[s.operands[copy].view]).value_or(0));
                         s.operands[copy].offset_bytes = offset;
                         std::vector<uint32_t> readers = readers_of(s, op, 1);
                         for (size_t i = 1; i + 1 < readers.size(); i += 2)
                           s.operands[readers[i]].offset_bytes = offset;
                       }});
  });
}

// ---- Sums ----------------------------------------------------------------------

Changes final_dropped(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || (schedule.ops[op].flags & kOpFinal) == 0 || schedule.ops[op].operand_count > 3)
      return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         s.ops[op].flags &= static_cast<uint16_t>(~kOpFinal);
                         s.ops[op].params[0] = 0;
                         uint32_t c = operand_index(s, op, 2);
                         Value partial = s.values[s.labels[c].value];
                         partial.version = (s.ops[op].flags & kOpInit) != 0 ? 1 : 0;
                         for (uint32_t before = op; partial.version == 0 && before-- > 0;)
                           if (is_product(s, before) &&
                               operand_of(s, before, 2).offset_bytes == s.operands[c].offset_bytes)
                             partial.version = s.values[s.labels[operand_index(s, before, 2)].value].version + 1;
                         s.labels[c].value = add_value(s, partial);
                       }});
  });
}

Changes init_again(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || (schedule.ops[op].flags & kOpAccumulate) == 0) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         s.ops[op].flags = static_cast<uint16_t>((s.ops[op].flags & kOpFinal) | kOpInit);
                         uint32_t c = operand_index(s, op, 2);
                         s.operands[c].access = kWrite;
                         Value first = s.values[s.labels[c].value];
                         if (first.version != 0) first.version = 1;
                         s.labels[c].value = add_value(s, first);
                       }});
  });
}

// Of the last steps: the sum is then finished without the steps before.
Changes init_at_the_end(const Schedule& schedule) {
  Changes changes = init_again(schedule);
  std::erase_if(changes, [&](const Change& change) {
    return (schedule.ops[std::stoul(change.where.substr(3))].flags & kOpFinal) == 0;
  });
  return changes;
}

Changes never_init(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || (schedule.ops[op].flags & kOpInit) == 0) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         s.ops[op].flags = static_cast<uint16_t>((s.ops[op].flags & kOpFinal) | kOpAccumulate);
                         s.operands[operand_index(s, op, 2)].access = kUpdate;
                       }});
  });
}

// A step multiplies what the step before it multiplied.
Changes k_twice(const Schedule& schedule) {
  if (!one_stream(schedule)) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || operand_of(schedule, op, 2).access != kUpdate) return;
    for (uint32_t before = op; before-- > 0;) {
      if (!is_product(schedule, before) ||
          !(operand_of(schedule, before, 2).offset_bytes == operand_of(schedule, op, 2).offset_bytes))
        continue;
      changes.push_back({at_op(op), [=](Schedule& s) {
                           for (uint32_t slot = 0; slot < 2; ++slot) {
                             s.operands[operand_index(s, op, slot)] = operand_of(s, before, slot);
                             s.labels[operand_index(s, op, slot)] = s.labels[operand_index(s, before, slot)];
                           }
                         }});
      return;
    }
  });
}

Changes other_k(const Schedule& schedule) {
  Changes changes;
  for (Change& change : other_box(schedule)) {
    auto op = static_cast<uint32_t>(std::stoul(change.where.substr(3)));
    if (!is_product(schedule, op)) continue;
    if (change.where.find("operand 0 axis 1") != std::string::npos ||
        change.where.find("operand 1 axis 0") != std::string::npos)
      changes.push_back(std::move(change));
  }
  return changes;
}

// Two stores of equal shape go to each other's place in the output.
Changes swap_stores(const Schedule& schedule) {
  std::vector<uint32_t> stores;
  for (uint32_t op = 0; op < schedule.ops.size(); ++op)
    if (is_output_store(schedule, op)) stores.push_back(op);
  Changes changes;
  for (size_t i = 1; i < stores.size(); ++i) {
    uint32_t a = stores[i - 1], b = stores[i];
    if (operand_of(schedule, a, 1).view != operand_of(schedule, b, 1).view) continue;
    changes.push_back({at_op(a) + " and " + at_op(b), [=](Schedule& s) {
                         std::swap(s.operands[operand_index(s, a, 1)].offset_bytes,
                                   s.operands[operand_index(s, b, 1)].offset_bytes);
                       }});
  }
  return changes;
}

// ---- Labels of slots, phases, policies; claims -----------------------------------

Changes other_slot(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    const OperandLabel& label = schedule.labels[operand_index(schedule, op, slot)];
    if (label.ring == 0xffff || schedule.rings[label.ring].depth < 2) return;
    changes.push_back({where, [=](Schedule& s) {
                         OperandLabel& changed = s.labels[operand_index(s, op, slot)];
                         changed.slot = static_cast<uint16_t>((changed.slot + 1) % s.rings[changed.ring].depth);
                       }});
  });
}

Changes ring_moved(const Schedule& schedule) {
  Changes changes;
  for (uint32_t ring = 0; ring < schedule.rings.size(); ++ring)
    changes.push_back({"ring " + std::to_string(ring), [=](Schedule& s) { s.rings[ring].offset_bytes += 4; }});
  return changes;
}

Changes phase_too_late(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    uint32_t stream = stream_of(schedule, op);
    if (op + 1 >= schedule.streams[stream].first_op + schedule.streams[stream].op_count) return;
    uint16_t next = schedule.ops[op + 1].phase;
    if (next + 1u >= schedule.phases.size()) return;
    changes.push_back({at_op(op), [=](Schedule& s) { s.ops[op].phase = static_cast<uint16_t>(next + 1); }});
  });
}

// A cut before the phase of an op that reads from scratch what an earlier phase left there.
Changes cut_where_live(const Schedule& schedule) {
  if (!one_stream(schedule)) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    for (uint32_t slot = 0; slot < schedule.ops[op].operand_count; ++slot) {
      const Operand& operand = operand_of(schedule, op, slot);
      if (operand.access == kRead || !schedule.is_arena(operand.base)) continue;
      if (schedule.spaces[schedule.arenas[operand.base].space].kind != static_cast<uint8_t>(SpaceKind::kScratch))
        continue;
      std::vector<uint32_t> readers = readers_of(schedule, op, slot);
      if (readers.empty()) continue;
      uint32_t phase = schedule.ops[op_of_operand(schedule, readers.back())].phase;
      if (phase <= schedule.ops[op].phase) continue;
      changes.push_back({at_op(op), [=](Schedule& s) { s.cuts.push_back({phase}); }});
    }
  });
}

Changes narrow_sum(const Schedule& schedule) {
  Changes changes;
  for (uint32_t policy = 0; policy < schedule.policies.size(); ++policy) {
    std::string where = "policy " + std::to_string(policy);
    changes.push_back(
        {where, [=](Schedule& s) { s.policies[policy].accumulate = static_cast<uint8_t>(DType::kBF16); }});
    changes.push_back({where, [=](Schedule& s) { s.policies[policy].accumulate = static_cast<uint8_t>(DType::kF64); }});
    changes.push_back({where, [=](Schedule& s) { s.policies[policy].storage = static_cast<uint8_t>(DType::kF16); }});
    changes.push_back(
        {where, [=](Schedule& s) { s.policies[policy].rounding = static_cast<uint8_t>(Rounding::kTowardZero); }});
    changes.push_back(
        {where, [=](Schedule& s) { s.policies[policy].denormals = static_cast<uint8_t>(Denormals::kFlush); }});
  }
  return changes;
}

Changes false_claims(const Schedule& schedule, bool peaks) {
  Changes changes;
  for (uint32_t claim = 0; claim < schedule.claims.size(); ++claim) {
    auto kind = static_cast<ClaimKind>(schedule.claims[claim].kind);
    bool is_peak = kind == ClaimKind::kExtentPeak || kind == ClaimKind::kLivePeak;
    if (kind == ClaimKind::kLowerBound || is_peak != peaks) continue;
    for (int by : {1, -1}) {
      changes.push_back({"claim " + std::to_string(claim), [=](Schedule& s) {
                           uint64_t& value = s.claims[claim].value;
                           if (kind == ClaimKind::kMakespan)
                             value = std::bit_cast<uint64_t>(std::bit_cast<double>(value) * (1 + by * 1e-3));
                           else
                             value += static_cast<uint64_t>(static_cast<int64_t>(by));
                         }});
    }
  }
  return changes;
}
Changes false_peak(const Schedule& schedule) { return false_claims(schedule, true); }
Changes false_claim(const Schedule& schedule) { return false_claims(schedule, false); }

// ---- Refused by some rule, or harmless ---------------------------------------------

Changes swap_neighbours(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (op + 1 >= schedule.ops.size() || stream_of(schedule, op) != stream_of(schedule, op + 1)) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         Op &a = s.ops[op], &b = s.ops[op + 1];
                         auto first = s.operands.begin() + a.first_operand,
                              middle = s.operands.begin() + b.first_operand;
                         std::rotate(first, middle, middle + b.operand_count);
                         auto first_label = s.labels.begin() + a.first_operand,
                              middle_label = s.labels.begin() + b.first_operand;
                         std::rotate(first_label, middle_label, middle_label + b.operand_count);
                         b.first_operand = a.first_operand;
                         a.first_operand += b.operand_count;
                         std::swap(a, b);
                       }});
  });
}

Changes drop_op(const Schedule& schedule) {
  return each_op(schedule, [](Changes& changes, uint32_t op) {
    changes.push_back({at_op(op), [=](Schedule& s) { silence(s, op); }});
  });
}

Changes shift_offset(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    for (uint64_t by : {uint64_t{4}, uint64_t{128}, uint64_t{4096}}) {
      changes.push_back({where, [=](Schedule& s) { s.operands[operand_index(s, op, slot)].offset_bytes += by; }});
      if (operand_of(schedule, op, slot).offset_bytes >= by)
        changes.push_back({where, [=](Schedule& s) { s.operands[operand_index(s, op, slot)].offset_bytes -= by; }});
    }
  });
}

Changes other_pitch(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    for (int64_t by : {int64_t{4}, int64_t{-4}, int64_t{128}}) {
      changes.push_back({where, [=](Schedule& s) {
                           Operand& operand = s.operands[operand_index(s, op, slot)];
                           View view = s.views[operand.view];
                           view.stride_bytes[0] += by;
                           operand.view = add_view(s, view);
                         }});
    }
  });
}

Changes other_view(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    for (uint32_t view = 0; view < schedule.views.size(); ++view)
      if (view != operand_of(schedule, op, slot).view)
        changes.push_back({where, [=](Schedule& s) { s.operands[operand_index(s, op, slot)].view = view; }});
  });
}

Changes other_base(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) {
                         uint16_t& base = s.operands[operand_index(s, op, slot)].base;
                         base = static_cast<uint16_t>((base + 1) % s.base_count());
                       }});
  });
}

}  // namespace

const std::vector<Mutator>& mutators() {
  static const std::vector<Mutator> list = {
      {"F01", "no lanes", false, no_lanes},
      {"F02", "other contract hash", false, other_contract},
      {"F03", "view out of range", false, view_out_of_range},
      {"F04", "reserved field set", false, reserved_field},
      {"R01", "scalar offset below zero", false, offset_below_zero},
      {"M01", "arena shrunk", false, arena_shrunk},
      {"M01", "offset past the end", false, offset_past_the_end},
      {"E01", "rows overlap", false, rows_overlap},
      {"K01", "operand one shorter", false, shorter_operand},
      {"K01", "read becomes write", false, other_access},
      {"K01", "one operand of another type", false, other_type},
      {"M02", "offset between elements", false, offset_between_elements},
      {"M10", "arena in device memory", false, device_space},
      {"M11", "space smaller than its arena", false, smaller_space},
      {"M11", "false peak claim", true, false_peak},
      {"L01", "stream on another lane", false, other_lane},
      {"T01", "second signaller", false, second_signaller},
      {"T01", "counted token becomes a join", false, becomes_a_join},
      {"H08", "wait for one more than is sent", false, wait_for_too_much},
      {"B01", "arena cut into pieces", false, many_pieces},
      {"A01", "result placed on a source", false, result_on_source},
      {"H01", "wait dropped", false, drop_wait},
      {"H01", "wait lowered", false, lower_wait},
      {"H01", "signal given one op early", false, signal_early},
      {"M04", "first load of a place dropped", false, drop_first_load},
      {"N02", "copied as integers", false, copy_as_integers},
      {"O01", "store dropped", false, drop_store},
      {"M03", "loaded over a live value", false, place_over_live},
      {"M05", "slots swapped", false, swap_slots},
      {"M05", "reader names another box", true, other_box},
      {"M05", "reader names another version", true, other_version},
      {"M05", "step of a sum skipped", true, step_skipped},
      {"M05", "axes of a label swapped", true, other_axes},
      {"M05", "label removed", true, no_label},
      {"M06", "loaded over a live value", false, place_over_live},
      {"M06", "reader names what nobody makes", true, ghost},
      {"M07", "load that nobody reads", false, dead_load},
      {"M08", "final step not final", false, final_dropped},
      {"M08", "sum begun again", false, init_again},
      {"M09", "loaded to a second home", true, second_home},
      {"H02", "done signal becomes read signal", false, done_becomes_read},
      {"H03", "load that nobody waits for", false, dead_load},
      {"H06", "release of a slot not waited for", false, drop_release},
      {"H10", "other slot named", true, other_slot},
      {"H10", "ring moved", true, ring_moved},
      {"P01", "phase too late", true, phase_too_late},
      {"P01", "cut where scratch is live", true, cut_where_live},
      {"S04", "reader names another k", true, other_k},
      {"S05", "k taken twice", false, k_twice},
      {"S05", "sum begun again at its end", false, init_at_the_end},
      {"S05", "stores swapped", false, swap_stores},
      {"N01", "policy the contract does not keep", true, narrow_sum},
      {"D01", "update in no order", false, unordered_update},
      {"K05", "false claim", true, false_claim},
      {"*", "signal dropped", false, drop_signal},
      {"*", "sum never begun", false, never_init},
      {"*", "neighbours swapped", false, swap_neighbours},
      {"*", "op dropped", false, drop_op},
      {"*", "offset shifted", false, shift_offset},
      {"*", "other pitch", false, other_pitch},
      {"*", "other view", false, other_view},
      {"*", "other base", false, other_base},
  };
  return list;
}

}  // namespace rondo
