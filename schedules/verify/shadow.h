// One walk over the canonical order with shadow memory: who wrote each cell, who
// read it since, whether it is defined and as what. Collects the evidence that the
// rules H01, M04, N02, O01, A01 and T01 turn into findings.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "schedules/verify/engine.h"
#include "schedules/verify/happens_before.h"

namespace rondo::proof {

// The first so many of a kind; the rest are counted.
template <class T>
struct Capped {
  std::vector<T> kept;
  uint64_t dropped = 0;
  bool empty() const { return kept.empty() && dropped == 0; }
};

struct Race {
  uint32_t op, operand;  // the later in canonical order
  uint32_t other;        // the earlier op
  uint32_t cell;
  bool writes, other_writes;
};

struct UndefinedRead {
  uint32_t op, operand, cell;
  uint32_t writer;  // the op that defines the cell for some values of a scalar only, or kNone
};

struct Reinterpretation {
  uint32_t op, operand, cell;
  uint32_t writer;               // kNone: what the host bound
  uint32_t written_as, read_as;  // Evidence::formats
};

struct UndefinedOutput {
  uint32_t base;
  uint64_t offset_bytes, bytes;  // the first undefined bytes, and how many there are in all
  uint32_t writer;               // of the first, for some values of a scalar only, or kNone
};

struct Overlap {
  uint32_t op, operand, other;  // two operands of one op, the first written
  uint32_t cell;
};

struct Evidence {
  Capped<Race> races;
  Capped<UndefinedRead> undefined_reads;
  Capped<Reinterpretation> reinterpretations;
  Capped<UndefinedOutput> undefined_outputs;
  Capped<Overlap> overlaps;
  std::vector<HappensBefore::Unordered> unordered_signallers;
  std::vector<HappensBefore::WindowBroken> broken_windows;
  std::vector<std::string> formats;  // "f32 rows", "f32 panels of 32 columns"
};

// Precondition: T01 holds statically and both parts run to their end. `cells` may
// gain guards. Stops early when the budget is spent.
Evidence examine(const Engine& engine, Cells& cells, uint32_t findings_per_rule);

}  // namespace rondo::proof
