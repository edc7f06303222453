// A roofline as a picture: one SVG file that needs nothing beside it.
#pragma once
#include <string>
#include <vector>
#include "runtime/roofline/roofline.h"

namespace rondo::cli {

struct RooflineTitle {
  std::string title;     // "mlp.rondo"
  std::string subtitle;  // machine, workers, replays: one line
};

// Both axes logarithmic: flops a byte of operands, GFLOP/s of one worker. A slope for
// each level of memory and a line for each width of vectors, named at their ends; a disc
// per row, as large as its share of the time and in the colour of its family, with what
// there is to say in its tooltip; the ridge; which roofs bind how much of the time; and
// the rows that take longest as a table. Follows the viewer's light or dark scheme.
// Without roofs only rows, without rows only roofs.
std::string roofline_svg(const std::vector<runtime::RooflineRow>& rows, const runtime::Roofs& roofs,
                         const RooflineTitle& title);

}  // namespace rondo::cli
