#include <algorithm>
#include <cfloat>
#include <cmath>

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

// One query row against the keys that it sees. Errors of q and k move the score of key j
// by t_j, all but what moves them all alike. The weights w become w_j e^t_j / sum w e^t,
// so the result, a mean y of the values v_j, moves by
//   sum w_j (e^t_j - 1) (v_j - y) / sum w_j e^t_j,
// of which sum w_j t_j (v_j - y) is the first order and the rest at most t^2 / 2 e^t: an
// error of q counts by the covariance of keys and values, one of a key by its weight.
struct HeadRow {
  const Evaluated &q, &k, &v;
  uint64_t q_at, d, e;
  double scale, factor;
  // Offsets in k and v of the rows that are seen.
  const std::vector<std::pair<uint64_t, uint64_t>>& keys;
  double* value;
  double* bound;

  // Returns the square of what the errors of the head are long at most.
  double compute() {
    weigh();
    move_scores();
    spread_values();
    return bound_values();
  }

  // ---- The steps, and what they leave to those after ----

  double key(size_t j, uint64_t i) const { return k.value[keys[j].first + i]; }
  double entry(size_t j, uint64_t i) const { return v.value[keys[j].second + i]; }

  void weigh() {
    const size_t count = keys.size();
    score.resize(count), weight.resize(count), by_rounding.resize(count);
    largest = -kInfinite;
    for (size_t j = 0; j < count; ++j) {
      double sum = 0, highest = 0, lowest = 0, size = 0, widened = 0;
      for (uint64_t i = 0; i < d; ++i) {
        const double a = q.value[q_at + i], b = key(j, i);
        sum += a * b;
        highest = std::fmax(highest, sum), lowest = std::fmin(lowest, sum);
        size += std::fabs(a * b);
        widened += (std::fabs(a) + q.bound[q_at + i]) * (std::fabs(b) + k.bound[keys[j].first + i]);
      }
      score[j] = scale * sum;
      // Neighbour by neighbour or in lanes, and before or after that the scale.
      const double wide = std::fmax(size, widened), depth = static_cast<double>(d);
      by_rounding[j] = scale * (std::fmax(rounding_of_sum(depth, highest - lowest + (wide - size), wide, factor),
                                          rounding_of_lanes(depth, factor) * wide) +
                                factor * kUnit * wide);
      if (std::isnan(score[j]) || score[j] > largest) largest = score[j];
      if (std::isnan(largest)) break;
    }
    double total = 0;
    for (size_t j = 0; j < count; ++j) total += weight[j] = std::exp(score[j] - largest);
    middle.assign(d, 0);
    for (size_t j = 0; j < count; ++j) {
      weight[j] /= total;
      for (uint64_t i = 0; i < d; ++i) middle[i] += weight[j] * key(j, i);
      for (uint64_t i = 0; i < e; ++i) value[i] += weight[j] * entry(j, i);
    }
  }

  // What moves all scores alike moves no weight: an error of q counts by how far a key
  // lies from the middle of them.
  void move_scores() {
    q_errors = length_of_part(q, q_at, d);
    double q_length = 0;
    for (uint64_t i = 0; i < d; ++i) q_length = std::hypot(q_length, q.value[q_at + i]);
    by_key.resize(keys.size());
    moved = 0;
    for (size_t j = 0; j < keys.size(); ++j) {
      double by_q = 0, by_k = 0, distance = 0;
      for (uint64_t i = 0; i < d; ++i) {
        const double from_middle = key(j, i) - middle[i];
        by_q += q.bound[q_at + i] * std::fabs(from_middle);
        by_k += (std::fabs(q.value[q_at + i]) + q.bound[q_at + i]) * k.bound[keys[j].first + i];
        distance += from_middle * from_middle;
      }
      const double k_errors = length_of_part(k, keys[j].first, d);
      by_q = scale * std::fmin(by_q, q_errors * std::sqrt(distance));
      by_key[j] = scale * std::fmin(by_k, (q_length + q_errors) * k_errors) + by_rounding[j];
      const double here = by_q + by_key[j];
      moved = std::isnan(here) ? kInfinite : std::max(moved, here);
    }
  }

  // Covariances: of keys with values, whose norm errors of q are stretched by, and of
  // values with one another.
  void spread_values() {
    covariance.assign(first_order() ? d * e : 0, 0);
    spread.assign(first_order() ? e * e : 0, 0);
    if (!first_order()) return;
    std::vector<double> of_key(d), of_value(e);
    for (size_t j = 0; j < keys.size(); ++j) {
      for (uint64_t i = 0; i < d; ++i) of_key[i] = key(j, i) - middle[i];
      for (uint64_t c = 0; c < e; ++c) of_value[c] = weight[j] * (entry(j, c) - value[c]);
      for (uint64_t c = 0; c < e; ++c) {
        for (uint64_t i = 0; i < d; ++i) covariance[c * d + i] += of_value[c] * of_key[i];
        for (uint64_t i = 0; i <= c; ++i) spread[c * e + i] += of_value[c] * (entry(j, i) - value[i]);
      }
    }
    for (uint64_t c = 0; c < e; ++c)
      for (uint64_t i = 0; i < c; ++i) spread[i * e + c] = spread[c * e + i];
  }
  bool first_order() const { return moved > 0 && moved < 1; }

  double bound_values() const {
    const size_t count = keys.size();
    const double n = static_cast<double>(count), grow = std::exp(moved), beyond = moved * moved / 2 * grow;
    // Blocks of at least 32 and at most 128 keys are added; where the largest score so far
    // may have grown, what was summed before is scaled: two roundings and those of exp.
    const double blocks = std::floor(n / 32), scaled = std::fmin(blocks, records());
    const double one_weight = 8 + 4 * scaled + 2 * moved;
    const double all_weights = factor * kUnit * (lane_depth(std::fmin(n, 128.0)) + 4 + 2 * blocks) * 2;
    std::vector<double> change(count), own(count);
    double by_change = 0, by_slope = 0, keys_moved = 0, rest = 0;
    for (size_t j = 0; j < count; ++j) {
      // The odds of a key change by e^(2 moved) at most.
      change[j] = std::fmin(weight[j] * std::max(0.0, 1 - weight[j]) * std::expm1(2 * moved), 1);
      const double most = std::fmin(weight[j] + change[j], 1);
      own[j] =
          most * std::fmin(factor * kEpsilon * (one_weight + std::fabs(score[j] - largest)), 1 + factor * kEpsilon);
      double squares = 0, distance = 0;
      for (uint64_t i = 0; i < e; ++i) {
        squares += entry(j, i) * entry(j, i);
        distance += (entry(j, i) - value[i]) * (entry(j, i) - value[i]);
      }
      const double v_errors = length_of_part(v, keys[j].second, e);
      by_change += change[j] * std::sqrt(distance);
      by_slope += weight[j] * (by_key[j] + beyond) * std::sqrt(distance);
      keys_moved += weight[j] * (by_key[j] + beyond) * (by_key[j] + beyond);
      rest += most * v_errors + own[j] * (std::sqrt(squares) + v_errors);
    }
    double by_q = 0;
    if (first_order()) {
      by_q = scale * q_errors * largest_stretch(covariance.data(), e, d, d, 1, 3);
      // By Cauchy and Schwarz, sum w t (v - y) against the root of sum w t^2.
      by_slope = std::fmin(by_slope, std::sqrt(keys_moved * largest_stretch(spread.data(), e, e, e, 1, 3)));
    }
    double moved_length = first_order() ? std::fmin(by_change, grow * (by_q + by_slope)) : by_change;
    double roundings = 0;
    for (uint64_t c = 0; c < e; ++c) {
      double by_change_here = 0, by_slope_here = 0, off = 0, wide_sum = 0, widest = 0, inflated = 0;
      double at[3] = {}, highest[3] = {}, lowest[3] = {};  // of all, of even and of odd keys
      for (size_t j = 0; j < count; ++j) {
        const double v_bound = v.bound[keys[j].second + c], wide = std::fabs(entry(j, c)) + v_bound;
        const double from = std::fabs(entry(j, c) - value[c]), most = std::fmin(weight[j] + change[j], 1);
        by_change_here += change[j] * from;
        by_slope_here += weight[j] * (by_key[j] + beyond) * from;
        off += most * v_bound + own[j] * wide;
        inflated += (change[j] + own[j]) * wide + most * v_bound;
        wide_sum += (most + own[j]) * wide;
        widest = std::max(widest, wide);
        for (const size_t part : {size_t{0}, 1 + j % 2}) {
          at[part] += weight[j] * entry(j, c);
          highest[part] = std::fmax(highest[part], at[part]), lowest[part] = std::fmin(lowest[part], at[part]);
        }
      }
      if (first_order()) {
        double by_q_here = 0, squares = 0;
        for (uint64_t i = 0; i < d; ++i) {
          by_q_here += q.bound[q_at + i] * std::fabs(covariance[c * d + i]);
          squares += covariance[c * d + i] * covariance[c * d + i];
        }
        by_q_here = scale * std::fmin(by_q_here, q_errors * std::sqrt(squares));
        by_change_here = std::fmin(by_change_here, grow * (by_q_here + by_slope_here));
      }
      // Whatever the weights, it is a mean of the values.
      const double far = std::fmin(by_change_here + off, 2 * widest);
      wide_sum = std::fmin(wide_sum, 2 * widest);
      // Every partial sum is of neighbours, or of every other key since a block began, or both.
      const double range =
          std::fmin(wide_sum, highest[0] - lowest[0] + highest[1] - lowest[1] + highest[2] - lowest[2] + inflated);
      const double rounded = rounding_of_sum(n + 3 * blocks + 4, range, wide_sum, factor) * (1 + all_weights) +
                             all_weights * (std::fabs(value[c]) + far);
      bound[c] = far + rounded;
      roundings += rounded * rounded;
    }
    const double length = moved_length + rest + std::sqrt(roundings);
    return length * length;
  }

  // Keys whose score may be the largest so far.
  double records() const {
    double top = -kInfinite, found = 0;
    for (const double here : score) {
      if (!(here + 2 * moved < top)) ++found;
      top = std::fmax(top, here);
    }
    return found;
  }

  double largest = 0, q_errors = 0, moved = 0;
  std::vector<double> score = {}, weight = {}, by_rounding = {}, by_key = {}, middle = {}, covariance = {}, spread = {};
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
        const uint64_t to = ((batch * m + row) * heads + head) * e;
        HeadRow one{q,
                    k,
                    v,
                    (batch * m + row) * heads * d + head * d,
                    d,
                    e,
                    scale,
                    it.factor,
                    keys,
                    &out.value[to],
                    &out.bound[to]};
        out.row_bound[batch * m + row] += one.compute();
      }
    ++batch;
  });
  for (double& length : out.row_bound) length = std::sqrt(length);
}

}  // namespace rondo::evaluating
