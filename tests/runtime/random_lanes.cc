#include "tests/runtime/random_lanes.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>
#include "schedules/builder/builder.h"

namespace rondo::fixtures {
namespace {

constexpr uint32_t kInputs = 4, kRows = 3;

class Maker {
 public:
  Maker(uint64_t seed, const RandomLanesOptions& options) : random_(seed), options_(options) {}

  Schedule make() {
    const uint64_t tile_bytes = uint64_t{kRows} * options_.columns * 4;
    pitch_bytes_ = (tile_bytes + 63) / 64 * 64;
    const uint16_t space = builder_.space("scratch", SpaceKind::kScratch, uint64_t{1} << 24);
    builder_.space("host", SpaceKind::kHost, uint64_t{1} << 24);
    arena_ = builder_.arena("tiles", space, options_.tiles * pitch_bytes_);
    x_ = builder_.binding("x", Role::kInput, DType::kF32, {kInputs, kRows * options_.columns});
    y_ = builder_.binding("y", Role::kOutput, DType::kF32, {options_.tiles, kRows * options_.columns});
    builder_.schedule().lane_count = options_.lanes;
    builder_.phase("first");
    builder_.phase("second");
    for (const char* kernel : {"copy", "relu", "gelu", "softmax"}) unary_.push_back(kernel);
    for (const char* kernel : {"add", "mul"}) binary_.push_back(kernel);
    box_ = builder_.view(DType::kF32, {kRows, options_.columns}, {int64_t{options_.columns} * 4, 4});
    make_streams();
    last_write_.assign(options_.tiles, {});
    last_reads_.assign(options_.tiles, {});
    // Every tile is written once, so that y is whole; then the ops that were asked for.
    for (uint32_t tile = 0; tile < options_.tiles; ++tile)
      add("copy", {read(x_, below(kInputs) * tile_bytes)}, {}, tile, pick_stream());
    for (uint32_t i = 0; i < options_.ops; ++i) {
      phase_ = i < options_.ops / 2 ? 0 : 1;
      make_op();
    }
    if (below(2) == 0) make_join();
    for (uint32_t tile = 0; tile < options_.tiles; ++tile) make_output(tile, tile * tile_bytes);
    return builder_.finish();
  }

 private:
  struct Ran {
    uint32_t stream = kNone;
    uint32_t number = 0;  // of the signals of that stream's token, from 1
  };

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  uint32_t pick_stream() { return below(static_cast<uint32_t>(tokens_.size())); }

  void make_streams() {
    for (uint32_t lane = 0; lane < options_.lanes; ++lane)
      for (uint32_t copy = 0; copy < 1 + below(2); ++copy) {
        builder_.stream("s" + std::to_string(tokens_.size()), lane, Engine::kCompute);
        tokens_.push_back(builder_.token(false, Part::kReplay, TokenScope::kDevice));
        sent_.push_back(0);
        known_.emplace_back();
      }
    for (std::vector<uint32_t>& known : known_) known.assign(tokens_.size(), 0);
  }

  OperandSpec read(uint16_t base, uint64_t offset) { return {base, offset, box_, Access::kRead}; }
  OperandSpec tile_read(uint32_t tile) { return read(arena_, tile * pitch_bytes_); }

  // Waits for `from`, unless the stream waited for it or a later one before.
  void need(std::vector<Wait>& waits, uint32_t stream, const Ran& from) {
    if (from.stream == kNone || from.stream == stream || known_[stream][from.stream] >= from.number) return;
    known_[stream][from.stream] = from.number;
    std::erase_if(waits, [&](const Wait& wait) { return wait.token == tokens_[from.stream]; });
    waits.push_back({tokens_[from.stream], from.number});
  }

  Ran add(const char* kernel, std::vector<OperandSpec> operands, const std::vector<uint32_t>& reads, uint32_t target,
          uint32_t stream) {
    std::vector<Wait> waits;
    for (const uint32_t tile : reads) need(waits, stream, last_write_[tile]);
    need(waits, stream, last_write_[target]);
    for (const Ran& reader : last_reads_[target]) need(waits, stream, reader);
    operands.push_back({arena_, target * pitch_bytes_, box_, Access::kWrite});
    builder_.add(stream, {.kernel = kernel,
                          .operands = std::move(operands),
                          .phase = phase_,
                          .waits = std::move(waits),
                          .signals = {{tokens_[stream]}}});
    const Ran ran = {stream, ++sent_[stream]};
    for (const uint32_t tile : reads) last_reads_[tile].push_back(ran);
    last_write_[target] = ran;
    last_reads_[target].clear();
    return ran;
  }

  void make_op() {
    const uint32_t a = below(options_.tiles), b = below(options_.tiles);
    uint32_t target = below(options_.tiles);
    while (target == a || target == b) target = (target + 1) % options_.tiles;
    if (below(2) == 0)
      add(unary_[below(static_cast<uint32_t>(unary_.size()))], {tile_read(a)}, {a}, target, pick_stream());
    else
      add(binary_[below(static_cast<uint32_t>(binary_.size()))], {tile_read(a), tile_read(b)}, {a, b}, target,
          pick_stream());
  }

  // All streams wait for all: a token that several streams signal.
  void make_join() {
    const auto streams = static_cast<uint32_t>(tokens_.size());
    const uint32_t join = builder_.token(true, Part::kReplay, TokenScope::kDevice);
    for (uint32_t stream = 0; stream < streams; ++stream)
      builder_.add(stream, {.kernel = "", .phase = phase_, .signals = {{join}}});
    for (uint32_t stream = 0; stream < streams; ++stream) {
      builder_.add(stream, {.kernel = "", .phase = phase_, .waits = {{join, streams}}});
      known_[stream] = sent_;
    }
  }

  void make_output(uint32_t tile, uint64_t offset) {
    const uint32_t stream = pick_stream();
    std::vector<Wait> waits;
    need(waits, stream, last_write_[tile]);
    builder_.add(stream, {.kernel = "copy",
                          .operands = {tile_read(tile), {y_, offset, box_, Access::kWrite}},
                          .phase = phase_,
                          .waits = std::move(waits)});
  }

  std::mt19937_64 random_;
  const RandomLanesOptions options_;
  ScheduleBuilder builder_;
  uint64_t pitch_bytes_ = 0;
  uint16_t arena_ = 0, x_ = 0, y_ = 0, phase_ = 0;
  uint32_t box_ = 0;
  std::vector<const char*> unary_, binary_;
  std::vector<uint32_t> tokens_, sent_;       // by stream
  std::vector<std::vector<uint32_t>> known_;  // by stream: the last number of each other it waited for
  std::vector<Ran> last_write_;               // by tile
  std::vector<std::vector<Ran>> last_reads_;  // by tile, since the last write
};

}  // namespace

Schedule random_lanes(uint64_t seed, const RandomLanesOptions& options) { return Maker(seed, options).make(); }

}  // namespace rondo::fixtures
