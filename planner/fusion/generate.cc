#include "planner/fusion/generate.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <iterator>

#include "schedules/structure/sentence.h"

namespace rondo::fusion {
namespace {

constexpr FamilyName kFamilies[] = {
    {Family::kMixed, "mixed"},
    {Family::kChain, "chain"},
    {Family::kAttention, "attention"},
    {Family::kExperts, "experts"},
    {Family::kSharedWeights, "shared-weights"},
    {Family::kReduction, "reduction"},
    {Family::kBranches, "branches"},
    {Family::kResidual, "residual"},
    {Family::kDiamond, "diamond"},
};

// SplitMix64 (Steele, Lea, Flood 2014): the standard's distributions differ by library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t limit) { return next() % limit; }
  template <class T>
  T one_of(std::initializer_list<T> list) {
    return *(list.begin() + below(list.size()));
  }

 private:
  uint64_t state_;
};

using Id = uint32_t;

class Generator {
 public:
  explicit Generator(const GenerateOptions& options) : options_(options), random_(options.seed) {
    random_.next();
    const int64_t n = options.native;
    problem_.native = n;
    // The contest's memories hold 1.8 to 37 native tiles, its bandwidths are 10 to 100 at
    // native 128; smaller natives keep the balance of compute and traffic.
    const double share = random_.one_of({1.8, 2.1, 3.7, 6.0, 15.3, 24.0, 30.5, 36.6});
    problem_.capacity = std::max<int64_t>(16, std::llround(share * static_cast<double>(n * n)));
    problem_.bandwidth = random_.one_of({10, 15, 20, 25, 50, 100});
    const double scale = static_cast<double>(n * n) / (128.0 * 128.0);
    matmul_cost_ = std::max(1.0, std::round(scale * random_.one_of({500, 1000, 1500, 2000})));
    pointwise_cost_ = std::max(1.0, std::round(scale * random_.one_of({100, 200, 500, 1500})));
    rows_ = extent({1, 2, 4, 8, 16});
    model_ = extent({1, 2, 4, 8, 16});
    hidden_ = extent({2, 4, 8, 16, 32});
    head_ = extent({1, 1, 2});
    shared_[0] = shared_[1] = kNone;
  }

  Problem run() {
    x_ = input(model_, rows_);
    while (left() > 0) {
      const uint32_t before = left();
      add_blocks(options_.family);
      if (left() == before) add_tail();
    }
    // Every finished problem passes its own checks; nothing here can fail.
    const Status status = finish_problem(problem_);
    (void)status;
    return std::move(problem_);
  }

 private:
  static constexpr Id kNone = ~Id{0};

  uint32_t left() const { return options_.operators - static_cast<uint32_t>(problem_.operators.size()); }

  int64_t extent(std::initializer_list<int64_t> multiples) {
    int64_t value = random_.one_of(multiples) * options_.native;
    if (options_.ragged && random_.below(2) == 0)
      value -= static_cast<int64_t>(random_.below(static_cast<uint64_t>(options_.native - 1)));
    return value;
  }

  Id input(int64_t width, int64_t height) {
    problem_.tensors.push_back({width, height});
    return static_cast<Id>(problem_.tensors.size() - 1);
  }
  int64_t width(Id tensor) const { return problem_.tensors[tensor].width; }
  int64_t height(Id tensor) const { return problem_.tensors[tensor].height; }

  Id matmul(Id lhs, Id rhs) {
    const Id out = input(width(rhs), height(lhs));
    problem_.operators.push_back({OperatorType::kMatMul, {lhs, rhs}, out, matmul_cost_});
    return out;
  }
  // x @ a weight of its own.
  Id times(Id x, int64_t columns) { return matmul(x, input(columns, width(x))); }
  Id pointwise(std::initializer_list<Id> inputs) {
    const Id out = input(width(*inputs.begin()), height(*inputs.begin()));
    problem_.operators.push_back({OperatorType::kPointwise, {inputs}, out, pointwise_cost_});
    return out;
  }

  // Up to `copies` of a block of `size` operators on x_, and the sums of what they make.
  template <class Block>
  void in_parallel(uint32_t copies, uint32_t size, Block block) {
    copies = std::min(copies, (left() + 1) / (size + 1));
    Id sum = kNone;
    std::vector<Id> made;
    for (uint32_t i = 0; i < copies; ++i) made.push_back(block());
    for (Id tensor : made) sum = sum == kNone ? tensor : pointwise({sum, tensor});
    if (sum != kNone) x_ = sum;
  }

  uint32_t copies() { return static_cast<uint32_t>(2 + random_.below(15)); }

  void add_blocks(Family family) {
    switch (family) {
      case Family::kMixed:
        return add_blocks(kFamilies[1 + random_.below(std::size(kFamilies) - 1)].family);
      case Family::kChain:
        x_ = random_.below(3) == 0 ? pointwise({x_}) : times(x_, random_.below(2) == 0 ? model_ : hidden_);
        return;
      case Family::kAttention: {
        const Id transposed = left() >= 7 ? input(height(x_), width(x_)) : kNone;
        return in_parallel(copies(), 7, [&] {
          const Id queries = times(x_, head_);
          const Id keys = matmul(input(width(x_), head_), transposed);
          const Id weights = pointwise({matmul(queries, keys)});
          return times(matmul(weights, times(x_, head_)), model_);
        });
      }
      case Family::kExperts:
        return in_parallel(copies(), 5, [&] {
          const Id gate = pointwise({times(x_, hidden_)});
          const Id up = times(x_, hidden_);
          return times(pointwise({gate, up}), model_);
        });
      case Family::kSharedWeights: {
        if (left() >= 3 && (shared_[0] == kNone || width(x_) != height(shared_[0]))) {
          shared_[0] = input(hidden_, width(x_));
          shared_[1] = input(hidden_, hidden_);
        }
        const int64_t rows = height(x_);
        return in_parallel(copies(), 3, [&] {
          return times(matmul(matmul(input(height(shared_[0]), rows), shared_[0]), shared_[1]), model_);
        });
      }
      case Family::kReduction: {
        const uint32_t leaves = copies();
        const int64_t columns = width(x_);
        const int64_t rows = height(x_);
        if (left() < 2 * leaves) return;
        std::vector<Id> level{x_};
        for (uint32_t i = 0; i < leaves; ++i) level.push_back(pointwise({input(columns, rows)}));
        while (level.size() > 1) {
          std::vector<Id> next;
          for (size_t i = 0; i + 1 < level.size(); i += 2) next.push_back(pointwise({level[i], level[i + 1]}));
          if (level.size() % 2 == 1) next.push_back(level.back());
          level = std::move(next);
        }
        x_ = level.front();
        return;
      }
      case Family::kBranches:
        return in_parallel(static_cast<uint32_t>(3 + random_.below(4)), 5, [&] {
          const Id deep = times(pointwise({times(x_, hidden_)}), model_);
          return pointwise({deep, times(x_, model_)});
        });
      case Family::kResidual: {
        if (left() < 4) return;
        const Id deep = times(pointwise({times(x_, hidden_)}), width(x_));
        x_ = pointwise({deep, x_});
        return;
      }
      case Family::kDiamond: {
        if (left() < 4) return;
        const Id fork = pointwise({x_});
        const Id one = pointwise({fork});
        const Id other = random_.below(2) == 0 ? pointwise({fork, x_}) : pointwise({one, fork});
        x_ = pointwise({one, other});
        return;
      }
    }
  }

  void add_tail() {
    while (left() > 0) x_ = pointwise({x_});
  }

  GenerateOptions options_;
  Random random_;
  Problem problem_;
  double matmul_cost_ = 0;
  double pointwise_cost_ = 0;
  int64_t rows_ = 0, model_ = 0, hidden_ = 0, head_ = 0;
  Id shared_[2];
  Id x_ = 0;  // what the next block reads
};

}  // namespace

std::span<const FamilyName> families() { return kFamilies; }

Result<Problem> generate(const GenerateOptions& options) {
  if (options.operators > kMaxGenerated)
    return make_error(ErrorCode::kInvalidArgument,
                      sentence(options.operators, " operators; at most ", kMaxGenerated, " are generated"));
  if (options.native < 2 || options.native > 4096)
    return make_error(ErrorCode::kInvalidArgument,
                      sentence("a native granularity of ", options.native, "; it must be 2 to 4096"));
  return Generator(options).run();
}

}  // namespace rondo::fusion
