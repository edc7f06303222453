#include "tools/calibrate/kernel_rates.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include "rondo/contracts.h"
#include "runtime/floating_point.h"
#include "schedules/extents/extents.h"
#include "schedules/extents/rows_walked.h"
#include "tools/calibrate/sampling.h"

namespace rondo::calibrate {
namespace {

constexpr std::string_view kLeading = "...";
constexpr uint32_t kLeastShapes = 4;        // of a level that gets a rate of its own
constexpr uint32_t kLeastShapesOfRows = 6;  // and one with four terms

using Extents = std::vector<std::pair<std::string, uint32_t>>;

// The dimensions of a contract in the order its operands name them.
Extents dimensions_of(const Contract& contract) {
  Extents extents;
  const auto add = [&](std::string_view name) {
    for (const auto& [known, extent] : extents)
      if (known == name) return;
    extents.emplace_back(name, 1);
  };
  for (uint32_t i = 0; i < contract.operand_count; ++i) {
    const std::string_view dims = contract.operands[i].dims;
    for (uint32_t word = 0; word < word_count(dims); ++word) {
      if (word_at(dims, word) != kLeading) {
        add(word_at(dims, word));
      } else {
        add("row");
        add("column");
      }
    }
  }
  return extents;
}

// The axis along which the elements of an operand lie side by side.
bool is_innermost(const Contract& contract, std::string_view name) {
  for (uint32_t i = 0; i < contract.operand_count; ++i) {
    const std::string_view dims = contract.operands[i].dims;
    if (dims.empty()) continue;
    const std::string_view last = word_at(dims, word_count(dims) - 1);
    if (last == name || (last == kLeading && name == "column")) return true;
  }
  return false;
}

uint32_t extent_of(const Extents& extents, std::string_view name) {
  for (const auto& [known, extent] : extents)
    if (known == name) return extent;
  return 1;
}

DType dtype_of(const OperandContract& operand) {
  if ((operand.dtypes & set_of(DType::kF32)) != 0) return DType::kF32;
  if ((operand.dtypes & set_of(DType::kI32)) != 0) return DType::kI32;
  return static_cast<DType>(std::countr_zero(operand.dtypes));
}

// What the contract's formulas are evaluated at.
OpExtents formula_extents(const Contract& contract, const Extents& extents) {
  OpExtents op;
  for (uint32_t i = 0; i < contract.operand_count; ++i)
    if (contract.operands[i].use == Use::kTable) op.index_bytes = info(dtype_of(contract.operands[i])).bytes;
  for (const auto& [name, extent] : extents) {
    Dim dim;
    dim.extent = extent;
    if (name == "row" || name == "column") {
      op.leading[op.leading_count++] = dim;
    } else {
      dim.name = name;  // of `extents`, which outlives the result
      op.named[op.named_count++] = dim;
    }
  }
  return op;
}

uint64_t evaluated(const Contract& contract, const Formula& formula, const Extents& extents, uint32_t flags) {
  return evaluate(formula, formula_extents(contract, extents), static_cast<uint16_t>(flags)).value_or(UINT64_MAX);
}

uint32_t flags_of(const Contract& contract) {
  return (contract.flags & kOpInit) != 0 ? contract.flags & (kOpInit | kOpFinal) : 0u;
}

View view_of(const OperandContract& operand, const Extents& extents, uint16_t panel_width, DType dtype) {
  View view;
  view.dtype = static_cast<uint8_t>(dtype);
  std::vector<uint32_t> shape;
  for (uint32_t word = 0; word < word_count(operand.dims); ++word) {
    if (word_at(operand.dims, word) == kLeading) {
      shape.push_back(extent_of(extents, "row"));
      shape.push_back(extent_of(extents, "column"));
    } else {
      shape.push_back(extent_of(extents, word_at(operand.dims, word)));
    }
  }
  const bool rows_allowed = (operand.layouts & set_of(Layout::kRows)) != 0;
  const bool panels_allowed = (operand.layouts & set_of(Layout::kPanels)) != 0;
  auto stride = static_cast<int64_t>(info(dtype).bytes);
  if (panels_allowed && (!rows_allowed || panel_width != 0)) {
    const uint16_t width = panel_width != 0 ? panel_width : kPanelWidths[0];
    const uint32_t k = shape[0], n = shape[1];
    view.layout = static_cast<uint8_t>(Layout::kPanels);
    view.block_columns = width;
    shape = {(n + width - 1) / width, k};
    stride *= width;
  }
  view.rank = static_cast<uint8_t>(shape.size());
  for (size_t axis = shape.size(); axis > 0; --axis) {
    view.extent[axis - 1] = shape[axis - 1];
    view.stride_bytes[axis - 1] = stride;
    stride *= shape[axis - 1];
  }
  return view;
}

uint64_t bytes_of(const View& view) {
  uint64_t bytes = static_cast<uint64_t>(view.rank == 0 ? info(static_cast<DType>(view.dtype)).bytes : 0);
  if (view.rank != 0) bytes = view.extent[0] * static_cast<uint64_t>(view.stride_bytes[0]);
  return bytes;
}

// Numbers between 0.5 and 1, the same in every block: no kernel overflows or meets a
// subnormal, and filling 100 MB is quick.
void fill_floats(std::span<std::byte> bytes) {
  constexpr size_t kBlock = 4096;
  float block[kBlock / 4];
  uint32_t state = 1;
  for (float& value : block) {
    state = state * 1664525 + 1013904223;
    value = 0.5f + static_cast<float>(state >> 9) * (0.5f / (1 << 23));
  }
  for (size_t at = 0; at < bytes.size(); at += kBlock)
    std::memcpy(bytes.data() + at, block, std::min(kBlock, bytes.size() - at));
}

// Rows of the operand that is indexed, in no order that a prefetcher finds.
void fill_indices(std::span<std::byte> bytes, DType dtype, uint32_t rows) {
  uint32_t state = 1;
  for (size_t at = 0; at + info(dtype).bytes <= bytes.size(); at += info(dtype).bytes) {
    state = state * 1664525 + 1013904223;
    const auto index = static_cast<int32_t>((uint64_t{state} * rows) >> 32);
    const auto wide = static_cast<int64_t>(index);
    if (dtype == DType::kI64)
      std::memcpy(bytes.data() + at, &wide, sizeof wide);
    else
      std::memcpy(bytes.data() + at, &index, sizeof index);
  }
}

// How many rows the entries of table `table` choose from.
uint32_t rows_of_table(const Contract& contract, const Extents& extents, uint32_t table) {
  for (uint32_t i = 0; i < contract.operand_count; ++i)
    if (contract.operands[i].indexed_by == static_cast<int8_t>(table))
      return extent_of(extents, word_at(contract.operands[i].dims, 0));
  return 1;
}

uint32_t param_of(const ParamContract& param) {
  if (param.kind != ParamKind::kF32) return 0;
  return std::bit_cast<uint32_t>(std::clamp(1e-3f, param.low, param.high));
}

// Number `index` of the Halton sequence of `base`: in (0, 1).
double halton(uint32_t index, uint32_t base) {
  double result = 0, part = 1;
  for (++index; index > 0; index /= base) {
    part /= base;
    result += part * (index % base);
  }
  return result;
}

}  // namespace

std::optional<SampledOp> make_op(const Contract& contract, const std::vector<uint32_t>& wanted,
                                 const ShapeLimits& limits) {
  SampledOp op;
  op.extents = dimensions_of(contract);
  for (size_t i = 0; i < op.extents.size() && i < wanted.size(); ++i) op.extents[i].second = wanted[i];
  op.flags = flags_of(contract);
  op.flops = evaluated(contract, contract.flops, op.extents, op.flags);
  op.bytes = evaluated(contract, contract.bytes, op.extents, op.flags);
  op.params.resize(4);
  for (size_t i = 0; i < contract.params.size(); ++i) op.params[i] = param_of(contract.params[i]);
  for (uint32_t i = 0; i < contract.operand_count; ++i) {
    const OperandContract& operand = contract.operands[i];
    op.views.push_back(view_of(operand, op.extents, limits.panel_width, dtype_of(operand)));
    op.memory.emplace_back();
    if (operand.optional != 0) continue;
    op.memory.back() = cli::AlignedBytes(bytes_of(op.views.back()), 4096);
    if (op.memory.back().data() == nullptr) return std::nullopt;
    if (operand.use == Use::kTable)
      fill_indices(op.memory.back().bytes(), dtype_of(operand), rows_of_table(contract, op.extents, i));
    else
      fill_floats(op.memory.back().bytes());
  }
  std::vector<const View*> views;
  for (const View& view : op.views) views.push_back(&view);
  op.rows = rows_walked(contract, views);
  return op;
}

std::optional<SampledOp> sample_op(const Contract& contract, uint32_t index, uint32_t count,
                                   const ShapeLimits& limits) {
  constexpr uint32_t kBases[] = {2, 3, 5, 7, 11, 13};
  Extents extents = dimensions_of(contract);
  const uint32_t flags = flags_of(contract);
  const double part = count > 1 ? static_cast<double>(index) / (count - 1) : 0;
  const double target =
      static_cast<double>(limits.least_bytes) *
      std::pow(static_cast<double>(limits.most_bytes) / static_cast<double>(limits.least_bytes), part);
  // Rows of fewer elements than this are rare, and their cost is one of rows, not of work.
  constexpr uint32_t kShortest = 12;
  const auto least_of = [&](const std::string& name) { return is_innermost(contract, name) ? kShortest : 1u; };
  for (size_t i = 0; i < extents.size(); ++i)
    extents[i].second = std::max(least_of(extents[i].first),
                                 static_cast<uint32_t>(std::exp2(10 * halton(index, kBases[i % std::size(kBases)]))));
  const auto bytes = [&] { return static_cast<double>(evaluated(contract, contract.bytes, extents, flags)); };
  // Grown or shrunk one after the other until the bytes are about right.
  for (size_t turn = 0; turn < 400 && !extents.empty(); ++turn) {
    auto& [name, extent] = extents[turn % extents.size()];
    const double now = bytes();
    if (now > 1.2 * target && extent > least_of(name))
      extent = std::max(least_of(name), extent * 4 / 5);
    else if (now < target / 1.2 && extent < 1u << 26)
      extent += std::max<uint32_t>(1, extent / 4);
  }
  // Too much arithmetic: the extent goes down that costs fewest bytes.
  while (evaluated(contract, contract.flops, extents, flags) > limits.most_flops) {
    uint32_t* least = nullptr;
    double kept = -1;
    for (auto& [name, extent] : extents) {
      if (extent < 2 * least_of(name)) continue;
      const uint32_t before = extent;
      const uint64_t flops = evaluated(contract, contract.flops, extents, flags);
      extent /= 2;
      const double left = evaluated(contract, contract.flops, extents, flags) < flops ? bytes() : -1;
      extent = before;
      if (left > kept) kept = left, least = &extent;
    }
    if (least == nullptr) break;
    *least /= 2;
  }
  std::vector<uint32_t> wanted;
  for (const auto& [name, extent] : extents) wanted.push_back(extent);
  return make_op(contract, wanted, limits);
}

TimedOp time_op(const kernels::KernelEntry& kernel, SampledOp& op, double seconds) {
  const runtime::FloatingPointGuard guard;
  kernels::KernelArgs args = {};
  for (size_t i = 0; i < op.views.size(); ++i) {
    args.data[i] = op.memory[i].size() != 0 ? op.memory[i].data() : nullptr;
    args.view[i] = &op.views[i];
  }
  args.params = op.params.data();
  args.flags = op.flags;
  const Rate rate = sample_rate(1, seconds, [&](uint64_t rounds) {
    for (; rounds > 0; --rounds) kernel.fn(args);
  });
  return {static_cast<double>(op.flops), static_cast<double>(op.bytes), 1e9 / rate.value, static_cast<double>(op.rows)};
}

KernelCost cost_of(const std::string& kernel, const std::vector<TimedOp>& ops) {
  std::vector<TimedOp> without_rows = ops;
  for (TimedOp& op : without_rows) op.rows = 0;
  KernelCost cost = fit_cost(without_rows);
  cost.kernel = kernel;
  return cost;
}

std::vector<KernelRate> rates_of(const std::string& kernel, const std::vector<TimedOp>& ops, const Machine& machine) {
  std::vector<KernelRate> rates;
  std::vector<std::string> levels;
  for (const MachineCache& cache : machine.caches) levels.push_back(cache.name);
  levels.push_back("memory");
  for (const std::string& level : levels) {
    std::vector<TimedOp> here;
    for (const TimedOp& op : ops)
      if (machine.level_of(static_cast<uint64_t>(op.bytes)) == level) here.push_back(op);
    if (here.size() < kLeastShapes) continue;
    if (here.size() < kLeastShapesOfRows)
      for (TimedOp& op : here) op.rows = 0;
    rates.push_back({level, fit_cost(here)});
    rates.back().cost.kernel = kernel;
  }
  return rates;
}

}  // namespace rondo::calibrate
