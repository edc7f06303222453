// A GPT-2 block of 48 tokens, 4 heads of 16: every kind of step that the large one has.
#pragma once

namespace rondo::testing {

inline constexpr const char* kSmallBlock = R"(
tensors:
  x: {shape: [48, 64], role: input}
  gamma1: {shape: [64], role: constant}
  beta1: {shape: [64], role: constant}
  qkv: {shape: [64, 192], role: constant}
  qkv_bias: {shape: [192], role: constant}
  proj: {shape: [64, 64], role: constant}
  gamma2: {shape: [64], role: constant}
  beta2: {shape: [64], role: constant}
  up: {shape: [64, 256], role: constant}
  up_bias: {shape: [256], role: constant}
  down: {shape: [256, 64], role: constant}
  y: {role: output}
operators:
  - {op: layer_norm, inputs: [x, gamma1, beta1], output: n1}
  - {op: matmul, inputs: [n1, qkv], output: p}
  - {op: bias, inputs: [p, qkv_bias], output: all}
  - {op: slice, inputs: [all], output: q, begin: 0, end: 64}
  - {op: slice, inputs: [all], output: k, begin: 64, end: 128}
  - {op: slice, inputs: [all], output: v, begin: 128, end: 192}
  - {op: attention, inputs: [q, k, v], output: a, heads: 4, causal: true}
  - {op: matmul, inputs: [a, proj], output: o}
  - {op: add, inputs: [o, x], output: middle}
  - {op: layer_norm, inputs: [middle, gamma2, beta2], output: n2}
  - {op: matmul, inputs: [n2, up], output: u}
  - {op: bias, inputs: [u, up_bias], output: ub}
  - {op: gelu, inputs: [ub], output: g, form: tanh}
  - {op: matmul, inputs: [g, down], output: w}
  - {op: add, inputs: [w, middle], output: y}
)";

}  // namespace rondo::testing
