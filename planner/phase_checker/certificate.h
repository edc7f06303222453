// A schedule as its file states it: nothing in it is believed.
//
// The file is a JSON object: graph (a name), mode (delayed, fused, mixed; strict on the
// strict machine), layers, width, heads and d_ffn (layered), status, phase_of_op (a list),
// slot_of_dim (an object from dim to slot; dims without a slot are left out or -1),
// erases_by_half_layer or, strict, erases_by_phase (lists of [slot, dim]), and d_model
// where it is claimed. Thread safety: plain values.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/result.h"

namespace rondo::phase_checker {

enum class Mode : uint8_t { kDelayed, kFused, kMixed, kStrict };
constexpr const char* name_of(Mode mode) {
  constexpr const char* kNames[] = {"delayed", "fused", "mixed", "strict"};
  return kNames[static_cast<uint8_t>(mode)];
}

struct Erase {
  uint32_t slot = 0;
  uint32_t dim = 0;
  uint32_t line = 0, column = 0;  // where it stands in the file; 0: unknown
};

struct Certificate {
  std::string file, graph, status;
  Mode mode = Mode::kDelayed;
  uint32_t layers = 0;
  std::vector<int64_t> phase_of_op;
  std::map<uint32_t, uint32_t> slot_of_dim;
  std::vector<std::vector<Erase>> erases;  // of each half-layer; strict: of each phase
  int64_t width = 0, heads = 0, d_ffn = 0;
  std::optional<int64_t> d_model;
};

inline constexpr uint32_t kMaxLayers = 1u << 20;

// Errors: kInvalidSchedule with line and column; of load_certificate also kNotFound, kIo.
Result<Certificate> parse_certificate(std::string_view text, const std::string& file);
Result<Certificate> load_certificate(const std::string& path);

}  // namespace rondo::phase_checker
