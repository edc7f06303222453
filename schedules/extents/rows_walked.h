// How many rows an operation walks: what short rows cost beside their bytes.
#pragma once
#include <cstdint>
#include <span>
#include "rondo/contract.h"
#include "rondo/schedule.h"

namespace rondo {

// All extents but the last, multiplied, of the operand that is written, or of the first
// one that is read and chosen from by no table where that has more elements (a reduction). At
// full extents, in elements of a view: of panels each is a row. `views` by operand of the
// contract, those that are not given with rank 0; 1 where nothing has rows.
uint64_t rows_walked(const Contract& contract, std::span<const View* const> views);

}  // namespace rondo
