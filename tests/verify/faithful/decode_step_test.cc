// The step of a transformer that appends one row to each layer's cache and attends to
// all rows up to it: twelve layers, heads as columns of one cache, rings, two lanes.
//
//   lane 0: embed | q, k -> cache, v -> cache | even heads |       | wo | ...
//   lane 1:                                   | odd heads  | ------^
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>
#include "rondo/verify.h"
#include "schedules/builder/builder.h"

namespace rondo {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// What one operand or op of the step is made to be instead.
enum class Change {
  kNone,
  kReadOneRowMore,
  kAppendOneRowOn,
  kNoValueRow,       // v is not appended
  kAppendAfterUse,   // the first layer's keys come after its heads
  kOtherColumns,     // a head takes the next one's keys
  kOtherLayer,       // a head takes the keys of the layer before
  kNoWait,           // odd heads do not wait for the projections
  kEmbeddingAtRest,  // the row of the position is named as row 0
  kOneRowTooMany,    // the position reaches the capacity, and does not wrap
  kTwoPositions,     // keys are appended at another scalar
};

struct Shape {
  uint32_t layers = 2, heads = 3, head = 4, capacity = 16;
  bool ring = false;
  uint32_t lanes = 1;
  Change change = Change::kNone;
};

class Step {
 public:
  explicit Step(const Shape& shape) : shape_(shape), width_(shape.heads * shape.head) {}

  Schedule make() {
    declare();
    for (uint32_t lane = 0; lane < shape_.lanes; ++lane) builder_.stream("lane", lane, Engine::kCompute);
    embed();
    for (uint32_t layer = 0; layer < shape_.layers; ++layer) add_layer(layer);
    add(0, "relu", {read(arena_, at_h(shape_.layers), row_, h_[shape_.layers]), write(y_, 0, row_, tensor_y_)});
    builder_.schedule().lane_count = shape_.lanes;
    return builder_.finish();
  }

 private:
  struct Labelled {
    OperandSpec spec;
  };

  bool is(Change change) const { return shape_.change == change; }
  uint64_t row_bytes() const { return uint64_t{width_} * 4; }
  uint64_t at_q() const { return 0; }
  uint64_t at_o() const { return row_bytes(); }
  uint64_t at_h(uint32_t layer) const { return (2 + layer % 2) * row_bytes(); }

  void declare() {
    const uint16_t host = builder_.space("host", SpaceKind::kHost, uint64_t{1} << 30);
    arena_ = builder_.arena("s", host, 4 * row_bytes());
    x_ = builder_.binding("x", Role::kInput, DType::kF32, {1, width_});
    wpe_ = builder_.binding("wpe", Role::kConstant, DType::kF32, {shape_.capacity, width_});
    for (const char* name : {"wq", "wk", "wv", "wo"})
      weights_.push_back(builder_.binding(name, Role::kConstant, DType::kF32, {width_, width_}));
    Schedule& schedule = builder_.schedule();
    const int64_t most = shape_.ring ? 1000000 : shape_.capacity - (is(Change::kOneRowTooMany) ? 0 : 1);
    schedule.scalars.push_back({.name = builder_.name("pos"), .min = 0, .max = most});
    schedule.scalars.push_back({.name = builder_.name("other"), .min = 0, .max = shape_.capacity - 1});
    for (uint32_t layer = 0; layer < shape_.layers; ++layer) {
      caches_.push_back(
          builder_.binding("kv" + std::to_string(layer), Role::kState, DType::kF32, {shape_.capacity, 2 * width_}));
      Binding& cache = schedule.bindings.back();
      cache.filled_scalar = 0;
      cache.filled_scale = 1;
    }
    y_ = builder_.binding("y", Role::kOutput, DType::kF32, {1, width_});
    builder_.phase("p");

    tensor_x_ = builder_.tensor("x", DType::kF32, {1, width_}, x_);
    tensor_wpe_ = builder_.tensor("wpe", DType::kF32, {shape_.capacity, width_}, wpe_);
    for (uint32_t i = 0; i < 4; ++i)
      tensor_w_.push_back(builder_.tensor(schedule.name(schedule.bindings[weights_[i] - 1].name), DType::kF32,
                                          {width_, width_}, weights_[i]));
    for (uint32_t layer = 0; layer < shape_.layers; ++layer)
      tensor_cache_.push_back(
          builder_.tensor("kv" + std::to_string(layer), DType::kF32, {shape_.capacity, 2 * width_}, caches_[layer]));
    tensor_y_ = builder_.tensor("y", DType::kF32, {1, width_}, y_);
    for (uint32_t layer = 0; layer <= shape_.layers; ++layer) {
      h_.push_back(builder_.tensor("h" + std::to_string(layer), DType::kF32, {1, width_}));
      q_.push_back(builder_.tensor("q" + std::to_string(layer), DType::kF32, {1, width_}));
      o_.push_back(builder_.tensor("o" + std::to_string(layer), DType::kF32, {1, width_}));
    }
    row_ = builder_.view(DType::kF32, {1, width_}, {int64_t{width_} * 4, 4});
    square_ = builder_.view(DType::kF32, {width_, width_}, {int64_t{width_} * 4, 4});
    head_row_ = builder_.view(DType::kF32, {1, shape_.head}, {int64_t{width_} * 4, 4});
    embedding_row_ = at_position(width_ * 4, 0, 0, shape_.capacity);
    const int64_t wraps = shape_.ring ? shape_.capacity : int64_t{1} << 20;
    append_ = at_position(2 * width_ * 4, is(Change::kAppendOneRowOn) ? 1 : 0, 0, wraps);
    append_keys_ = is(Change::kTwoPositions) ? at_position(2 * width_ * 4, 0, 1, wraps) : append_;
    View keys;
    keys.rank = 2;
    keys.extent[0] = shape_.capacity;
    keys.extent[1] = shape_.head;
    keys.stride_bytes[0] = 2 * width_ * 4;
    keys.stride_bytes[1] = 4;
    keys.scalar = 0;
    keys.extent_axis = 0;
    keys.extent_scale = 1;
    keys.extent_bias = is(Change::kReadOneRowMore) ? 2 : 1;
    keys_ = builder_.view(keys);
    projected_ = builder_.token(false, Part::kReplay, TokenScope::kDevice);
    attended_ = builder_.token(false, Part::kReplay, TokenScope::kDevice);
  }

  // A row of `width` floats at row (pos + bias) mod `modulus` of `pitch` bytes.
  uint32_t at_position(uint32_t pitch, int64_t bias, uint32_t scalar, int64_t modulus) {
    View view;
    view.rank = 2;
    view.extent[0] = 1;
    view.extent[1] = width_;
    view.stride_bytes[0] = pitch;
    view.stride_bytes[1] = 4;
    view.scalar = scalar;
    view.offset_scale = 1;
    view.offset_bias = bias;
    view.offset_modulus = modulus;
    view.offset_step_bytes = pitch;
    return builder_.view(view);
  }

  OperandSpec operand(uint16_t base, uint64_t offset, uint32_t view, Access access, Value value) {
    return {.base = base,
            .offset_bytes = offset,
            .view = view,
            .access = access,
            .label = {.value = builder_.value(value)}};
  }
  // All of a matrix, or `columns` from `column` on of `rows` rows.
  Value box(uint32_t tensor, uint32_t column = 0, uint32_t columns = 0, uint32_t rows = 0) const {
    const Tensor& whole = schedule().tensors[tensor];
    Value value;
    value.tensor = tensor;
    value.low[1] = column;
    value.extent[0] = rows != 0 ? rows : whole.shape[0];
    value.extent[1] = columns != 0 ? columns : whole.shape[1];
    value.axis[0] = 0;
    value.axis[1] = 1;
    return value;
  }
  const Schedule& schedule() const { return const_cast<Step*>(this)->builder_.schedule(); }
  OperandSpec read(uint16_t base, uint64_t offset, uint32_t view, uint32_t tensor) {
    return operand(base, offset, view, Access::kRead, box(tensor));
  }
  OperandSpec write(uint16_t base, uint64_t offset, uint32_t view, uint32_t tensor) {
    return operand(base, offset, view, Access::kWrite, box(tensor));
  }

  void add(uint32_t stream, std::string_view kernel, std::vector<OperandSpec> operands, uint16_t flags = 0,
           std::vector<Wait> waits = {}, std::vector<SignalSpec> signals = {}) {
    OpSpec op{.kernel = kernel, .operands = std::move(operands), .flags = flags};
    if (kernel == "attention") op.params[1] = std::bit_cast<uint32_t>(0.5f);
    op.waits = std::move(waits);
    op.signals = std::move(signals);
    builder_.add(stream, op);
  }

  void embed() {
    Value row = box(tensor_wpe_, 0, 0, 1);
    row.moves_along = is(Change::kEmbeddingAtRest) ? 0 : 1;
    add(0, "add",
        {read(x_, 0, row_, tensor_x_), operand(wpe_, 0, embedding_row_, Access::kRead, row),
         write(arena_, at_h(0), row_, h_[0])});
  }

  void project(uint32_t layer, uint32_t weight, OperandSpec result, std::vector<SignalSpec> signals = {}) {
    add(0, "matmul",
        {read(arena_, at_h(layer), row_, h_[layer]), read(weights_[weight], 0, square_, tensor_w_[weight]),
         std::move(result)},
        kOpInit | kOpFinal, {}, std::move(signals));
  }

  // Keys (0) or values (1) of the row at hand.
  OperandSpec appended(uint32_t layer, uint32_t half) {
    Value row = box(tensor_cache_[layer], half * width_, width_, 1);
    row.moves_along = 1;
    return operand(caches_[layer], half * row_bytes(), half == 0 ? append_keys_ : append_, Access::kWrite, row);
  }

  void attend(uint32_t layer, uint32_t head, uint32_t stream, std::vector<Wait> waits,
              std::vector<SignalSpec> signals) {
    const uint64_t column = uint64_t{head} * shape_.head * 4;
    uint64_t key_column = column;
    uint16_t keys_from = caches_[layer];
    if (is(Change::kOtherColumns) && head == 0) key_column += shape_.head * 4;
    if (is(Change::kOtherLayer) && layer == 1) keys_from = caches_[0];
    const uint32_t first = head * shape_.head;
    add(stream, "attention",
        {operand(arena_, at_q() + column, head_row_, Access::kRead, box(q_[layer], first, shape_.head)),
         operand(keys_from, key_column, keys_, Access::kRead, box(tensor_cache_[layer], first, shape_.head)),
         operand(caches_[layer], row_bytes() + column, keys_, Access::kRead,
                 box(tensor_cache_[layer], width_ + first, shape_.head)),
         operand(arena_, at_o() + column, head_row_, Access::kWrite, box(o_[layer], first, shape_.head))},
        0, std::move(waits), std::move(signals));
  }

  void add_layer(uint32_t layer) {
    const bool two = shape_.lanes > 1;
    const bool late = is(Change::kAppendAfterUse) && layer == 0;
    project(layer, 0, write(arena_, at_q(), row_, q_[layer]));
    if (!late) project(layer, 1, appended(layer, 0));
    std::vector<SignalSpec> ready;
    if (two) ready.push_back({projected_});
    if (is(Change::kNoValueRow))
      builder_.add(0, {.kernel = "", .signals = ready});
    else
      project(layer, 2, appended(layer, 1), ready);
    for (uint32_t head = 0; head < shape_.heads; ++head)
      if (!two || head % 2 == 0) attend(layer, head, 0, {}, {});
    if (two) {
      const bool waits = !is(Change::kNoWait);
      for (uint32_t head = 1; head < shape_.heads; head += 2)
        attend(layer, head, 1, head == 1 && waits ? std::vector<Wait>{{projected_, layer + 1}} : std::vector<Wait>{},
               head + 2 >= shape_.heads ? std::vector<SignalSpec>{{attended_}} : std::vector<SignalSpec>{});
    }
    if (late) project(layer, 1, appended(layer, 0));
    std::vector<Wait> joined;
    if (two) joined.push_back({attended_, layer + 1});
    add(0, "matmul",
        {read(arena_, at_o(), row_, o_[layer]), read(weights_[3], 0, square_, tensor_w_[3]),
         write(arena_, at_h(layer + 1), row_, h_[layer + 1])},
        kOpInit | kOpFinal, joined);
  }

  Shape shape_;
  uint32_t width_;
  ScheduleBuilder builder_;
  uint16_t arena_ = 0, x_ = 0, wpe_ = 0, y_ = 0;
  std::vector<uint16_t> weights_, caches_;
  uint32_t tensor_x_ = 0, tensor_wpe_ = 0, tensor_y_ = 0;
  std::vector<uint32_t> tensor_w_, tensor_cache_, h_, q_, o_;
  uint32_t row_ = 0, square_ = 0, head_row_ = 0, embedding_row_ = 0, append_ = 0, append_keys_ = 0, keys_ = 0;
  uint32_t projected_ = 0, attended_ = 0;
};

std::vector<std::string> said_of(const Shape& shape) {
  const Report report = verify(Step(shape).make()).report;
  std::vector<std::string> lines;
  for (const Finding& finding : report.findings) lines.push_back(std::string(finding.rule) + " " + finding.message);
  EXPECT_EQ(lines.empty(), report.faithful()) << report.summary();
  return lines;
}

TEST(DecodeStep, IsFaithfulForEveryPosition) {
  for (const bool ring : {false, true})
    for (const uint32_t lanes : {1u, 2u}) {
      EXPECT_THAT(said_of({.ring = ring, .lanes = lanes}), IsEmpty());
      EXPECT_THAT(said_of({.layers = 12, .heads = 12, .head = 4, .capacity = 1024, .ring = ring, .lanes = lanes}),
                  IsEmpty());
      EXPECT_THAT(said_of({.layers = 1, .heads = 1, .head = 1, .capacity = 1, .ring = ring}), IsEmpty());
    }
}

TEST(DecodeStep, ReadsNoRowThatIsNotThere) {
  for (const bool ring : {false, true}) {
    EXPECT_THAT(said_of({.ring = ring, .change = Change::kReadOneRowMore}), Contains(HasSubstr("M04 op")));
    EXPECT_THAT(said_of({.ring = ring, .change = Change::kAppendOneRowOn}),
                Contains(HasSubstr(ring ? "M04 op" : "M01 op")));
    EXPECT_THAT(said_of({.ring = ring, .change = Change::kNoValueRow}), Contains(HasSubstr("M04 op")));
    EXPECT_THAT(said_of({.ring = ring, .change = Change::kAppendAfterUse}), Contains(HasSubstr("M04 op")));
    EXPECT_THAT(said_of({.ring = ring, .change = Change::kTwoPositions}), Contains(HasSubstr("M04 op")));
  }
  EXPECT_THAT(said_of({.change = Change::kOneRowTooMany}), Contains(HasSubstr("M01 op")));
}

TEST(DecodeStep, ReadsTheRowsItNames) {
  for (const bool ring : {false, true}) {
    EXPECT_THAT(said_of({.ring = ring, .change = Change::kOtherColumns}),
                Contains(HasSubstr("reads 'kv0'[0:16, 0:4] from state 'kv0' at byte 16")));
    EXPECT_THAT(said_of({.ring = ring, .change = Change::kOtherLayer}),
                Contains(HasSubstr("reads 'kv1'[0:16, 0:4] from state 'kv0' at byte 0")));
    EXPECT_THAT(said_of({.ring = ring, .change = Change::kEmbeddingAtRest}),
                Contains(HasSubstr("reads 'wpe'[0:1, 0:12] from constant 'wpe' at byte 0")));
  }
}

TEST(DecodeStep, HeadsOfAnotherLaneWaitForTheRow) {
  EXPECT_THAT(said_of({.lanes = 2, .change = Change::kNoWait}), Contains(HasSubstr("H01 op")));
}

// Every field by which a scalar or a label places rows of a cache, changed by itself.
TEST(DecodeStep, EachFieldOfARowIsNeeded) {
  struct Edit {
    const char* what;
    void (*of_view)(View&);
    void (*of_value)(Value&);
  };
  constexpr Edit kEdits[] = {
      {"a row on", [](View& view) { view.offset_bias += 1; }, nullptr},
      {"every other row", [](View& view) { view.offset_scale = 2; }, nullptr},
      {"always the first row", [](View& view) { view.offset_scale = 0; }, nullptr},
      {"wraps a row early", [](View& view) { view.offset_modulus -= 1; }, nullptr},
      {"steps of two rows", [](View& view) { view.offset_step_bytes *= 2; }, nullptr},
      {"another scalar", [](View& view) { view.scalar = 1; }, nullptr},
      {"a row more", [](View& view) { view.extent_bias += 1; }, nullptr},
      {"a row fewer", [](View& view) { view.extent_bias -= 1; }, nullptr},
      {"no bound", [](View& view) { view.extent_axis = 0xff, view.extent_scale = view.extent_bias = 0; }, nullptr},
      {"at rest", nullptr, [](Value& value) { value.moves_along = value.moves_along == 0 ? 1 : 0; }},
      {"along columns", nullptr, [](Value& value) { value.moves_along = 2; }},
      {"named a row on", nullptr, [](Value& value) { value.low[0] += 1, value.extent[0] -= value.extent[0] > 1; }},
      {"another tensor", nullptr, [](Value& value) { value.tensor -= 1; }},
      {"an unfinished sum", nullptr, [](Value& value) { value.version = 1; }},
  };
  uint32_t refused = 0;
  for (const bool ring : {false, true}) {
    const Schedule step = Step({.layers = 2, .heads = 2, .capacity = 8, .ring = ring}).make();
    for (uint32_t i = 0; i < step.operands.size(); ++i) {
      const Operand& operand = step.operands[i];
      if (step.is_arena(operand.base) || step.binding_of(operand.base).role != static_cast<uint8_t>(Role::kState))
        continue;
      const View& view = step.views[operand.view];
      for (const Edit& edit : kEdits) {
        Schedule changed = step;
        View other = view;
        Value value = step.values[step.labels[i].value];
        if (edit.of_view != nullptr) edit.of_view(other);
        if (edit.of_value != nullptr) edit.of_value(value);
        const bool moves = view.offset_step_bytes != 0;
        if (other.offset_step_bytes == 0 && (other.offset_scale | other.offset_bias | other.offset_modulus) != 0)
          continue;
        if (other.extent_axis == 0xff) {
          if (view.extent_axis != 0xff) other.scalar = kNone;
          if (other.extent_bias != 0) continue;
        }
        if (other == view && value == step.values[step.labels[i].value]) continue;
        if (!ring && moves && other.offset_modulus != view.offset_modulus) continue;  // it never wraps
        changed.operands[i].view = static_cast<uint32_t>(changed.views.size());
        changed.views.push_back(other);
        changed.labels[i].value = static_cast<uint32_t>(changed.values.size());
        changed.values.push_back(value);
        const Report report = verify(std::move(changed)).report;
        EXPECT_FALSE(report.faithful()) << edit.what << ", operand " << i << (ring ? " of the ring" : "");
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 150u);
}

}  // namespace
}  // namespace rondo
