// What a kernel promises: the types the one list (rondo/contracts.h) is written in.
//
// A contract says what is *legal*: operands and their access, element types,
// layouts, alignment, allowed overlap, numerics, cost formulas. What is *fast* is
// the machine file's to say. Verifier, planner, dispatch, roofline, docs and
// kernel tests all read the same constexpr data; a file names a kernel and the
// hash of its contract's meaning (docs and cost formulas are not meaning).
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include "rondo/schedule.h"

namespace rondo {

// How an operand may be used, seen from the contract. `kResult` is written under
// `init` (or always, where the kernel takes no `accumulate`) and updated under
// `accumulate`. `kTable` is read like a source and holds indices: it keeps out of
// the one dtype that all other operands of an op share.
enum class Use : uint8_t { kSource, kResult, kWork, kHint, kTable };

// Which spaces an operand may lie in, by SpaceKind bit. Bindings: residence.h.
using SpaceSet = uint32_t;
constexpr SpaceSet set_of(SpaceKind kind) { return SpaceSet{1} << static_cast<uint8_t>(kind); }
inline constexpr SpaceSet kAnySpace = 7;

struct OperandContract {
  std::string_view name;  // as in the text form: a=..., c=...
  // Named dimensions, outermost first, e.g. "m k". "..." stands for any leading
  // axes, the same for every operand that has it. Equal names mean equal extents;
  // layout `panels` presents its own two axes as the dims its operand declares.
  std::string_view dims;
  Use use = Use::kSource;
  DTypeSet dtypes = set_of(DType::kF32);  // and all operands of one op but tables share one dtype
  LayoutSet layouts = set_of(Layout::kRows);
  uint8_t optional = 0;       // trailing operands only
  uint8_t unit_inner = 0;     // the innermost axis (if its extent is > 1) has stride = element size
  uint16_t panel_align = 64;  // offset alignment under layout `panels`; rows need element alignment
  int8_t may_equal = -1;      // this result may lie exactly on that operand (same base, offset, view)
  SpaceSet spaces = kAnySpace;
  // The `kTable` operand whose entries choose rows along the first of `dims`; -1:
  // none. Such an operand has indexed access: its footprint is its whole view, and
  // what a kernel does with an entry outside [0, extent) is to clamp it. There are
  // no leading axes before an indexed one.
  int8_t indexed_by = -1;
};

enum class ParamKind : uint8_t { kAbsent, kF32, kEnum };

struct ParamContract {
  std::string_view name;
  ParamKind kind = ParamKind::kAbsent;
  std::string_view choices = {};  // enum: names separated by spaces; the value is the position
  float low = 0, high = 0;        // f32: the legal range, inclusive, finite
};

// One product: coefficient * product of named factors. A factor is a dimension of
// the contract, "..." (the product of the leading axes), "size" (bytes of an
// element), "index" (bytes of an entry of the table), "acc" (1 under `accumulate`,
// else 0) or "pairs" (`pairs_of` its dimensions m and s, under its parameter mask).
struct Term {
  int64_t coefficient = 0;
  std::string_view factors;
};
using Formula = std::array<Term, 8>;

// How many pairs of a query row and a key an attention looks at. Causal masks are
// aligned at the end: row i of m sees the keys j <= i + s - m, so that with m > s
// the first rows see none. m and s are below 2^32.
constexpr uint64_t pairs_of(uint64_t m, uint64_t s, bool causal) {
  if (!causal) return m * s;
  const uint64_t rows = m < s ? m : s;  // that see any; from the last upwards s, s - 1, ... keys
  return rows == 0 ? 0 : rows * s - rows * (rows - 1) / 2;
}

enum class Family : uint8_t {
  kCopy,
  kPack,
  kMatmul,
  kPointwise,
  kRows,
  kReduce,
  kGather,
  kRotary,
  kAttention,
  kGate,
};

// How values flow from sources to the result; the `faithful` rules follow it.
enum class ValueRule : uint8_t {
  kSame,     // the result holds the value of the source (copies, packing)
  kProduct,  // partial sums over k: see S04 and S05
  kMap,      // a new finished value from finished values
};

enum class Determinism : uint8_t {
  kBitwise,  // same bytes in, same bytes out, per instruction set
};

struct Contract {
  std::string_view name;
  std::string_view summary;  // one sentence; not part of the hash
  Family family = Family::kPointwise;
  std::array<OperandContract, 5> operands = {};
  uint8_t operand_count = 0;
  std::array<ParamContract, 4> params = {};
  uint16_t flags = 0;  // the OpFlags it takes; with kOpInit or kOpAccumulate exactly one must be set
  Formula flops = {};  // floating-point operations, at the op's extents
  Formula bytes = {};  // bytes touched, at the op's extents
  ValueRule values = ValueRule::kMap;
  DType accumulate = DType::kF32;  // the narrowest sum it computes with
  Determinism determinism = Determinism::kBitwise;
  Engine engine = Engine::kCompute;  // kCopyIn: copy engines may run it too
};

namespace contract_detail {

constexpr uint64_t fnv1a(std::string_view text, uint64_t hash) {
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ull;
  return hash;
}
constexpr uint64_t fnv1a(uint64_t number, uint64_t hash) {
  for (int byte = 0; byte < 8; ++byte) hash = (hash ^ ((number >> (8 * byte)) & 0xff)) * 0x100000001b3ull;
  return hash;
}
// The dims of an operand, and how many there are ("..." included).
constexpr uint32_t word_count(std::string_view words) {
  uint32_t count = words.empty() ? 0 : 1;
  for (char c : words) count += c == ' ';
  return count;
}
constexpr std::string_view word(std::string_view words, uint32_t index) {
  for (; index > 0; --index) words.remove_prefix(words.find(' ') + 1);
  return words.substr(0, words.find(' '));
}

}  // namespace contract_detail

// Words of a space-separated list, the form dims, factors and choices are kept in.
constexpr uint32_t word_count(std::string_view words) { return contract_detail::word_count(words); }
constexpr std::string_view word_at(std::string_view words, uint32_t index) {
  return contract_detail::word(words, index);
}

// The canonical print of the meaning, on one line: what the hash covers and what
// docs/contracts.md shows beside it.
std::string canonical_print(const Contract& contract);

// The hash of the meaning. Equal for equal `canonical_print`; stable across builds.
constexpr uint64_t hash_of(const Contract& contract) {
  using contract_detail::fnv1a;
  uint64_t hash = fnv1a(contract.name, 0xcbf29ce484222325ull);
  hash = fnv1a(static_cast<uint64_t>(contract.family), hash);
  hash = fnv1a(contract.flags, hash);
  hash = fnv1a(static_cast<uint64_t>(contract.values), hash);
  hash = fnv1a(static_cast<uint64_t>(contract.accumulate), hash);
  hash = fnv1a(static_cast<uint64_t>(contract.determinism), hash);
  hash = fnv1a(static_cast<uint64_t>(contract.engine), hash);
  for (uint32_t i = 0; i < contract.operand_count; ++i) {
    const OperandContract& operand = contract.operands[i];
    hash = fnv1a(operand.name, hash);
    hash = fnv1a("|", hash);
    hash = fnv1a(operand.dims, hash);
    hash = fnv1a(static_cast<uint64_t>(operand.use), hash);
    hash = fnv1a(operand.dtypes, hash);
    hash = fnv1a(operand.layouts, hash);
    hash = fnv1a(operand.optional, hash);
    hash = fnv1a(operand.unit_inner, hash);
    hash = fnv1a(operand.panel_align, hash);
    hash = fnv1a(static_cast<uint64_t>(operand.may_equal), hash);
    hash = fnv1a(operand.spaces, hash);
    // Only where there is one: contracts older than indexed access keep their hash.
    if (operand.indexed_by >= 0) hash = fnv1a(static_cast<uint64_t>(operand.indexed_by), fnv1a("indexed", hash));
  }
  for (const ParamContract& param : contract.params) {
    if (param.kind == ParamKind::kAbsent) continue;
    hash = fnv1a(param.name, hash);
    hash = fnv1a(static_cast<uint64_t>(param.kind), hash);
    hash = fnv1a(param.choices, hash);
  }
  return hash;
}

}  // namespace rondo
