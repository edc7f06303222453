#include "perf/block/onednn_block.h"

#include <cmath>
#include <limits>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <utility>

namespace rondo::perf {

using dnnl::memory;
constexpr auto kF32 = memory::data_type::f32;

struct OneDnnBlock::Parts {
  struct Step {
    dnnl::primitive primitive;
    std::unordered_map<int, memory> args;
  };
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::vector<Step> steps;
  std::vector<memory> kept;  // what the library owns
  const float* result = nullptr;

  memory own(const memory::desc& desc) {
    kept.emplace_back(desc, engine);
    return kept.back();
  }
  memory given(const memory::dims& dims, std::vector<float>& values) {
    const auto tag = dims.size() == 1 ? memory::format_tag::a : memory::format_tag::ab;
    return memory({dims, kF32, tag}, engine, values.data());
  }
  static memory::desc rows(memory::dim m, memory::dim n) { return {{m, n}, kF32, memory::format_tag::ab}; }

  memory layer_norm(const memory& x, std::vector<float>& gamma, std::vector<float>& beta) {
    const auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
    const auto n = static_cast<memory::dim>(gamma.size());
    const dnnl::layer_normalization_forward::primitive_desc primitive(
        dnnl::layer_normalization_forward::desc(dnnl::prop_kind::forward_inference, x.get_desc(), 1e-5f, flags),
        engine);
    memory y = own(x.get_desc());
    steps.push_back({dnnl::layer_normalization_forward(primitive),
                     {{DNNL_ARG_SRC, x},
                      {DNNL_ARG_SCALE, given({n}, gamma)},
                      {DNNL_ARG_SHIFT, given({n}, beta)},
                      {DNNL_ARG_DST, y}}});
    return y;
  }

  // act(x w + bias) + residual
  memory linear(const memory& x, std::vector<float>& weights, std::vector<float>& bias, bool gelu,
                const memory* residual) {
    const memory::dim m = x.get_desc().dims()[0], k = x.get_desc().dims()[1];
    const auto n = static_cast<memory::dim>(bias.size());
    dnnl::post_ops post;
    if (gelu) post.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_tanh, 0.0f, 0.0f);
    if (residual != nullptr) post.append_binary(dnnl::algorithm::binary_add, residual->get_desc());
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(post);
    const dnnl::matmul::primitive_desc primitive(
        dnnl::matmul::desc(x.get_desc(), {{k, n}, kF32, memory::format_tag::any}, rows(1, n), rows(m, n)), attributes,
        engine);
    memory plain = given({k, n}, weights), packed = own(primitive.weights_desc());
    dnnl::reorder(plain, packed).execute(stream, plain, packed);
    stream.wait();
    memory y = own(rows(m, n));
    Step step{dnnl::matmul(primitive),
              {{DNNL_ARG_SRC, x},
               {DNNL_ARG_WEIGHTS, packed},
               {DNNL_ARG_BIAS, memory(rows(1, n), engine, bias.data())},
               {DNNL_ARG_DST, y}}};
    if (residual != nullptr)
      step.args.insert({DNNL_ARG_ATTR_MULTIPLE_POST_OP(gelu ? 1 : 0) | DNNL_ARG_SRC_1, *residual});
    steps.push_back(std::move(step));
    return y;
  }

  memory attention(const memory& qkv, const BlockShape& shape) {
    const memory::dim t = shape.tokens, h = shape.heads, d = shape.width / shape.heads, row = 3 * shape.width;
    auto* base = static_cast<float*>(qkv.get_data_handle());
    const memory q({{h, t, d}, kF32, {d, row, 1}}, engine, base);
    const memory k({{h, d, t}, kF32, {d, 1, row}}, engine, base + shape.width);
    const memory v({{h, t, d}, kF32, {d, row, 1}}, engine, base + 2 * shape.width);
    memory mask = own({{1, t, t}, kF32, memory::format_tag::abc});
    auto* masked = static_cast<float*>(mask.get_data_handle());
    for (memory::dim i = 0; i < t; ++i)
      for (memory::dim j = 0; j < t; ++j) masked[i * t + j] = j <= i ? 0.0f : -std::numeric_limits<float>::infinity();
    dnnl::primitive_attr scaled;
    scaled.set_output_scales(0, {1.0f / std::sqrt(static_cast<float>(d))});
    const memory scores = own({{h, t, t}, kF32, memory::format_tag::abc});
    steps.push_back({dnnl::matmul(dnnl::matmul::primitive_desc(
                         dnnl::matmul::desc(q.get_desc(), k.get_desc(), scores.get_desc()), scaled, engine)),
                     {{DNNL_ARG_SRC, q}, {DNNL_ARG_WEIGHTS, k}, {DNNL_ARG_DST, scores}}});
    // As a post-op the mask would send the product to the reference implementation.
    steps.push_back(
        {dnnl::binary(dnnl::binary::primitive_desc(
             dnnl::binary::desc(dnnl::algorithm::binary_add, scores.get_desc(), mask.get_desc(), scores.get_desc()),
             engine)),
         {{DNNL_ARG_SRC_0, scores}, {DNNL_ARG_SRC_1, mask}, {DNNL_ARG_DST, scores}}});
    steps.push_back(
        {dnnl::softmax_forward(dnnl::softmax_forward::primitive_desc(
             dnnl::softmax_forward::desc(dnnl::prop_kind::forward_inference, scores.get_desc(), 2), engine)),
         {{DNNL_ARG_SRC, scores}, {DNNL_ARG_DST, scores}}});
    const memory all = own(rows(t, shape.width));
    const memory heads({{h, t, d}, kF32, {d, static_cast<memory::dim>(shape.width), 1}}, engine, all.get_data_handle());
    steps.push_back({dnnl::matmul(dnnl::matmul::primitive_desc(
                         dnnl::matmul::desc(scores.get_desc(), v.get_desc(), heads.get_desc()), engine)),
                     {{DNNL_ARG_SRC, scores}, {DNNL_ARG_WEIGHTS, v}, {DNNL_ARG_DST, heads}}});
    return all;
  }
};

OneDnnBlock::OneDnnBlock(const BlockShape& shape, float* x, BlockWeights& weights) : parts_(new Parts) {
  Parts& parts = *parts_;
  const memory input(Parts::rows(shape.tokens, shape.width), parts.engine, x);
  const memory normal = parts.layer_norm(input, weights.gamma1, weights.beta1);
  const memory qkv = parts.linear(normal, weights.qkv, weights.qkv_bias, false, nullptr);
  const memory heads = parts.attention(qkv, shape);
  const memory middle = parts.linear(heads, weights.proj, weights.proj_bias, false, &input);
  const memory again = parts.layer_norm(middle, weights.gamma2, weights.beta2);
  const memory up = parts.linear(again, weights.up, weights.up_bias, true, nullptr);
  const memory down = parts.linear(up, weights.down, weights.down_bias, false, &middle);
  parts.result = static_cast<const float*>(down.get_data_handle());
}

OneDnnBlock::~OneDnnBlock() = default;

void OneDnnBlock::run() {
  for (Parts::Step& step : parts_->steps) step.primitive.execute(parts_->stream, step.args);
  parts_->stream.wait();
}

const float* OneDnnBlock::result() const { return parts_->result; }

}  // namespace rondo::perf
