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
inline constexpr DTypeSet kDoubles = set_of(DType::kF64);
inline constexpr DTypeSet kIndexDTypes = set_of(DType::kI32) | set_of(DType::kI64);
// Positive and normal.
inline constexpr ParamContract kAttentionScale = {
    .name = "scale", .kind = ParamKind::kF32, .low = 1.17549435e-38f, .high = 3.4e38f};

inline constexpr std::array<Contract, 30> kContracts = {{
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
    {
        .name = "sub",
        .summary = "y = a - b; a broadcast operand has stride 0 along the axis.",
        .family = Family::kPointwise,
        .operands = {{{.name = "a", .dims = "..."},
                      {.name = "b", .dims = "..."},
                      {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 3,
        .flops = {{{1, "..."}}},
        .bytes = {{{3, "... size"}}},
    },
    {
        .name = "div",
        .summary = "y = a / b as IEEE divides; a broadcast operand has stride 0 along the axis.",
        .family = Family::kPointwise,
        .operands = {{{.name = "a", .dims = "..."},
                      {.name = "b", .dims = "..."},
                      {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 3,
        .flops = {{{1, "..."}}},
        .bytes = {{{3, "... size"}}},
    },
    {
        .name = "tanh",
        .summary = "y = tanh x.",
        .family = Family::kPointwise,
        .operands = {{{.name = "x", .dims = "..."}, {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 2,
        .flops = {{{8, "..."}}},
        .bytes = {{{2, "... size"}}},
    },
    {
        .name = "sigmoid",
        .summary = "y = 1 / (1 + e^-x).",
        .family = Family::kPointwise,
        .operands = {{{.name = "x", .dims = "..."}, {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 2,
        .flops = {{{8, "..."}}},
        .bytes = {{{2, "... size"}}},
    },
    {
        .name = "silu",
        .summary = "y = x / (1 + e^-x); 0 at -inf, its limit.",
        .family = Family::kPointwise,
        .operands = {{{.name = "x", .dims = "..."}, {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 2,
        .flops = {{{8, "..."}}},
        .bytes = {{{2, "... size"}}},
    },
    {
        .name = "exp",
        .summary = "y = e^x; overflow gives inf, underflow subnormals and then 0.",
        .family = Family::kPointwise,
        .operands = {{{.name = "x", .dims = "..."}, {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 2,
        .flops = {{{8, "..."}}},
        .bytes = {{{2, "... size"}}},
    },
    {
        .name = "sqrt",
        .summary = "y = the square root of x, rounded once; of a negative number NaN.",
        .family = Family::kPointwise,
        .operands = {{{.name = "x", .dims = "..."}, {.name = "y", .dims = "...", .use = Use::kResult, .may_equal = 0}}},
        .operand_count = 2,
        .flops = {{{1, "..."}}},
        .bytes = {{{2, "... size"}}},
    },
    {
        .name = "rms_norm",
        .summary = "y = x / sqrt(mean(x^2) + eps) * gamma along the last axis.",
        .family = Family::kRows,
        .operands = {{{.name = "x", .dims = "... n", .unit_inner = 1},
                      {.name = "gamma", .dims = "n", .unit_inner = 1},
                      {.name = "y", .dims = "... n", .use = Use::kResult, .unit_inner = 1, .may_equal = 0}}},
        .operand_count = 3,
        .params = {{{.name = "eps", .kind = ParamKind::kF32, .low = 0.0f, .high = 1.0f}}},
        .flops = {{{4, "... n"}}},
        .bytes = {{{2, "... n size"}, {1, "n size"}}},
    },
    {
        .name = "reduce_sum",
        .summary = "y = the sum of x along the last axis; 0 over nothing.",
        .family = Family::kReduce,
        .operands = {{{.name = "x", .dims = "... n"}, {.name = "y", .dims = "...", .use = Use::kResult}}},
        .operand_count = 2,
        .flops = {{{1, "... n"}}},
        .bytes = {{{1, "... n size"}, {1, "... size"}}},
    },
    {
        .name = "reduce_max",
        .summary = "y = the largest x along the last axis; -inf over nothing, NaN where there is one.",
        .family = Family::kReduce,
        .operands = {{{.name = "x", .dims = "... n"}, {.name = "y", .dims = "...", .use = Use::kResult}}},
        .operand_count = 2,
        .flops = {{{1, "... n"}}},
        .bytes = {{{1, "... n size"}, {1, "... size"}}},
    },
    {
        .name = "reduce_mean",
        .summary = "y = the mean of x along the last axis; 0 over nothing.",
        .family = Family::kReduce,
        .operands = {{{.name = "x", .dims = "... n"}, {.name = "y", .dims = "...", .use = Use::kResult}}},
        .operand_count = 2,
        .flops = {{{1, "... n"}}},
        .bytes = {{{1, "... n size"}, {1, "... size"}}},
    },
    {
        .name = "assign",
        .summary = "dst = src, element by element, as a new value; any strides, no overlap.",
        .family = Family::kCopy,
        .operands = {{{.name = "src", .dims = "...", .dtypes = kAnyDType},
                      {.name = "dst", .dims = "...", .use = Use::kResult, .dtypes = kAnyDType}}},
        .operand_count = 2,
        .bytes = {{{2, "... size"}}},
        .values = ValueRule::kMap,
        .engine = Engine::kCopyIn,
    },
    {
        .name = "gather",
        .summary =
            "Row i of dst is row rows[i] of src, the index clamped to the rows there are; 0 where there are none.",
        .family = Family::kGather,
        .operands = {{{.name = "rows", .dims = "r", .use = Use::kTable, .dtypes = kIndexDTypes},
                      {.name = "src", .dims = "n c", .dtypes = kAnyDType, .indexed_by = 0},
                      {.name = "dst", .dims = "r c", .use = Use::kResult, .dtypes = kAnyDType}}},
        .operand_count = 3,
        .bytes = {{{2, "r c size"}, {1, "r index"}}},
    },
    {
        .name = "scatter",
        .summary = "Row rows[i] of dst becomes row i of src, the index clamped to the rows there are; of two the later "
                   "i wins, other rows stay.",
        .family = Family::kGather,
        .operands = {{{.name = "rows", .dims = "r", .use = Use::kTable, .dtypes = kIndexDTypes},
                      {.name = "src", .dims = "r c", .dtypes = kAnyDType},
                      {.name = "dst", .dims = "n c", .use = Use::kResult, .dtypes = kAnyDType, .indexed_by = 0}}},
        .operand_count = 3,
        .bytes = {{{2, "r c size"}, {1, "r index"}}},
    },
    {
        .name = "rotary",
        .summary =
            "Turns pairs (a, b) of each row: y_a = x_a cos_a - x_b sin_a, y_b = x_b cos_b + x_a sin_b. Pairs are "
            "(i, i + d/2) or (2i, 2i + 1); an odd last column passes through.",
        .family = Family::kRotary,
        .operands = {{{.name = "x", .dims = "... d", .unit_inner = 1},
                      {.name = "cos", .dims = "... d", .unit_inner = 1},
                      {.name = "sin", .dims = "... d", .unit_inner = 1},
                      {.name = "y", .dims = "... d", .use = Use::kResult, .unit_inner = 1, .may_equal = 0}}},
        .operand_count = 4,
        .params = {{{.name = "pairing", .kind = ParamKind::kEnum, .choices = "half interleaved"}}},
        .flops = {{{3, "... d"}}},
        .bytes = {{{4, "... d size"}}},
    },
    {
        .name = "attention",
        .summary =
            "y = softmax(scale q k^T) v, row by row; under mask=causal row i sees the keys j <= i + s - m. A row "
            "without keys is 0.",
        .family = Family::kAttention,
        .operands = {{{.name = "q", .dims = "m d", .unit_inner = 1},
                      {.name = "k", .dims = "s d", .unit_inner = 1},
                      {.name = "v", .dims = "s e", .unit_inner = 1},
                      {.name = "y", .dims = "m e", .use = Use::kResult, .unit_inner = 1}}},
        .operand_count = 4,
        .params = {{{.name = "mask", .kind = ParamKind::kEnum, .choices = "none causal"}, kAttentionScale}},
        .flops = {{{2, "pairs d"}, {2, "pairs e"}, {4, "pairs"}}},
        .bytes = {{{1, "m d size"}, {1, "s d size"}, {1, "s e size"}, {1, "m e size"}}},
    },
    {
        .name = "attention_indexed",
        .summary = "y = softmax(scale q k'^T) v' with rows rows[j] of k and v for j < s, indices clamped to the rows "
                   "there are. Without keys y is 0.",
        .family = Family::kAttention,
        .operands = {{{.name = "q", .dims = "m d", .unit_inner = 1},
                      {.name = "k", .dims = "n d", .unit_inner = 1, .indexed_by = 3},
                      {.name = "v", .dims = "n e", .unit_inner = 1, .indexed_by = 3},
                      {.name = "rows", .dims = "s", .use = Use::kTable, .dtypes = kIndexDTypes},
                      {.name = "y", .dims = "m e", .use = Use::kResult, .unit_inner = 1}}},
        .operand_count = 5,
        .params = {{kAttentionScale}},
        .flops = {{{2, "pairs d"}, {2, "pairs e"}, {4, "pairs"}}},
        .bytes = {{{1, "m d size"}, {1, "s d size"}, {1, "s e size"}, {1, "m e size"}, {1, "s index"}}},
    },
    {
        .name = "vecmat",
        .summary = "y = x a (init) or y += x a (accumulate): to each y[n], one after another in the order of k, the "
                   "product x[k] a[k, n], rounded before it is added.",
        .family = Family::kGate,
        .operands = {{{.name = "x", .dims = "k", .dtypes = kDoubles},
                      {.name = "a", .dims = "k n", .dtypes = kDoubles, .unit_inner = 1},
                      {.name = "y", .dims = "n", .use = Use::kResult, .dtypes = kDoubles, .unit_inner = 1}}},
        .operand_count = 3,
        .flags = kOpInit | kOpAccumulate,
        .flops = {{{2, "k n"}}},
        .bytes = {{{1, "k size"}, {1, "k n size"}, {1, "n size"}, {1, "n size acc"}}},
        .accumulate = DType::kF64,
    },
    {
        .name = "reglu",
        .summary = "y = a max(b, 0): a neuron whose gate is b; NaN stays NaN.",
        .family = Family::kGate,
        .operands = {{{.name = "a", .dims = "...", .dtypes = kDoubles},
                      {.name = "b", .dims = "...", .dtypes = kDoubles},
                      {.name = "y", .dims = "...", .use = Use::kResult, .dtypes = kDoubles, .may_equal = 0}}},
        .operand_count = 3,
        .flops = {{{2, "..."}}},
        .bytes = {{{3, "... size"}}},
        .accumulate = DType::kF64,
    },
    {
        .name = "attention_hard",
        .summary = "y[h] is v[j, h] of the row j whose score q[h] k[j, h]^T is greatest, scores summed in the order of "
                   "d; of equals the latest, or the mean of all, summed in the order of j. Without rows y is 0; a NaN "
                   "score never wins.",
        .family = Family::kGate,
        .operands = {{{.name = "q", .dims = "h d", .dtypes = kDoubles},
                      {.name = "k", .dims = "s h d", .dtypes = kDoubles},
                      {.name = "v", .dims = "s h e", .dtypes = kDoubles},
                      {.name = "y", .dims = "h e", .use = Use::kResult, .dtypes = kDoubles}}},
        .operand_count = 4,
        .params = {{{.name = "equals", .kind = ParamKind::kEnum, .choices = "latest mean"}}},
        .flops = {{{2, "s h d"}, {1, "s h e"}}},
        .bytes = {{{1, "h d size"}, {1, "s h d size"}, {1, "s h e size"}, {1, "h e size"}}},
        .accumulate = DType::kF64,
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
