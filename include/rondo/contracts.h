// The one list of kernels. Everything that knows a kernel by name reads it here:
// verifier, planner, dispatch, roofline, documentation and kernel tests.
//
// Rules: a number (position) is never stored in a file, a name is never reused
// for another meaning, and a change of meaning changes the hash, so that old
// files are refused by name instead of being computed differently.
#pragma once
#include <array>
#include <string_view>
#include "rondo/contract.h"

namespace rondo {

inline constexpr LayoutSet kRowsOnly = set_of(Layout::kRows);
inline constexpr LayoutSet kPanelsOnly = set_of(Layout::kPanels);
inline constexpr std::string_view kActivations = "none relu gelu_erf gelu_tanh";

inline constexpr std::array<Contract, 10> kContracts = {{
    {
        .name = "copy",
        .summary = "dst = src, element by element; any strides, no overlap.",
        .family = Family::kCopy,
        .operands = {{{.name = "src", .dims = "...", .dtypes = kAnyDType},
                      {.name = "dst", .dims = "...", .use = Use::kResult, .dtypes = kAnyDType}}},
        .operand_count = 2,
        .bytes = {{{2, "... size"}}},
        .values = ValueRule::kSame,
        .engine = Engine::kCopyIn,
    },
    {
        .name = "fill",
        .summary = "dst = value everywhere.",
        .family = Family::kPointwise,
        .operands = {{{.name = "dst", .dims = "...", .use = Use::kResult}}},
        .operand_count = 1,
        .params = {{{.name = "value", .kind = ParamKind::kF32, .low = -3.4e38f, .high = 3.4e38f}}},
        .bytes = {{{1, "... size"}}},
    },
    {
        .name = "pack",
        .summary = "Packs the right operand of a matmul into panels; columns beyond n are zero.",
        .family = Family::kPack,
        .operands = {{{.name = "src", .dims = "k n"},
                      {.name = "dst", .dims = "k n", .use = Use::kResult, .layouts = kPanelsOnly}}},
        .operand_count = 2,
        .bytes = {{{2, "k n size"}}},
        .values = ValueRule::kSame,
    },
    {
        .name = "matmul",
        .summary = "c = a b (init) or c += a b (accumulate); under final c = act(c + bias).",
        .family = Family::kMatmul,
        .operands = {{{.name = "a", .dims = "m k"},
                      {.name = "b", .dims = "k n", .layouts = kRowsOnly | kPanelsOnly},
                      {.name = "c", .dims = "m n", .use = Use::kResult, .unit_inner = 1},
                      {.name = "bias", .dims = "n", .optional = 1}}},
        .operand_count = 4,
        .params = {{{.name = "act", .kind = ParamKind::kEnum, .choices = kActivations}}},
        .flags = kOpInit | kOpAccumulate | kOpFinal,
        .flops = {{{2, "m n k"}}},
        .bytes = {{{1, "m k size"}, {1, "k n size"}, {1, "m n size"}, {1, "m n size acc"}}},
        .values = ValueRule::kProduct,
    },
    {
        .name = "add",
        .summary = "y = a + b; a broadcast operand has stride 0 along the axis.",
        .family = Family::kPointwise,
        .operands = {{{.name = "a", .dims = "..."},
                      {.name = "b", .dims = "..."},
                      {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 3,
        .flops = {{{1, "..."}}},
        .bytes = {{{3, "... size"}}},
    },
    {
        .name = "mul",
        .summary = "y = a * b; a broadcast operand has stride 0 along the axis.",
        .family = Family::kPointwise,
        .operands = {{{.name = "a", .dims = "..."},
                      {.name = "b", .dims = "..."},
                      {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 3,
        .flops = {{{1, "..."}}},
        .bytes = {{{3, "... size"}}},
    },
    {
        .name = "relu",
        .summary = "y = max(x, 0); NaN stays NaN.",
        .family = Family::kPointwise,
        .operands = {{{.name = "x", .dims = "..."}, {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 2,
        .flops = {{{1, "..."}}},
        .bytes = {{{2, "... size"}}},
    },
    {
        .name = "gelu",
        .summary = "y = x * Phi(x), by erf or by the tanh approximation.",
        .family = Family::kPointwise,
        .operands = {{{.name = "x", .dims = "..."}, {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 2,
        .params = {{{.name = "form", .kind = ParamKind::kEnum, .choices = "erf tanh"}}},
        .flops = {{{8, "..."}}},
        .bytes = {{{2, "... size"}}},
    },
    {
        .name = "softmax",
        .summary = "Rows of y sum to 1: y = exp(x - max x) / sum exp(x - max x) along the last axis.",
        .family = Family::kRows,
        .operands = {{{.name = "x", .dims = "... n", .unit_inner = 1},
                      {.name = "y", .dims = "... n", .use = Use::kResult, .unit_inner = 1, .may_equal = 0}}},
        .operand_count = 2,
        .flops = {{{5, "... n"}}},
        .bytes = {{{2, "... n size"}}},
    },
    {
        .name = "layer_norm",
        .summary = "y = (x - mean) / sqrt(var + eps) * gamma + beta along the last axis; var is biased.",
        .family = Family::kRows,
        .operands = {{{.name = "x", .dims = "... n", .unit_inner = 1},
                      {.name = "gamma", .dims = "n", .unit_inner = 1},
                      {.name = "beta", .dims = "n", .unit_inner = 1},
                      {.name = "y", .dims = "... n", .use = Use::kResult, .unit_inner = 1, .may_equal = 0}}},
        .operand_count = 4,
        .params = {{{.name = "eps", .kind = ParamKind::kF32, .low = 0.0f, .high = 1.0f}}},
        .flops = {{{8, "... n"}}},
        .bytes = {{{2, "... n size"}, {2, "n size"}}},
    },
}};

// nullptr when there is no kernel of that name.
constexpr const Contract* find_contract(std::string_view name) {
  for (const Contract& contract : kContracts)
    if (contract.name == name) return &contract;
  return nullptr;
}

// The panel widths (nr) that exist, widest first; kr is 1.
inline constexpr std::array<uint16_t, 3> kPanelWidths = {32, 16, 8};

}  // namespace rondo
