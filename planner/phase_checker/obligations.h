// What a phase schedule must fulfil: the one list of the checker.
//
// Findings, `rondo phase check`, docs/phase-checker.md and the tests all read this
// list. W1 to W4 are the graph's and are refused while it is read; the others are the
// certificate's. Words: a *dim* is one scalar value, an *op* (on the strict machine a
// *gate*) makes it, a *half-layer* is half a layer of the layered machine. Lifetimes are
// recomputed from the phases, never read: a dim is born when its op runs (inputs: before
// everything), and dies when the last op that reads it runs; outputs and protected dims
// never die.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace rondo::phase_checker {

enum class Obligation : uint8_t {
  kGraphIsWhole,
  kSpecialsAreInputs,
  kOutputsExist,
  kGatesInOrder,
  kPlacementIsTotal,
  kPhaseFitsType,
  kProducersFirst,
  kAveragesStayInTheirLayer,
  kWithinLimits,
  kLiveDimsHaveSlots,
  kInternalDimsHaveNone,
  kDeadDimsHaveNone,
  kWritesShareTheirValue,
  kStaleIsSubtracted,
  kLiveIsNotSubtracted,
  kSubtractionMeetsItsDim,
  kProtectedIsNotSubtracted,
  kSlotIsFreeWhenWritten,
  kProtectedLieInTheirSlots,
  kPassthroughsHaveTheirConstants,
  kHeadsAreTrue,
  kNeuronsAreTrue,
  kWidthIsTrue,
  kModelWidthIsTrue,
  kBoundIsProven,
  kSimulationAccepts,
  kValuesAgree,
  kVerdictsAgree,
};

enum class Applies : uint8_t { kBoth, kLayered, kStrict };

struct ObligationText {
  std::string_view id;
  Applies applies = Applies::kBoth;
  std::string_view sentence;
};

inline constexpr std::array<ObligationText, 28> kObligations = {{
    {"W1", Applies::kBoth,
     "Ids are unique, every dim has one producer, every dim that is read exists, and no op waits for itself."},
    {"W2", Applies::kLayered, "The special and the protected dims are inputs."},
    {"W3", Applies::kBoth, "Every output is a dim of the graph; on the strict machine no output is a write."},
    {"W4", Applies::kStrict,
     "A gate reads only gates before it that have a value, and a channel is for sums or for reads and writes."},
    {"S1", Applies::kBoth,
     "Every op has one phase within the layers, and every slot and subtraction names things that exist."},
    {"S2", Applies::kBoth, "The kind of an op fits its phase."},
    {"S3", Applies::kBoth,
     "An op runs in a later phase than every op it reads; on the strict machine writes are exempt, and sums of one "
     "channel keep their order in phases of their own."},
    {"S4", Applies::kLayered, "What reads an average runs in the layer of the lookup that makes it."},
    {"S5", Applies::kBoth, "Layers, and ReGLU in one layer, stay within the limits that were asked for."},
    {"L1", Applies::kBoth,
     "Every input, and every dim that is read or kept after the half-layer that makes it, has a slot; on the strict "
     "machine every gate but a write."},
    {"L2", Applies::kLayered, "A dim that only persists of its own half-layer read has no slot."},
    {"L3", Applies::kLayered, "A dim that nothing reads and that is no output has no slot, unless it is an input."},
    {"L4", Applies::kStrict, "A write has no slot of its own: none, or that of its value."},
    {"E1", Applies::kBoth, "Before a slot is used again, the dim it held is subtracted."},
    {"E2", Applies::kBoth, "No dim is subtracted before its last reader ran."},
    {"E3", Applies::kBoth,
     "A subtraction names the dim that is in the slot at that time, and no dim is subtracted twice."},
    {"E4", Applies::kLayered, "No protected dim is subtracted."},
    {"E5", Applies::kBoth,
     "One dim at a time is in a slot: delayed, it comes after the half-layer that cleared the slot; fused, in it at "
     "the earliest; mixed, fused unless one is an average; on the strict machine in a later phase than the last reader "
     "of the old dim."},
    {"F1", Applies::kLayered,
     "Protected dim i of the graph's list lies in slot i, where the position encoding writes."},
    {"F2", Applies::kLayered,
     "Where something is subtracted, or a persist reads a slot, `one` is in its slot; in an attention half "
     "`position` too."},
    {"R1", Applies::kLayered,
     "heads is the most of any attention half: half its lookup values and half the slots it passes through, each "
     "rounded up."},
    {"R2", Applies::kLayered, "d_ffn is the most of any feed-forward half: its ReGLU and the slots it passes through."},
    {"R3", Applies::kBoth, "width is one more than the highest slot."},
    {"R4", Applies::kLayered, "d_model, where it is claimed, is the least even number for width and twice the heads."},
    {"C1", Applies::kBoth,
     "A proven bound that is given is about such schedules, none is below it, and one called optimal reaches it."},
    {"X1", Applies::kBoth, "The residual, simulated with symbols, holds each dim where and when it is read."},
    {"X2", Applies::kBoth, "The slot program computes the graph's outputs on random integers."},
    {"X3", Applies::kBoth, "The simulation and the obligations S3, L1, E1 to E5 and F2 come to the same verdict."},
}};
static_assert(kObligations.size() == static_cast<size_t>(Obligation::kVerdictsAgree) + 1);

constexpr const ObligationText& text_of(Obligation obligation) {
  return kObligations[static_cast<uint8_t>(obligation)];
}

}  // namespace rondo::phase_checker
