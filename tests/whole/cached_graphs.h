// Attention over caches that go round and caches in pages, as graph files.
#pragma once

namespace rondo::testing {

// One attention step over rows that the caller gives.
inline constexpr char kRing[] = R"(
scalars: {position: {max: 1000000}}
states: {keys: {shape: [7, 12], filled: position}, values: {shape: [7, 8], filled: position}}
tensors:
  q: {shape: [1, 24], role: input}
  k: {shape: [1, 12], role: input}
  v: {shape: [1, 8], role: input}
  y: {role: output}
operators:
  - {op: append, inputs: [keys, k], output: all_keys, at: position}
  - {op: append, inputs: [values, v], output: all_values, at: position}
  - {op: attention, inputs: [q, all_keys, all_values], output: y, heads: 4, kv_heads: 2}
)";

// Pages of 4 rows in one pool: each token's row number is what the host's page table says.
inline constexpr char kPages[] = R"(
scalars: {position: {max: 15}}
states: {keys: {shape: [40, 12]}, values: {shape: [40, 8]}}
tables: {rows: {shape: [16], limit: 40, distinct: true}}
tensors:
  q: {shape: [1, 24], role: input}
  k: {shape: [1, 12], role: input}
  v: {shape: [1, 8], role: input}
  y: {role: output}
operators:
  - {op: slice, inputs: [rows], output: here, axis: 0, at: position, length: 1}
  - {op: slice, inputs: [rows], output: seen, axis: 0, end: position + 1}
  - {op: scatter, inputs: [keys, k, here], output: all_keys}
  - {op: scatter, inputs: [values, v, here], output: all_values}
  - {op: attention, inputs: [q, all_keys, all_values, seen], output: y, heads: 4, kv_heads: 2}
)";

}  // namespace rondo::testing
