// Policy seed-first-fit: the published scheduler, exactly, defects included.
#pragma once
#include <cstdint>
#include "planner/tile/tile_form.h"
#include "rondo/result.h"

namespace rondo::tiling {

// Gives every micro-op an address, first fit at the lowest one, every piece in
// whole tiles. When nothing fits it drops the oldest allocation, and gives up if
// that is a result. Two known defects are part of the policy: the operands of the
// pending product may be dropped, and operand addresses are taken before the
// result is placed, so a result may land on its own operand. The verifier refuses
// such a stream (A01). With `label_buffers`, products and their loads carry k % 2,
// which changes no address.
// Errors: kDoesNotFit naming the piece.
Result<PlacedProgram> place_first_fit(const Graph& graph, const MicroProgram& program, uint64_t scratch_bytes,
                                      bool label_buffers);

}  // namespace rondo::tiling
