// Ops whose results nobody reads in scratch, left out of a placed list.
#pragma once
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

// What drop_dead_calls cannot know before stores are placed: columns of whole rows that no
// reader wants, and that a store alone would have read which drop_dead_stores left out. Calls
// that write only such, and loads of only them, go; from `micro` too, and `stats` are
// counted again, so that bounds are of what is done.
void drop_unread_ops(MicroProgram& micro, PlacedProgram& program);

}  // namespace rondo::tiling
