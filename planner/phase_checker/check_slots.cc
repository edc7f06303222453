#include "planner/phase_checker/check_slots.h"
#include <algorithm>

namespace rondo::phase_checker {
namespace {

// An erase, at its time.
struct Event {
  int64_t time = 0;
  Erase erase;
};

class SlotCheck {
 public:
  SlotCheck(const Graph& graph, const Certificate& certificate, const Lifetimes& lives, Findings& findings)
      : graph_(graph),
        certificate_(certificate),
        lives_(lives),
        findings_(findings),
        strict_(graph.machine == Machine::kStrict),
        erases_of_(graph.dims.size()) {}

  bool run() {
    check_presence();
    check_erases();
    check_occupants();
    if (!strict_) {
      check_protected();
      check_passthroughs();
    }
    return sound_;
  }

 private:
  // `unsound`: some dim would be read where it is not.
  void refuse(Obligation obligation, std::string message, const Erase* erase = nullptr, bool unsound = true) {
    findings_.add(obligation, std::move(message), erase == nullptr ? 0 : erase->line,
                  erase == nullptr ? 0 : erase->column);
    sound_ = sound_ && !unsound;
  }

  std::string at(int64_t time) const {
    if (time == kBeforeAll) return "the embedding";
    return (strict_ ? "phase " : "half-layer ") + std::to_string(time);
  }
  std::string dim(uint32_t d) const { return dim_title(graph_, d); }
  std::string last_use(uint32_t d) const {
    if (lives_.death[d] == kForever) return "is kept to the end";
    return "is read in " + at(lives_.death[d]);
  }
  const uint32_t* slot_of(uint32_t d) const {
    const auto slot = certificate_.slot_of_dim.find(d);
    return slot == certificate_.slot_of_dim.end() ? nullptr : &slot->second;
  }
  bool is_write(uint32_t d) const { return strict_ && graph_.ops[d].kind == OpKind::kWrite; }

  // L1 to L4.
  void check_presence() {
    for (uint32_t d = 0; d < graph_.dims.size(); ++d) {
      const uint32_t* slot = slot_of(d);
      if (is_write(d)) {
        const uint32_t value = graph_.ops[d].operands[1];
        const uint32_t* shared = slot_of(value);
        if (slot != nullptr && (shared == nullptr || *shared != *slot))
          refuse(Obligation::kWritesShareTheirValue,
                 dim(d) + " is a write and has slot " + std::to_string(*slot) + "; its value " + dim(value) +
                     (shared == nullptr ? " has none" : " has slot " + std::to_string(*shared)),
                 nullptr, false);
      } else if (lives_.needs_slot[d]) {
        if (slot == nullptr)
          refuse(Obligation::kLiveDimsHaveSlots, dim(d) + " has no slot; it is made in " + at(lives_.birth[d]) +
                                                     (lives_.has_readers[d] ? " and " + last_use(d) : std::string()));
      } else if (slot != nullptr) {
        // It would make its slot dirty, which E1 to E5 look at like any other dim.
        if (lives_.has_readers[d])
          refuse(Obligation::kInternalDimsHaveNone,
                 dim(d) + " has slot " + std::to_string(*slot) + ", but only persists of its own half-layer " +
                     std::to_string(lives_.birth[d]) + " read it",
                 nullptr, false);
        else
          refuse(Obligation::kDeadDimsHaveNone,
                 dim(d) + " has slot " + std::to_string(*slot) + ", but nothing reads it", nullptr, false);
      }
    }
  }

  // E2 to E4, for each erase alone.
  void check_erases() {
    for (size_t time = 0; time < certificate_.erases.size(); ++time)
      for (const Erase& erase : certificate_.erases[time]) check_erase(static_cast<int64_t>(time), erase);
  }

  void check_erase(int64_t time, const Erase& erase) {
    const uint32_t d = erase.dim;
    const std::string title = at(time) + " subtracts " + dim(d) + " from slot " + std::to_string(erase.slot);
    if (!strict_ && graph_.is_protected[d])
      refuse(Obligation::kProtectedIsNotSubtracted, title + ", but it is protected", &erase);
    const uint32_t* slot = slot_of(d);
    if (slot == nullptr || *slot != erase.slot || is_write(d))
      return refuse(Obligation::kSubtractionMeetsItsDim,
                    title + ", where it never is" +
                        (slot == nullptr ? std::string() : ": it is in slot " + std::to_string(*slot)),
                    &erase);
    if (time <= lives_.birth[d])
      return refuse(Obligation::kSubtractionMeetsItsDim,
                    title + ", where it is not before " + at(lives_.birth[d]) + " ends", &erase);
    if (lives_.death[d] > time || (strict_ && lives_.death[d] == time))
      refuse(Obligation::kLiveIsNotSubtracted, title + ", but it " + last_use(d), &erase);
    if (!erases_of_[d].empty())
      refuse(Obligation::kSubtractionMeetsItsDim, title + " again: it was subtracted in " + at(erases_of_[d][0].time),
             &erase);
    erases_of_[d].push_back({time, erase});
  }

  // E1 and E5, for each slot.
  void check_occupants() {
    std::vector<std::pair<uint32_t, uint32_t>> occupants;  // slot, dim
    for (const auto& [d, slot] : certificate_.slot_of_dim)
      if (!is_write(d)) occupants.emplace_back(slot, d);
    std::sort(occupants.begin(), occupants.end(), [&](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first < b.first;
      const int64_t birth_a = lives_.birth[a.second], birth_b = lives_.birth[b.second];
      return birth_a != birth_b ? birth_a < birth_b : a.second < b.second;
    });
    for (size_t i = 1; i < occupants.size(); ++i)
      if (occupants[i].first == occupants[i - 1].first)
        check_pair(occupants[i].first, occupants[i - 1].second, occupants[i].second);
  }

  void check_pair(uint32_t slot, uint32_t before, uint32_t after) {
    const std::string title =
        dim(after) + " comes into slot " + std::to_string(slot) + " in " + at(lives_.birth[after]);
    if (lives_.birth[before] == lives_.birth[after])
      return refuse(Obligation::kSlotIsFreeWhenWritten, title + " together with " + dim(before));
    if (erases_of_[before].empty())
      return refuse(
          lives_.death[before] == kForever ? Obligation::kSlotIsFreeWhenWritten : Obligation::kStaleIsSubtracted,
          title + ", but " + dim(before) + " is in it and " +
              (lives_.death[before] == kForever ? "is kept to the end" : "is never subtracted"));
    const Event& gone = erases_of_[before][0];
    const bool clean_first =
        certificate_.mode == Mode::kDelayed ||
        (certificate_.mode == Mode::kMixed && (graph_.dims[before].average || graph_.dims[after].average));
    if (lives_.birth[after] >= gone.time + (clean_first ? 1 : 0)) return;
    std::string why = ", but " + dim(before) + " is subtracted in " + at(gone.time) + " only";
    if (lives_.birth[after] == gone.time)
      why += certificate_.mode == Mode::kDelayed ? "; delayed, the slot is free one half-layer later"
                                                 : "; with an average, one dim must be gone before the other comes";
    refuse(Obligation::kSlotIsFreeWhenWritten, title + why, &gone.erase);
  }

  // F1.
  void check_protected() {
    for (uint32_t i = 0; i < graph_.protected_dims.size(); ++i) {
      const uint32_t* slot = slot_of(graph_.protected_dims[i]);
      if (slot != nullptr && *slot != i)
        refuse(Obligation::kProtectedLieInTheirSlots,
               dim(graph_.protected_dims[i]) + " is protected and belongs in slot " + std::to_string(i) +
                   ", not in slot " + std::to_string(*slot),
               nullptr, false);
    }
  }

  // F2. A slot is passed through by a head or a neuron that is always on: its query and
  // its gate are `one`; a head finds its own row by `position`.
  void check_passthroughs() {
    const std::vector<std::vector<uint32_t>> read = persist_reads(graph_, certificate_);
    for (size_t half = 0; half < read.size(); ++half) {
      if (read[half].empty() && certificate_.erases[half].empty()) continue;
      check_constant(graph_.one, half);
      if (half % 2 == 0) check_constant(graph_.position, half);
    }
  }

  void check_constant(uint32_t d, size_t half) {
    const int64_t gone = erases_of_[d].empty() ? kForever : erases_of_[d][0].time;
    if (slot_of(d) != nullptr && gone >= static_cast<int64_t>(half)) return;
    refuse(Obligation::kPassthroughsHaveTheirConstants,
           at(static_cast<int64_t>(half)) + " passes slots through and needs " + dim(d) +
               (slot_of(d) == nullptr ? ", which has no slot" : ", which was subtracted in " + at(gone)));
  }

  const Graph& graph_;
  const Certificate& certificate_;
  const Lifetimes& lives_;
  Findings& findings_;
  const bool strict_;
  std::vector<std::vector<Event>> erases_of_;  // of each dim, those from its slot, in time
  bool sound_ = true;
};

}  // namespace

bool check_slots(const Graph& graph, const Certificate& certificate, const Lifetimes& lives, Findings& findings) {
  return SlotCheck(graph, certificate, lives, findings).run();
}

}  // namespace rondo::phase_checker
