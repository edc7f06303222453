#include "tools/graph_check.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include "tools/describe.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

constexpr uint64_t kFewElements = 4096;

// "[3, 17]" of an element of a dense row-major tensor.
std::string coordinates(const std::vector<uint32_t>& shape, uint64_t index) {
  std::vector<uint32_t> place(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    place[axis] = static_cast<uint32_t>(index % shape[axis]);
    index /= shape[axis];
  }
  return shape_text(place);
}

const char* role_in_words(TensorRole role) {
  switch (role) {
    case TensorRole::kInput:
      return "input";
    case TensorRole::kConstant:
      return "constant";
    case TensorRole::kOutput:
      return "output";
    case TensorRole::kState:
      return "state";
    case TensorRole::kTable:
      return "table";
    case TensorRole::kIntermediate:
      return "intermediate";
  }
  return "?";
}

// The tensor of the run that the graph's tensor is, or why there is none.
Result<const NamedTensor*> find_tensor(const Graph& graph, const GraphTensor& wanted,
                                       const std::vector<NamedTensor>& tensors) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const NamedTensor& tensor) { return tensor.name == wanted.name; });
  const std::string what =
      std::string(role_in_words(wanted.role)) + " '" + wanted.name + "' of the graph " + graph.name;
  if (found == tensors.end())
    return make_error(ErrorCode::kInvalidArgument, what + " is not in the schedule: it was planned from another graph");
  if ((wanted.role == TensorRole::kState) != (found->role == Role::kState))
    return make_error(ErrorCode::kInvalidArgument,
                      what + " has role " + role_name(static_cast<uint8_t>(found->role)) + " in the schedule");
  if (found->shape != wanted.shape)
    return make_error(ErrorCode::kInvalidArgument,
                      what + " is " + shape_text(wanted.shape) + ", in the schedule it is " + shape_text(found->shape));
  if (found->dtype != wanted.dtype)
    return make_error(ErrorCode::kInvalidArgument, what + " is " + std::string(info(wanted.dtype).name) +
                                                       ", in the schedule it is " +
                                                       std::string(info(found->dtype).name));
  return &*found;
}

std::span<const float> floats_of(std::span<const std::byte> data) {
  return {reinterpret_cast<const float*>(data.data()), data.size() / sizeof(float)};
}

std::vector<int64_t> row_numbers(const NamedTensor& tensor) {
  std::vector<int64_t> rows;
  const size_t size = size_of(tensor.dtype);
  for (size_t at = 0; at < tensor.data.size(); at += size) {
    int64_t wide = 0;
    int32_t narrow = 0;
    std::memcpy(size == 4 ? static_cast<void*>(&narrow) : &wide, tensor.data.data() + at, size);
    rows.push_back(size == 4 ? narrow : wide);
  }
  return rows;
}

std::string verdict(const TensorCheck& one) {
  if (!one.agrees()) return "DIFFERS";
  return one.unbounded == 0 ? "agrees" : "agrees; no bound for " + with_commas(one.unbounded);
}

}  // namespace

Result<GraphCheck> check_graph(const Graph& graph, const std::vector<NamedTensor>& tensors,
                               const std::map<std::string, int64_t, std::less<>>& scalars) {
  GraphData given;
  given.scalars = scalars;
  std::vector<const NamedTensor*> left;    // by the replay
  std::vector<std::vector<int64_t>> rows;  // what given.indices points to
  rows.reserve(graph.tensors.size());
  for (const GraphTensor& wanted : graph.tensors) {
    if (wanted.role == TensorRole::kIntermediate) continue;
    const Result<const NamedTensor*> found = find_tensor(graph, wanted, tensors);
    if (!found.ok()) return found.error();
    if (wanted.role == TensorRole::kOutput || wanted.role == TensorRole::kState) left.push_back(*found);
    if (wanted.role == TensorRole::kOutput) continue;
    if (wanted.dtype == DType::kF32)
      given.floats.emplace(wanted.name, floats_of((*found)->data));
    else
      given.indices.emplace(wanted.name, rows.emplace_back(row_numbers(**found)));
  }
  const auto expected = evaluate_graph(graph, given);
  if (!expected.ok()) return expected.error();
  uint64_t elements = 0;
  for (const auto& [name, tensor] : *expected) elements += tensor.value.size();
  // Few elements say little of their spread.
  const auto usual = usual_errors(graph, given, *expected, elements < kFewElements ? 4 : 1);
  if (!usual.ok()) return usual.error();
  GraphCheck check;
  for (const NamedTensor* tensor : left) {
    const auto reference = expected->find(tensor->name);
    if (reference == expected->end()) continue;  // a state that no operator changes
    const std::span<const float> got = floats_of(tensor->role == Role::kState ? tensor->after : tensor->data);
    TensorCheck one{tensor->name, tensor->role, tensor->shape, compare(reference->second, got), 0, 0, {}};
    one.unusual = most_unusual(reference->second, usual->find(tensor->name)->second, got);
    one.worst_bound = reference->second.bound[one.comparison.worst_index];
    one.unbounded = static_cast<uint64_t>(std::count_if(reference->second.bound.begin(), reference->second.bound.end(),
                                                        [](double bound) { return std::isinf(bound); }));
    check.tensors.push_back(std::move(one));
  }
  return check;
}

bool GraphCheck::good() const {
  return std::all_of(tensors.begin(), tensors.end(), [](const TensorCheck& one) { return one.agrees(); });
}

std::string GraphCheck::failure() const {
  for (const TensorCheck& one : tensors) {
    const Comparison& worst = one.comparison;
    if (one.agrees()) continue;
    if (worst.agrees())
      return one.name + coordinates(one.shape, one.unusual.index) + " is off by " + number_text(one.unusual.ratio) +
             " times what rounding usually makes (" + number_text(kUnusual) +
             " are allowed), though within what it may make at worst";
    return one.name + coordinates(one.shape, worst.worst_index) + " is " + number_text(worst.worst_result) +
           ", should be " + number_text(worst.worst_value) + " within " + number_text(one.worst_bound) + " (" +
           counted(worst.outside, "element") + " of " + with_commas(worst.elements) + " outside)";
  }
  return {};
}

std::string GraphCheck::text() const {
  using enum Table::Align;
  Table table({"compared", "elements", "max error", "error / bound", "error / usual", "at", ""},
              {kLeft, kRight, kRight, kRight, kRight, kLeft, kLeft});
  for (const TensorCheck& one : tensors)
    table.add({one.role == Role::kState ? one.name + " (state)" : one.name, with_commas(one.comparison.elements),
               number_text(one.comparison.max_error), number_text(one.comparison.worst_ratio),
               number_text(one.unusual.ratio), coordinates(one.shape, one.comparison.worst_index), verdict(one)});
  return table.text();
}

Json GraphCheck::json() const {
  Json list = Json::array();
  for (const TensorCheck& one : tensors)
    list.add(Json::object()
                 .set("name", one.name)
                 .set("role", role_name(static_cast<uint8_t>(one.role)))
                 .set("elements", one.comparison.elements)
                 .set("outside", one.comparison.outside)
                 .set("max_error", one.comparison.max_error)
                 .set("worst_ratio", one.comparison.worst_ratio)
                 .set("worst_at", coordinates(one.shape, one.comparison.worst_index))
                 .set("unbounded", one.unbounded)
                 .set("unusual_ratio", one.unusual.ratio)
                 .set("unusual_at", coordinates(one.shape, one.unusual.index))
                 .set("agrees", one.agrees()));
  return Json::object().set("agrees", good()).set("tensors", list);
}

}  // namespace rondo::cli
