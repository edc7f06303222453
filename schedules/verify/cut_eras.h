// Decides which arenas are cut in eras, and where one ends; cuts every base accordingly.
//
// An arena is cut at once where that is cheap; else in eras, which are kept where operands
// then touch half as many cells or fewer. Only arenas qualify that replay alone touches, all
// of every operand whatever the scalars are. What Cells is made with; nothing else uses it.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include "rondo/schedule.h"
#include "schedules/verify/byte_owners.h"
#include "schedules/verify/cells.h"
#include "schedules/verify/cut_cells.h"

namespace rondo::proof {

class EraCutter {
 public:
  EraCutter(Cells& cells, CellCutter& cutter, const Schedule& schedule, const std::vector<uint32_t>& op_of_operand,
            const EraOptions& eras)
      : cells_(cells), cutter_(cutter), schedule_(schedule), op_of_operand_(op_of_operand), eras_(eras) {}

  // From footprints to runs. The cutter has found no footprint yet.
  void cut();

 private:
  enum class Touch : uint8_t { kNot, kInPart, kWhole };
  struct FirstTouch {
    uint32_t footprint;
    bool whole;
  };

  uint32_t op_of(uint32_t operand) const { return op_of_operand_[operand]; }
  void find_prepared();
  bool may_have_eras(std::span<const Piece> pieces) const;
  bool cut_base(std::span<const Piece> pieces);
  std::span<const uint32_t> uses_in_order(uint32_t base);
  bool cut_in_eras(uint32_t base);
  size_t end_of_era(std::span<const uint32_t> uses, size_t first) const;
  bool cut_era(std::span<const uint32_t> uses, ByteOwners& owners);
  void name_footprints(std::span<const uint32_t> uses, uint32_t first_footprint);
  bool cut_and_link(std::vector<Piece>& pieces, const CellCutter::Mark& start, const ByteOwners& owners,
                    std::vector<Link>& links);
  template <class Visit>
  void each_unclear(const std::vector<Link>& links, size_t first_cell, const Visit& visit) const;

  Cells& cells_;
  CellCutter& cutter_;
  const Schedule& schedule_;
  const std::vector<uint32_t>& op_of_operand_;
  const EraOptions& eras_;
  std::vector<uint8_t> touched_in_prepare_;             // per base
  std::vector<uint32_t> first_use_, ordered_uses_;      // see uses_in_order
  std::vector<uint32_t> position_;                      // per op, in the replay's order
  std::vector<uint32_t> era_footprint_;                 // per footprint of the first naming: its last one
  std::vector<std::pair<uint32_t, uint32_t>> renamed_;  // operand and first footprint, of the base at hand
  std::vector<FirstTouch> touches_;                     // of the era at hand, as are the next two
  std::vector<Touch> first_touch_;                      // per cell
  std::vector<CellBox> boxes_;                          // per cell
};

}  // namespace rondo::proof
