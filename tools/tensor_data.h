// The content of bindings in a run: filled from a seed, summed up for printing.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include "rondo/dtype.h"
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo::cli {

// Fills `data` with values that depend on seed, name and position only: floats in
// [-1, 1), integers in [-8, 8) (unsigned ones in [0, 16)). f32 constants of two or
// more axes are scaled as planner/evaluate/random_data.h does: the size of what
// passes through a layer stays.
void fill_random(std::span<std::byte> data, const Binding& binding, uint64_t seed, std::string_view name);

// Fills an index table with legal entries: below index_limit, and all different
// where the table says so. kDoesNotFit if there are more entries than indices.
Status fill_random_table(std::span<std::byte> data, const Binding& table, uint64_t seed, std::string_view name);

struct Statistics {
  double min = 0, max = 0, mean = 0;  // of the elements that are numbers; 0 if there are none
  uint64_t elements = 0;
  uint64_t nans = 0, infinities = 0;  // neither counts for mean; infinities do for min and max
};
Statistics statistics_of(std::span<const std::byte> data, DType dtype);

// Element `index` as a double.
double element_at(std::span<const std::byte> data, DType dtype, uint64_t index);

}  // namespace rondo::cli
