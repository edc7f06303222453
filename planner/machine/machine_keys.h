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

inline constexpr std::array<MachineKey, 11> kMachineKeys = {{
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
    {"token_ns", "number, at least 0", "0", "cost of handing a token from lane to lane"},
    {"costs", "map from kernels to costs", "none", "with them, plans carry a makespan"},
}};

inline constexpr std::array<MachineKey, 4> kSpaceKeys = {{
    {"kind", "`host`, `scratch` or `device`", "", "host holds bindings and constants; scratch is close to one lane"},
    {"capacity", "bytes, like `256 KiB` or `1.5 GiB`", "", "of a scratch space: for each lane"},
    {"align", "power of two up to 1048576", "64", "alignment of arenas, in bytes"},
    {"bandwidth_gb_s", "number, at least 0", "not measured", "10^9 bytes a second"},
}};

inline constexpr std::array<MachineKey, 3> kCostKeys = {{
    {"fixed_ns", "number, at least 0", "0", "for each operation"},
    {"ns_per_flop", "number, at least 0", "0", "times the flops of the contract"},
    {"ns_per_byte", "number, at least 0", "0", "times the bytes of the contract"},
}};

}  // namespace rondo
