// What a planner writes, the verifier proves and the runtime replays.
//
// A Schedule is flat tables of fixed little-endian records, and those tables
// *are* the binary form: loading copies them, nothing is rebuilt. Every operand
// is already an address (base + offset + view); the only order between streams
// is tokens. Nothing here is trusted before `verify` has read it.
//
// Text form: docs/schedule-format.md. What must hold: docs/verifier-rules.md.
// Reserved fields are zero; a reader refuses anything else.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/dtype.h"
#include "rondo/view.h"

namespace rondo {

inline constexpr uint16_t kFormatVersion = 1;

// An index into Schedule::names; 0 is always the empty string.
using NameId = uint32_t;

// ---- Memory ---------------------------------------------------------------

enum class SpaceKind : uint8_t { kHost = 0, kScratch = 1, kDevice = 2 };

// A kind of memory with its capacity (per owner of an arena in it).
struct Space {
  NameId name = 0;
  uint8_t kind = 0;  // SpaceKind
  uint8_t reserved0[3] = {};
  uint32_t align_bytes = 64;  // power of two; arenas start at multiples of it
  uint32_t reserved1 = 0;
  uint64_t capacity_bytes = 0;
};
static_assert(sizeof(Space) == 24);

enum class OwnerKind : uint8_t { kLane = 0, kGroup = 1, kEveryone = 2 };

// One block of one space. Scratch arenas belong to a lane, a group or everyone.
struct Arena {
  NameId name = 0;
  uint16_t space = 0;
  uint8_t owner_kind = 0;     // OwnerKind
  uint8_t prepared = 0;       // 1: written by `prepare`, read-only in `replay`
  uint32_t owner = 0;         // lane or group index; 0 for everyone
  uint32_t align_bytes = 64;  // power of two, at least the space's
  uint64_t bytes = 0;
  uint64_t reserved0 = 0;
};
static_assert(sizeof(Arena) == 32);

// A named run of lanes, for arenas and tokens that only they share.
struct Group {
  NameId name = 0;
  uint32_t first_lane = 0;
  uint32_t lane_count = 0;
  uint32_t reserved0 = 0;
};
static_assert(sizeof(Group) == 16);

enum class Role : uint8_t { kInput = 0, kOutput = 1, kConstant = 2, kState = 3, kTable = 4 };

// An external tensor, dense and row-major, bound by the host. Shared by every
// schedule of the file. Inputs, constants and tables are read-only.
struct Binding {
  NameId name = 0;
  uint8_t role = 0;   // Role
  uint8_t dtype = 0;  // DType
  uint8_t rank = 0;
  uint8_t distinct = 0;            // table only: 1 if its entries must differ
  uint32_t shape[kMaxRank] = {};   // in elements, outermost first; each >= 1
  uint32_t align_bytes = 4;        // of the host's pointer; power of two, at least the element
  uint32_t filled_scalar = kNone;  // state only: rows [0, clamp(scale*s+bias)) of axis 0 are
  int64_t filled_scale = 0;        //   defined when a replay begins; without a scalar all are
  int64_t filled_bias = 0;
  uint64_t index_limit = 0;  // table only: every entry is in [0, index_limit)
  uint64_t reserved0 = 0;
};
static_assert(sizeof(Binding) == 64);

constexpr uint64_t bytes_of(const Binding& binding) {
  uint64_t bytes = size_of(static_cast<DType>(binding.dtype));
  for (uint32_t axis = 0; axis < binding.rank; ++axis) bytes *= binding.shape[axis];
  return bytes;
}

// An integer set by the host before a replay; outside [min, max] it is refused.
struct Scalar {
  NameId name = 0;
  uint32_t reserved0 = 0;
  int64_t min = 0;
  int64_t max = 0;
};
static_assert(sizeof(Scalar) == 24);

// ---- Operations -----------------------------------------------------------

enum class Access : uint8_t {
  kRead = 0,
  kWrite = 1,        // every byte of the box is written
  kUpdate = 2,       // read and written
  kWork = 3,         // scratch of the op: undefined before and after
  kHint = 4,         // a prefetch: only its bounds are checked
  kIndexedRead = 5,  // footprint is the whole view; rows are chosen by the table operand in `aux`
  kIndexedWrite = 6,
};

// 16 bytes. `base` counts arenas first, then bindings.
struct Operand {
  uint32_t view = 0;
  uint16_t base = 0;
  uint8_t access = 0;  // Access
  uint8_t aux = 0;     // indexed access: low 4 bits the op's operand that is the table, high 4 the axis; else 0
  uint64_t offset_bytes = 0;

  bool operator==(const Operand&) const = default;
};
static_assert(sizeof(Operand) == 16, "the binary form stores operands as they are");

// Holds an op back until `token` counts at least `count` signals of this replay.
// Waiting consumes nothing. An unused wait has token kNone and count 0.
struct Wait {
  uint32_t token = kNone;
  uint32_t count = 0;

  bool operator==(const Wait&) const = default;
};

enum class SignalKind : uint8_t {
  kDone = 0,  // completion: writes are visible to whoever waits
  kRead = 1,  // the op's sources may be overwritten; says nothing of its writes
};

// Flags of an op; a contract lists the ones its kernel takes.
enum OpFlag : uint16_t {
  kOpInit = 1,        // the result is written, not read: the sum starts here
  kOpAccumulate = 2,  // the result is read and written: the sum continues
  kOpFinal = 4,       // the sum ends here: the epilogue is applied
};

// 64 bytes. Operands are operands[first_operand, +operand_count) in the order of
// the kernel's contract. kernel == kNoKernel is `sync`: it only waits and signals.
struct Op {
  uint32_t first_operand = 0;
  uint16_t kernel = 0xffff;  // index into Schedule::kernels
  uint8_t operand_count = 0;
  uint8_t policy = 0;  // index into Schedule::policies
  uint16_t flags = 0;
  uint16_t phase = 0;
  uint32_t steps = 1;  // version 1 knows 1 only
  Wait waits[2];
  uint32_t signals[2] = {kNone, kNone};
  uint8_t signal_kinds[2] = {};  // SignalKind
  uint16_t reserved0 = 0;
  uint32_t params[4] = {};  // as the contract declares them; f32 by bit pattern
  uint32_t reserved1 = 0;

  bool operator==(const Op&) const = default;
};
static_assert(sizeof(Op) == 64, "the binary form stores ops as they are");
inline constexpr uint16_t kNoKernel = 0xffff;
inline constexpr uint32_t kMaxOperands = 8;

enum class Engine : uint8_t { kCompute = 0, kCopyIn = 1, kCopyOut = 2 };
enum class Part : uint8_t { kPrepare = 0, kReplay = 1 };

// Issues ops[first_op, +op_count) in order, at most `in_flight` unfinished. Only
// the order of starting is implied; with in_flight 1 also that of completion.
struct Stream {
  NameId name = 0;
  uint32_t lane = 0;
  uint8_t engine = 0;  // Engine
  uint8_t part = 1;    // Part
  uint16_t in_flight = 1;
  uint32_t first_op = 0;
  uint32_t op_count = 0;
  // The schedule it belongs to; 0 for `prepare`. In a set the streams of prepare come
  // first and the others in the order of members.
  uint32_t member = 0;
  uint64_t reserved0 = 0;
};
static_assert(sizeof(Stream) == 32);

enum class TokenScope : uint8_t { kLane = 0, kGroup = 1, kDevice = 2, kSystem = 3 };

// A counter that only grows. Either one stream signals it, or it is a join and
// every wait asks for all its signals. A token belongs to one part and member.
struct Token {
  NameId name = 0;
  uint8_t scope = 0;  // TokenScope: who may see it; derived and checked
  uint8_t join = 0;
  uint8_t part = 1;  // Part
  uint8_t reserved0 = 0;
  uint32_t window = 0;  // claimed largest lead of the signaller over a waiter; 0 claims nothing
  uint32_t reserved1 = 0;
};
static_assert(sizeof(Token) == 16);

// A kernel by name and the hash of its contract's meaning, never a pointer.
struct KernelRef {
  NameId name = 0;
  uint32_t reserved0 = 0;
  uint64_t contract_hash = 0;
};
static_assert(sizeof(KernelRef) == 16);

enum class Rounding : uint8_t { kNearestEven = 0, kTowardZero = 1 };
enum class Saturation : uint8_t { kUnbounded = 0, kFinite = 1, kWrap = 2 };
enum class Denormals : uint8_t { kKeep = 0, kFlush = 1 };

// How an op computes: named per op, never defaulted in a file.
struct NumericsPolicy {
  uint8_t storage = 0;     // DType of results
  uint8_t compute = 0;     // DType of products
  uint8_t accumulate = 0;  // DType of sums
  uint8_t rounding = 0;
  uint8_t saturation = 0;
  uint8_t denormals = 0;
  uint8_t reserved0[2] = {};

  bool operator==(const NumericsPolicy&) const = default;
};
static_assert(sizeof(NumericsPolicy) == 8);

// A label for traces and rooflines, non-decreasing along each stream. Orders nothing.
struct Phase {
  NameId name = 0;
};
// A phase before which no scratch byte is live: a launch may end there.
struct Cut {
  uint32_t phase = 0;
};

// One schedule of a file. A file with several is a set: each is `prepare` and the
// streams of that member, shares arenas, bindings, constants, state and all tables
// with the others, and is replayed on its own. Members of a set have names that
// differ. Version 1 knows unguarded ones only.
struct Member {
  NameId name = 0;
  uint32_t guard_scalar = kNone;
  int64_t guard_min = 0;
  int64_t guard_max = 0;
};
static_assert(sizeof(Member) == 24);

// ---- Meaning and claims: read by the verifier and `show`, never by a replay ---

// A tensor of the graph the file was planned from. If `base` is a binding, the
// binding holds exactly this tensor. An alias is an earlier tensor in another shape
// (a reshape): the same elements in row-major order, of the same dtype, with no base
// of its own; it is never an alias of an alias.
struct Tensor {
  NameId name = 0;
  uint8_t rank = 0;
  uint8_t dtype = 0;
  uint16_t reserved0 = 0;
  uint32_t shape[kMaxRank] = {};
  uint32_t base = kNone;
  uint32_t alias_of = 0;  // 1 + the tensor; 0: a tensor of its own
};
static_assert(sizeof(Tensor) == 32);

// The tensor whose elements `tensor` has: itself, or what it is an alias of.
constexpr uint32_t root_of(const Tensor& tensor, uint32_t index) {
  return tensor.alias_of == 0 ? index : tensor.alias_of - 1;
}

// What an operand means: a box of a tensor, in tensor coordinates.
// `axis[i]` is the tensor axis that view axis i walks, 0xff for a broadcast one;
// tensor axes that no view axis walks have extent 1. For layout `panels` axis[0]
// is the column axis and axis[1] the row (k) axis of the tensor.
// version 0 is the finished content; version p >= 1 is the partial sum after p
// accumulation steps of this box. What a state holds when a replay begins, and
// what is appended to it, is version 0 of the tensor based on it.
//
// Where the operand's view moves with a scalar, `moves_along` says along which
// tensor axis: the box is then the one at shift 0, and at shift d (in steps of
// View::offset_step_bytes) its low is d * q further, q being the step divided by
// the stride of that axis (1 where the box has one coordinate along it). So "row s
// of the cache" and "rows [0, s + 1) of the cache" are places of one tensor. An
// operand that moves and whose value does not holds one box, wherever it lies.
// Where a scalar bounds an extent, the operand holds a part of the box from its low on.
struct Value {
  uint32_t tensor = 0;
  uint32_t version = 0;
  uint32_t low[kMaxRank] = {};
  uint32_t extent[kMaxRank] = {};
  uint8_t axis[kMaxRank] = {0xff, 0xff, 0xff, 0xff};
  uint8_t moves_along = 0;  // 1 + the tensor axis; 0: the box does not move
  uint8_t reserved0[3] = {};

  bool operator==(const Value&) const = default;
};
static_assert(sizeof(Value) == 48);

// Beside each operand when the file carries values: what it holds, and, where it
// lies in a ring of slots, which slot (which must agree with the address).
struct OperandLabel {
  uint32_t value = kNone;
  uint16_t ring = 0xffff;
  uint16_t slot = 0;

  bool operator==(const OperandLabel&) const = default;
};
static_assert(sizeof(OperandLabel) == 8);

// `depth` slots at offset + slot * stride of one base.
struct Ring {
  uint16_t base = 0;
  uint16_t depth = 0;
  uint32_t reserved0 = 0;
  uint64_t offset_bytes = 0;
  uint64_t stride_bytes = 0;
};
static_assert(sizeof(Ring) == 24);

enum class ClaimKind : uint16_t {
  // Derived: recomputed from the file, and must match. Counts are of the replay part.
  kOps = 0,         // all ops, sync included
  kCopies = 1,      // ops of the copy and pack families
  kBytesMoved = 2,  // by copies, from space `a` to space `b` (bindings: residence.h)
  kFlops = 3,       // sum of the contracts' formulas at full extents
  kExtentPeak = 4,  // highest byte used + 1 in arena `a`
  kLivePeak = 5,    // most bytes of arena `a` live at once in the canonical serial order
  kPrepareOps = 6,
  // Stated: checked where the file carries the means, else printed as stated.
  kMakespan = 100,         // f64, in the unit of the cost table; checked when costs are carried
  kLowerBound = 101,       // f64, `method` says of what and how
  kLoadsEliminated = 102,  // operand reads named by values minus copies
};
constexpr bool is_derived(ClaimKind kind) { return static_cast<uint16_t>(kind) < 100; }

struct Claim {
  uint16_t kind = 0;  // ClaimKind
  uint16_t a = 0;
  uint16_t b = 0;
  uint16_t reserved0 = 0;
  uint64_t value = 0;  // integer, or the bits of an f64 where the kind says so
  NameId method = 0;
  uint32_t member = 0;  // whose replay it speaks of; 0 for kPrepareOps
};
static_assert(sizeof(Claim) == 24);

// What an op of a kernel costs in the makespan claim: fixed + flops * per_flop + bytes * per_byte.
struct Cost {
  uint16_t kernel = 0;
  uint16_t reserved0 = 0;
  uint32_t reserved1 = 0;
  double fixed = 0;
  double per_flop = 0;
  double per_byte = 0;
};
static_assert(sizeof(Cost) == 32);

// ---- The file -------------------------------------------------------------

// An ordinary value: copy, move, compare by table. Not thread-safe to mutate.
struct Schedule {
  // Free text and identity of the maker; part of META, outside the digest.
  std::string producer;
  std::string source;
  // What it was planned for. A runtime refuses a backend that it is not.
  std::string backend = "cpu";
  std::string machine;
  uint32_t lane_count = 1;

  std::vector<std::string> names{std::string()};
  std::vector<Space> spaces;
  std::vector<Group> groups;
  std::vector<Arena> arenas;
  std::vector<Binding> bindings;
  std::vector<Scalar> scalars;
  std::vector<Token> tokens;
  std::vector<KernelRef> kernels;
  std::vector<NumericsPolicy> policies;
  std::vector<Phase> phases;
  std::vector<Cut> cuts;
  std::vector<Member> members;
  std::vector<View> views;
  std::vector<Stream> streams;
  std::vector<Op> ops;            // stream by stream, in the order of `streams`
  std::vector<Operand> operands;  // op by op, in the order of `ops`

  std::vector<Tensor> tensors;
  std::vector<Value> values;
  std::vector<OperandLabel> labels;  // empty, or one per operand
  std::vector<Ring> rings;
  std::vector<Claim> claims;
  std::vector<Cost> costs;

  // Where it was read from, for messages; not part of the meaning. op_lines is
  // empty for a binary file, else one line number per op.
  std::string file;
  std::vector<uint32_t> op_lines;
  // Of a member taken out of a set: what its ops are called in the file; else empty.
  std::vector<uint32_t> op_numbers;

  std::string_view name(NameId id) const {
    return id < names.size() ? std::string_view(names[id]) : std::string_view("?");
  }
  uint32_t base_count() const { return static_cast<uint32_t>(arenas.size() + bindings.size()); }
  bool is_arena(uint32_t base) const { return base < arenas.size(); }
  const Binding& binding_of(uint32_t base) const { return bindings[base - arenas.size()]; }
};

}  // namespace rondo
