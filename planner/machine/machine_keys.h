// The keys of machine files: what the reader accepts and docs/machine-format.md lists.
#pragma once
#include <array>
#include <string_view>

namespace rondo {

struct MachineKey {
  std::string_view name;
  std::string_view value;     // what it takes
  std::string_view fallback;  // what holds without it; "" where it must be given
  std::string_view what;
};

// Thirty years of ns: with it, no sum over the operations of a plan leaves the doubles.
inline constexpr double kLargestNumber = 1e18;

inline constexpr std::array<MachineKey, 16> kMachineKeys = {{
    {"machine", "name", "", "what schedules for it say they are for"},
    {"backend", "name", "`cpu`", "the runtime backend that can replay them"},
    {"lanes", "1 to 65535", "1", "workers' places: cores, or thread blocks"},
    {"spaces", "map from names to spaces", "", "exactly one of kind host, at most one of kind scratch"},
    {"copy_in_engines", "0 to 16", "0", "engines that copy beside the compute engine of a lane"},
    {"copy_out_engines", "0 to 16", "0", "the same outwards; with 0, the copy-in engines copy both ways"},
    {"copy_in_flight", "1 to 65535", "1", "unfinished operations a copy stream may have"},
    {"direct_operands", "`true` or `false`", "`true`", "kernels reach bindings where they lie, not scratch only"},
    {"panel_width", "0, 8, 16 or 32", "32",
     "columns of a panel that packed right operands are fastest in; 0: do not pack"},
    {"token_ns", "number, 0 to 1e18", "0", "cost of handing a token from lane to lane"},
    {"wake_ns", "number, 0 to 1e18", "0", "from waking a parked worker until it runs"},
    {"costs", "map from kernels to costs", "none", "with them, plans carry a makespan"},
    {"rates", "map from kernels to maps from levels to costs", "none",
     "costs of operations whose bytes fit in that cache and in no smaller one; level `memory`: in none"},
    {"caches", "list of caches, smallest first", "none", "what working sets fit in"},
    {"figures", "list of figures", "none", "what the machine reaches: the roofs of a roofline"},
    {"measured", "map", "by hand", "where and when the figures were measured"},
}};

inline constexpr std::array<MachineKey, 4> kSpaceKeys = {{
    {"kind", "`host`, `scratch` or `device`", "", "host holds bindings and constants; scratch is close to one lane"},
    {"capacity", "bytes, like `256 KiB` or `1.5 GiB`", "", "of a scratch space: for each lane"},
    {"align", "power of two up to 1048576", "64", "alignment of arenas, in bytes"},
    {"bandwidth_gb_s", "number, 0 to 1e18", "not measured", "10^9 bytes a second"},
}};

inline constexpr std::array<MachineKey, 8> kCostKeys = {{
    {"fixed_ns", "number, 0 to 1e18", "0", "for each operation"},
    {"ns_per_flop", "number, 0 to 1e18", "0", "times the flops of the contract"},
    {"ns_per_byte", "number, 0 to 1e18", "0", "times the bytes of the contract"},
    {"ns_per_row", "number, 0 to 1e18", "0", "times the rows walked; of rates only"},
    {"shapes", "0 to 1000000", "0", "shapes it was fitted to; 0: not a fit"},
    {"residual", "number, 0 to 1e18", "0", "root mean square of measured / predicted - 1 over them"},
    {"low", "number, 0 to 1e18", "0", "least measured / predicted among them"},
    {"high", "number, 0 to 1e18", "0", "most"},
}};

inline constexpr std::array<MachineKey, 3> kCacheKeys = {{
    {"name", "name", "", "`l1`, `l2`, ...; what rates and figures call it"},
    {"bytes", "bytes, like `32 KiB`", "", "of one instance"},
    {"cores", "1 to 65535", "1", "cores that share an instance"},
}};

inline constexpr std::array<MachineKey, 9> kFigureKeys = {{
    {"kind", "`compute`, `bandwidth` or `latency`", "", "in GFLOP/s, GB/s (10^9 bytes a second) or ns"},
    {"name", "name", "",
     "compute: element type and instruction set, `f32_avx512`; bandwidth: a cache or `dram` for reading, with `_write` "
     "or `_copy` behind it for those; latency: `token` or `wake`"},
    {"value", "number, 0 to 1e18", "", "what to reckon with"},
    {"low", "number, 0 to 1e18", "the value", "what it may fall to"},
    {"high", "number, 0 to 1e18", "the value", "the best ever seen"},
    {"source", "`measured`, `spec` or `user`", "`user`", "how it is known"},
    {"threads", "1 to 65535", "1", "at work together; a rate is their sum"},
    {"clock_mhz", "number, 0 to 1e18", "not known", "of the core while it was measured"},
    {"method", "text", "none", "one sentence"},
}};

inline constexpr std::array<MachineKey, 4> kMeasuredKeys = {{
    {"cpu", "text", "none", "model of the processor"},
    {"isa", "text", "none", "instruction set of the measured kernels"},
    {"when", "text", "none", "date and time, UTC"},
    {"tool", "text", "none", "what measured it"},
}};

}  // namespace rondo
