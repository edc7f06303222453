// Plain and in order: what the vector kernels are compared with.
#include <cstring>
#include "kernels/pack/pack.h"
#include "kernels/registry/registry.h"

namespace rondo::kernels {
namespace {

void pack_panel(const PanelShape& panel) {
  constexpr int64_t kElement = 4;
  for (int64_t row = 0; row < panel.k; ++row) {
    for (int64_t column = 0; column < panel.width; ++column) {
      std::byte* to = panel.dst + row * panel.dst_k_bytes + column * kElement;
      if (column < panel.columns)
        std::memcpy(to, panel.src + row * panel.src_k_bytes + column * panel.src_n_bytes, kElement);
      else
        std::memset(to, 0, kElement);
    }
  }
}

}  // namespace

void pack_f32_reference(const KernelArgs& args) { walk_pack(args, pack_panel); }

}  // namespace rondo::kernels
