// The one way from a schedule to something that may run.
//
// `verify` reads an untrusted schedule and either refutes it, with every finding
// named, or yields a VerifiedSchedule: a private copy, proven *safe* (see
// docs/verifier.md for the promise and its three lemmas). Nothing else makes a
// VerifiedSchedule; there is no trusted skip.
// Thread safety: pure functions; may be called from any thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo {

enum class Level : uint8_t {
  kSafe,      // no out-of-bounds, race, undefined read, undefined output byte or hang
  kFaithful,  // every operand holds the value it names; outputs final and covered; claims true
};

// One violated rule, with the ops that witness it.
struct Finding {
  std::string_view rule;  // "H01", from the rule list
  Level level = Level::kSafe;
  uint32_t ops[3] = {kNone, kNone, kNone};  // op indices; the first is the op at fault
  uint32_t line = 0;                        // of the first op, where known
  std::string message;                      // one sentence with the numbers
};

struct VerifyOptions {
  // Findings kept per rule; the rest are counted. Order is by rule, then op.
  uint32_t findings_per_rule = 20;
  // Work units allowed: multiple * operands + 2^20 (see B01).
  uint32_t work_multiple = 64;
  // How memory that serves many layouts in turn is cut for the proof (docs/verifier.md):
  // after about so many operands anew, and whether also where that saves no work. No
  // value changes what is found, only the work that it takes.
  uint32_t era_operands = 256;
  bool always_in_eras = false;
};

struct Report {
  std::vector<Finding> findings;
  uint64_t findings_dropped = 0;

  bool safe = false;            // no safe rule is violated
  bool values_carried = false;  // the file labels its operands
  uint64_t values_agreed = 0;   // operands whose value was checked and agreed
  uint64_t values_refuted = 0;
  uint32_t claims_hold = 0;    // checked and true
  uint32_t claims_stated = 0;  // nothing in the file to check them with
  uint32_t claims_false = 0;

  uint64_t work_units = 0;  // shadow visits and clock words spent
  uint64_t work_limit = 0;
  std::string digest;  // sha256 of the canonical meaning, hex

  bool faithful() const {
    return safe && values_carried && values_refuted == 0 && claims_false == 0 && findings.empty() &&
           findings_dropped == 0;
  }
  // "safe: yes · values: 2,113 agree · claims: 9 of 9 hold, 2 stated · graph: not compared"
  std::string summary() const;
};

// A schedule, or a set of them, that was proven safe, and the order its replay will
// follow. Immutable; copies share; safe to use from any number of threads.
class VerifiedSchedule {
 public:
  const Schedule& schedule() const { return data_->schedule; }
  const Report& report() const { return data_->report; }
  uint32_t member_count() const { return static_cast<uint32_t>(data_->schedule.members.size()); }
  // One member on its own: a schedule with `prepare` and the ops of that member, all
  // other tables as they are in the set. Of a file with one member, the file.
  // Precondition: member < member_count().
  VerifiedSchedule member(uint32_t member) const {
    return data_->members.empty() ? *this : VerifiedSchedule(data_->members[member]);
  }
  // Op indices of one part in the canonical serial order: the order of the greedy
  // run that proved the schedule. Every wait is met by ops earlier in it. In a set
  // each member has an order of its own; `prepare` is common.
  const std::vector<uint32_t>& order(Part part, uint32_t member = 0) const {
    return part == Part::kPrepare ? data_->prepare_order : data_->replay_orders[member];
  }

 private:
  struct Data {
    Schedule schedule;
    Report report;
    std::vector<uint32_t> prepare_order;
    std::vector<std::vector<uint32_t>> replay_orders;  // per member
    std::vector<std::shared_ptr<const Data>> members;  // of a set
  };
  explicit VerifiedSchedule(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
  friend class Verifier;
};

struct Verification {
  Report report;
  // Present iff report.safe and no claim or value it carries was refuted.
  std::optional<VerifiedSchedule> schedule;
};

// Checks every rule; never throws. Cost: about linear in operands; refuses as
// too complex (B01) above the work limit.
Verification verify(Schedule schedule, const VerifyOptions& options = {});

// The rule list: code, level, one sentence, and the documentation of each.
struct RuleInfo {
  std::string_view code;
  Level level;
  std::string_view title;   // "no wait asks for more signals than are sent"
  std::string_view detail;  // why it is needed and what exactly is checked; markdown
};
const std::vector<RuleInfo>& verifier_rules();

}  // namespace rondo
