// The words of the text form for every enum of the format; index == number.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include "rondo/schedule.h"

namespace rondo {

inline constexpr std::string_view kSpaceKindWords[] = {"host", "scratch", "device"};
inline constexpr std::string_view kRoleWords[] = {"input", "output", "constant", "state", "table"};
inline constexpr std::string_view kAccessWords[] = {"read", "write",        "update",       "work",
                                                    "hint", "indexed_read", "indexed_write"};
inline constexpr std::string_view kFlagWords[] = {"init", "accumulate", "final"};  // bit i
inline constexpr std::string_view kEngineWords[] = {"compute", "copy_in", "copy_out"};
inline constexpr std::string_view kPartWords[] = {"prepare", "replay"};
inline constexpr std::string_view kScopeWords[] = {"lane", "group", "device", "system"};
inline constexpr std::string_view kRoundingWords[] = {"nearest_even", "toward_zero"};
inline constexpr std::string_view kSaturationWords[] = {"none", "finite", "wrap"};
inline constexpr std::string_view kDenormalsWords[] = {"keep", "flush"};

struct ClaimWord {
  ClaimKind kind;
  std::string_view word;
  bool real;              // its value is an f64
  std::string_view a, b;  // what fields a and b name: "arena", or spaces "from" and "to"; "" for neither
};
inline constexpr ClaimWord kClaimWords[] = {
    {ClaimKind::kOps, "ops", false, "", ""},
    {ClaimKind::kCopies, "copies", false, "", ""},
    {ClaimKind::kBytesMoved, "bytes_moved", false, "from", "to"},
    {ClaimKind::kFlops, "flops", false, "", ""},
    {ClaimKind::kExtentPeak, "extent_peak", false, "arena", ""},
    {ClaimKind::kLivePeak, "live_peak", false, "arena", ""},
    {ClaimKind::kPrepareOps, "prepare_ops", false, "", ""},
    {ClaimKind::kMakespan, "makespan", true, "", ""},
    {ClaimKind::kLowerBound, "lower_bound", true, "", ""},
    {ClaimKind::kLoadsEliminated, "loads_eliminated", false, "", ""},
};

// The position of the word, or nothing.
inline constexpr uint32_t kNoWord = 0xffffffffu;
constexpr uint32_t position_of(std::string_view word, std::span<const std::string_view> words) {
  for (uint32_t i = 0; i < words.size(); ++i)
    if (words[i] == word) return i;
  return kNoWord;
}

}  // namespace rondo
