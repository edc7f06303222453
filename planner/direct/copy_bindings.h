// Inputs and outputs of a device: copied in and out in blocks, beside what computes.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/direct/deal.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// Cuts the shares of groups that read a copied input row by row, or write a copied
// output, so that computing one block overlaps with copying the next.
void cut_for_copies(const DirectLayout& layout, Deal& deal);

// By group: the inputs whose copying begins before it. Blocked copies are not among
// them: their blocks are copied beside those of their segment.
std::vector<std::vector<uint32_t>> copies_before(const DirectLayout& layout);

// Copies all of an input in, or an output out, in blocks of rows, which the copy engines
// of all lanes take in turns.
void copy_in(LaneEmitter& lane, uint32_t tensor);
void copy_out(LaneEmitter& lane, uint32_t tensor);

// Copies one box by the lane's own engine.
void copy_in(LaneEmitter& lane, uint32_t tensor, const Box& box);
void copy_out(LaneEmitter& lane, uint32_t tensor, const Box& box);

}  // namespace rondo::direct
