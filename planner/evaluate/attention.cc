#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "planner/evaluate/evaluation.h"

namespace rondo::evaluating {
namespace {

// The pair that element `at` of a head of d elements turns with, itself where it has none.
uint64_t partner(uint64_t at, uint64_t d, bool interleaved) {
  const uint64_t half = d / 2;
  if (at >= 2 * half) return at;
  if (interleaved) return at ^ 1;
  return at < half ? at + half : at - half;
}

// One query row against the keys that it sees.
struct HeadRow {
  const Evaluated &q, &k, &v;
  uint64_t q_at, d, e;
  uint64_t k_pitch, v_pitch;
  double scale, rounding;

  // `keys` are offsets of the seen rows in k and v. Returns the square of what the errors
  // of the head are long at most.
  template <class Keys>
  double compute(const Keys& keys, double* value, double* bound) const {
    const size_t count = keys.size();
    std::vector<double> score(count), weight(count), score_rounding(count);
    const double q_errors = length_of_part(q, q_at, d);
    double q_length = 0, largest = -std::numeric_limits<double>::infinity(), total = 0;
    for (uint64_t i = 0; i < d; ++i) q_length = std::hypot(q_length, q.value[q_at + i]);
    for (size_t j = 0; j < count; ++j) {
      double sum = 0, size = 0, widened = 0;
      for (uint64_t i = 0; i < d; ++i) {
        const double a = q.value[q_at + i], b = k.value[keys[j].first + i];
        sum += a * b;
        size += std::fabs(a * b);
        widened += (std::fabs(a) + q.bound[q_at + i]) * (std::fabs(b) + k.bound[keys[j].first + i]);
      }
      score[j] = scale * sum;
      score_rounding[j] = scale * (static_cast<double>(d) + 1) * rounding * std::fmax(size, widened);
      if (std::isnan(score[j]) || score[j] > largest) largest = score[j];
      if (std::isnan(largest)) break;
    }
    for (size_t j = 0; j < count; ++j) total += weight[j] = std::exp(score[j] - largest);
    std::vector<double> middle(d, 0);
    for (size_t j = 0; j < count; ++j) {
      weight[j] /= total;
      for (uint64_t i = 0; i < d; ++i) middle[i] += weight[j] * k.value[keys[j].first + i];
      for (uint64_t i = 0; i < e; ++i) value[i] += weight[j] * v.value[keys[j].second + i];
    }

    // What moves all scores alike moves no weight: an error of q counts by how far a key
    // lies from the middle of them.
    double moved = 0;
    for (size_t j = 0; j < count; ++j) {
      double by_elements = 0, distance = 0;
      for (uint64_t i = 0; i < d; ++i) {
        const double from_middle = k.value[keys[j].first + i] - middle[i];
        by_elements += q.bound[q_at + i] * std::fabs(from_middle) +
                       (std::fabs(q.value[q_at + i]) + q.bound[q_at + i]) * k.bound[keys[j].first + i];
        distance += from_middle * from_middle;
      }
      const double k_errors = length_of_part(k, keys[j].first, d);
      const double by_length = q_errors * (std::sqrt(distance) + k_errors) + q_length * k_errors;
      const double here = scale * std::fmin(by_elements, by_length) + score_rounding[j];
      moved = std::isnan(here) ? std::numeric_limits<double>::infinity() : std::max(moved, here);
    }
    // The odds of a key change by e^(2 moved) at most, so its weight w by w (1 - w) times
    // that less 1. The result, a mean of the values, moves by how far these lie from it.
    std::vector<double> change(count), own(count);
    double length = 0, roundings = 0;
    for (size_t j = 0; j < count; ++j) {
      change[j] = std::fmin(weight[j] * std::max(0.0, 1 - weight[j]) * std::expm1(2 * moved), 1);
      const double most = std::fmin(weight[j] + change[j], 1);
      own[j] = most * std::fmin(rounding * (static_cast<double>(count) + 8 + std::fabs(score[j] - largest) + 2 * moved),
                                1 + rounding);
      double squares = 0, distance = 0;
      for (uint64_t i = 0; i < e; ++i) {
        const double entry = v.value[keys[j].second + i];
        squares += entry * entry;
        distance += (entry - value[i]) * (entry - value[i]);
      }
      const double v_errors = length_of_part(v, keys[j].second, e);
      length += change[j] * std::sqrt(distance) + most * v_errors + own[j] * (std::sqrt(squares) + v_errors);
    }
    for (uint64_t i = 0; i < e; ++i) {
      double size = 0, far = 0, widest = 0;
      for (size_t j = 0; j < count; ++j) {
        const double entry = v.value[keys[j].second + i], v_bound = v.bound[keys[j].second + i];
        const double wide = std::fabs(entry) + v_bound, most = std::fmin(weight[j] + change[j], 1);
        far += change[j] * std::fabs(entry - value[i]) + most * v_bound + own[j] * wide;
        size += (most + own[j]) * wide;
        widest = std::max(widest, wide);
      }
      // Whatever the weights, it is a mean of the values.
      far = std::fmin(far, 2 * widest);
      size = std::fmin(size, 2 * widest);
      // Blocks of keys are scaled to one another as the largest score changes: two more
      // roundings of each product.
      const double rounded =
          (static_cast<double>(count) + 4) * rounding * size + FLT_MIN * static_cast<double>(count + 1);
      bound[i] = far + rounded;
      roundings += rounded * rounded;
    }
    length += std::sqrt(roundings);
    return length * length;
  }
};

}  // namespace

void rotary(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &x = it.input(op, 0), &cosine = it.input(op, 1), &sine = it.input(op, 2);
  const uint64_t columns = out.shape.back(), rows = out.shape[out.shape.size() - 2], d = columns / op.heads;
  for (uint64_t at = 0; at < out.value.size(); ++at) {
    const uint64_t row = at / columns % rows, head = at % columns / d * d, element = at % columns % d;
    const uint64_t other = partner(element, d, op.interleaved), angle = row * d + element;
    if (other == element) {
      out.value[at] = x.value[at];
      out.bound[at] = x.bound[at];
      continue;
    }
    const uint64_t mate = at - at % columns + head + other;
    const double sign = element < other ? -1 : 1;
    const double a = x.value[at], b = x.value[mate], c = cosine.value[angle], s = sine.value[angle];
    const double wide = (std::fabs(a) + x.bound[at]) * (std::fabs(c) + cosine.bound[angle]) +
                        (std::fabs(b) + x.bound[mate]) * (std::fabs(s) + sine.bound[angle]);
    out.value[at] = a * c + sign * b * s;
    out.bound[at] =
        std::max(0.0, wide - std::fabs(a * c) - std::fabs(b * s)) + 2 * it.factor * kEpsilon * wide + FLT_MIN;
  }
}

void attention(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &q = it.input(op, 0), &k = it.input(op, 1), &v = it.input(op, 2);
  const size_t rank = q.shape.size();
  const uint64_t heads = op.heads, kv_heads = op.kv_heads == 0 ? heads : op.kv_heads;
  const uint64_t m = q.shape[rank - 2], d = q.shape[rank - 1] / heads;
  const uint64_t k_pitch = k.shape.back(), v_pitch = v.shape.back(), e = v_pitch / kv_heads;
  const bool indexed = op.inputs.size() == 4;
  const uint64_t pool = k.shape[k.shape.size() - 2];
  const uint64_t s = indexed ? it.filled(op.inputs[3]) : k.shape.size() == 2 ? it.filled(op.inputs[1]) : pool;
  const double scale = op.scale != 0 ? static_cast<double>(op.scale) : 1 / std::sqrt(static_cast<double>(d));
  const Shape leading(q.shape.begin(), q.shape.end() - 2);
  const auto matrices = [&](const Evaluated& of) {
    std::vector<uint64_t> strides = strides_within(Shape(of.shape.begin(), of.shape.end() - 2), leading);
    for (uint64_t& stride : strides) stride *= uint64_t{of.shape.back()} * of.shape[of.shape.size() - 2];
    return strides;
  };
  uint64_t batch = 0;
  out.row_bound.assign(out.value.size() / out.shape.back(), 0);
  std::vector<std::pair<uint64_t, uint64_t>> keys;
  walk(leading, matrices(k), matrices(v), [&](uint64_t at_k, uint64_t at_v) {
    for (uint64_t row = 0; row < m; ++row)
      for (uint64_t head = 0; head < heads; ++head) {
        const uint64_t kv = head / (heads / kv_heads);
        // Row i of m sees keys j <= i + s - m.
        const uint64_t seen = !op.causal ? s : row + s + 1 > m ? row + s + 1 - m : 0;
        keys.clear();
        for (uint64_t j = 0; j < seen; ++j) {
          uint64_t from = j;
          if (indexed)
            from = static_cast<uint64_t>(std::clamp(it.input(op, 3).value[j], 0.0, static_cast<double>(pool - 1)));
          keys.emplace_back(at_k + from * k_pitch + kv * d, at_v + from * v_pitch + kv * e);
        }
        const HeadRow one{
            q, k, v, (batch * m + row) * heads * d + head * d, d, e, k_pitch, v_pitch, scale, it.factor * kEpsilon};
        const uint64_t to = ((batch * m + row) * heads + head) * e;
        out.row_bound[batch * m + row] += one.compute(keys, &out.value[to], &out.bound[to]);
      }
    ++batch;
  });
  for (double& length : out.row_bound) length = std::sqrt(length);
}

}  // namespace rondo::evaluating
