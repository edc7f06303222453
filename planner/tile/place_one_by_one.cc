#include "planner/tile/place_one_by_one.h"

#include <algorithm>
#include "rondo/schedule.h"

namespace rondo::tiling {
namespace {

// The pieces of a call, the result first, each once.
std::vector<uint32_t> pieces_of(const MicroProgram& program, const Compute& compute) {
  std::vector<uint32_t> pieces;
  const auto add = [&](uint32_t use) {
    const uint32_t piece = program.uses[compute.first_use + use].piece;
    if (piece != kNone && std::find(pieces.begin(), pieces.end(), piece) == pieces.end()) pieces.push_back(piece);
  };
  add(compute.result);
  for (uint32_t use = 0; use < compute.use_count; ++use) add(use);
  return pieces;
}

}  // namespace

uint64_t bytes_at_once(const MicroProgram& program, const Compute& compute) {
  uint64_t bytes = 0;
  for (uint32_t piece : pieces_of(program, compute)) bytes += align_up(program.pieces[piece].bytes);
  return bytes;
}

uint32_t largest_compute(const MicroProgram& program) {
  uint32_t largest = 0;
  uint64_t most = 0;
  for (uint32_t i = 0; i < program.computes.size(); ++i)
    if (const uint64_t bytes = bytes_at_once(program, program.computes[i]); bytes > most) {
      most = bytes;
      largest = i;
    }
  return largest;
}

PlacedProgram place_one_by_one(const MicroProgram& program) {
  PlacedProgram out;
  std::vector<uint32_t> resident;  // allocations, none overlapping
  std::vector<bool> stored;        // by allocation
  uint16_t phase = 0;
  const auto at = [&](uint32_t piece, uint64_t offset) -> const uint32_t* {
    for (const uint32_t& stay : resident)
      if (out.allocations[stay].piece == piece && out.allocations[stay].offset_bytes == offset) return &stay;
    return nullptr;
  };
  const auto place = [&](uint32_t piece, uint64_t offset) {
    const uint64_t bytes = align_up(program.pieces[piece].bytes);
    // What it lies over goes, and so does a copy of it elsewhere: a value has one home.
    const auto ends = [&](uint32_t stay) {
      const Allocation& other = out.allocations[stay];
      return other.piece == piece || (other.offset_bytes < offset + bytes && offset < other.offset_bytes + other.bytes);
    };
    resident.erase(std::remove_if(resident.begin(), resident.end(), ends), resident.end());
    out.allocations.push_back({piece, offset, bytes});
    stored.push_back(false);
    resident.push_back(static_cast<uint32_t>(out.allocations.size() - 1));
    out.stats.extent_bytes = std::max(out.stats.extent_bytes, offset + bytes);
    return resident.back();
  };
  const auto emit = [&](PlacedKind kind, uint32_t index) {
    out.ops.push_back({kind, -1, phase, index, static_cast<uint32_t>(out.places.size())});
  };
  for (const MicroOp& op : program.ops) {
    phase = op.phase;
    if (op.kind == MicroKind::kAsk) {
      ++out.stats.asked;
      continue;
    }
    if (op.kind == MicroKind::kStore) {
      emit(PlacedKind::kStore, op.index);
      out.places.push_back(*at(op.index, 0));
      stored[out.places.back()] = true;
      ++out.stats.stores;
      continue;
    }
    const Compute& compute = program.computes[op.index];
    const std::vector<uint32_t> pieces = pieces_of(program, compute);
    std::vector<uint32_t> stays;
    uint64_t offset = 0;
    for (uint32_t piece : pieces) {
      const uint32_t* found = at(piece, offset);
      const bool is_result = piece == program.uses[compute.first_use + compute.result].piece;
      // A fresh sum never continues what lies there, unless it is a part of one piece.
      const bool fresh = is_result && (compute.flags & kOpAccumulate) == 0;
      if (found == nullptr || (fresh && stored[*found])) {
        stays.push_back(place(piece, offset));
        if (!is_result) {
          emit(PlacedKind::kLoad, piece);
          out.places.push_back(stays.back());
          ++out.stats.loads;
        }
      } else {
        stays.push_back(*found);
      }
      offset += align_up(program.pieces[piece].bytes);
    }
    emit(PlacedKind::kCompute, op.index);
    for (uint32_t use = 0; use < compute.use_count; ++use) {
      const uint32_t piece = program.uses[compute.first_use + use].piece;
      out.places.push_back(piece == kNone ? kInMemory
                                          : stays[std::find(pieces.begin(), pieces.end(), piece) - pieces.begin()]);
    }
    ++out.stats.computes;
    out.stats.peak_bytes = std::max(out.stats.peak_bytes, offset);
  }
  out.stats.eliminated = out.stats.asked - out.stats.loads;
  return out;
}

}  // namespace rondo::tiling
