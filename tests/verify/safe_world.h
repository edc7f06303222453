// A small world for tests of the safe rules: memory, views and tokens that most of
// them share, and streams given as text. Messages come back with the rule in front
// and without line numbers, which would say more of the world than of the rule.
#pragma once
#include <string>
#include <utility>
#include <vector>
#include "rondo/load.h"
#include "rondo/verify.h"

namespace rondo {

struct StreamText {
  std::string fields;  // "name: s" and, separated by ", ", other fields of a stream
  std::string ops;     // one a line; of phase p where it names none
};

struct World {
  std::string lanes = "1";
  std::string backend = "cpu";
  std::string spaces =
      "  - {name: host, kind: host, bytes: 1048576, align: 64}\n"
      "  - {name: l2, kind: scratch, bytes: 65536, align: 64}\n";
  std::string groups;
  std::string arenas =
      "  - {name: a, space: l2, bytes: 64, align: 64}\n"
      "  - {name: b, space: l2, bytes: 64, align: 64}\n"
      "  - {name: packed, space: host, bytes: 1024, align: 64, prepared: true}\n";
  std::string bindings =
      "  - {name: x, role: input, dtype: f32, shape: [16], align: 4}\n"
      "  - {name: w, role: constant, dtype: f32, shape: [16], align: 4}\n"
      "  - {name: y, role: output, dtype: f32, shape: [16], align: 4}\n";
  std::string scalars;
  std::string more_phases;  // after p
  std::string cuts;
  std::string tokens =
      "  t0: lane\n"
      "  t1: lane\n"
      "  t2: lane\n"
      "  t3: lane join\n";
  std::string views =
      "  v0: f32 [16] strides [4]\n"  // all
      "  v1: f32 [8] strides [4]\n"   // a half
      "  v2: f32 [4] strides [4]\n"   // a quarter
      "  v3: f32 [4, 4] strides [16, 4]\n"
      "  v4: f32 [4, 2] strides [16, 4]\n"  // two columns of four rows
      "  v5: f32 [0] strides [4]\n";

  std::string text(const std::vector<StreamText>& streams) const;
  Verification verification(const std::vector<StreamText>& streams, const VerifyOptions& options = {}) const;
  // The findings, "H01 op 1 (stream s): ..."; {"parse: ..."} where the text is no schedule.
  std::vector<std::string> findings(const std::vector<StreamText>& streams, const VerifyOptions& options = {}) const;
};

std::vector<std::string> lines_of(const Report& report);

}  // namespace rondo
