// A GPT-2 block as a chain of oneDNN primitives, everything fused that it can fuse:
// layer_norm, qkv, causal attention of all heads, projection + residual, layer_norm,
// MLP with gelu (tanh), projection + residual. Weights in the formats it asks for.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace rondo::perf {

struct BlockShape {
  uint32_t tokens = 128, width = 768, heads = 12, hidden = 3072;
};

// Row-major f32, as the names of a graph file would have them.
struct BlockWeights {
  std::vector<float> gamma1, beta1, qkv, qkv_bias, proj, proj_bias, gamma2, beta2, up, up_bias, down, down_bias;
};

class OneDnnBlock {
 public:
  // `x` and the weights outlive it; they are read when it runs, or repacked at once.
  OneDnnBlock(const BlockShape& shape, float* x, BlockWeights& weights);
  ~OneDnnBlock();
  void run();
  const float* result() const;  // tokens x width

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rondo::perf
