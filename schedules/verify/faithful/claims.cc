#include "schedules/verify/faithful/claims.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include "schedules/verify/faithful/recount.h"

namespace rondo::proof {
namespace {

// Whole numbers without a point, others with what tells them apart.
std::string number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15)
    return (value < 0 ? "-" : "") + with_commas(static_cast<uint64_t>(std::abs(value)));
  std::string text = std::to_string(value);
  while (text.back() == '0') text.pop_back();
  return text;
}

class Checker {
 public:
  Checker(const FaithfulInput& input, Report& report)
      : schedule_(input.engine.schedule), engine_(input.engine), findings_(input.findings), report_(report) {}

  void check(uint32_t index) {
    const Claim& claim = schedule_.claims[index];
    switch (static_cast<ClaimKind>(claim.kind)) {
      case ClaimKind::kOps:
        return compare("K05", "ops in the replay", claim.value, counted().ops);
      case ClaimKind::kCopies:
        return compare("K05", "copies in the replay", claim.value, counted().copies);
      case ClaimKind::kPrepareOps:
        return compare("K05", "ops in prepare", claim.value, counted().prepare_ops);
      case ClaimKind::kFlops:
        return compare("K05", "flops in the replay", claim.value, counted().flops);
      case ClaimKind::kBytesMoved: {
        auto moved = counted().bytes_moved.find({claim.a, claim.b});
        uint64_t bytes = moved == counted().bytes_moved.end() ? 0 : moved->second;
        return compare("K05", "bytes moved from " + space_text(claim.a) + " to " + space_text(claim.b), claim.value,
                       bytes);
      }
      case ClaimKind::kExtentPeak:
        return compare("M11", "bytes of " + base_name(schedule_, claim.a) + " in use, by its highest address",
                       claim.value, counted().extent_peak[claim.a]);
      case ClaimKind::kLivePeak:
        if (!live_) live_ = live_peaks(engine_);
        if (engine_.budget.exhausted()) return;  // B01 says so
        return compare("M11", "bytes of " + base_name(schedule_, claim.a) + " live at once", claim.value,
                       (*live_)[claim.a]);
      case ClaimKind::kMakespan:
        return check_makespan(claim);
      case ClaimKind::kLoadsEliminated:
        if (!values_carried()) break;
        return compare("K05", "loads eliminated", claim.value,
                       static_cast<uint64_t>(std::max<int64_t>(counted().loads_eliminated, 0)));
      case ClaimKind::kLowerBound:
        break;
    }
    ++report_.claims_stated;
  }

 private:
  const Recount& counted() {
    if (!counted_) counted_ = recount(engine_);
    return *counted_;
  }

  bool values_carried() {
    if (!values_carried_)
      values_carried_ = std::any_of(schedule_.labels.begin(), schedule_.labels.end(),
                                    [](const OperandLabel& label) { return label.value != kNone; });
    return *values_carried_;
  }

  std::string space_text(uint16_t space) const {
    if (space == 0xffff) return "host";
    return "space '" + std::string(schedule_.name(schedule_.spaces[space].name)) + "'";
  }

  void compare(std::string_view rule, const std::string& what, uint64_t claimed, std::optional<uint64_t> found) {
    if (found && claimed == *found) {
      ++report_.claims_hold;
      return;
    }
    ++report_.claims_false;
    if (!findings_.wants(rule)) return;
    findings_.add(rule, Level::kFaithful, {},
                  "the file claims " + with_commas(claimed) + " " + what + ", counted are " +
                      (found ? with_commas(*found) : "more than 2^63"));
  }

  void check_makespan(const Claim& claim) {
    if (!counted().costs_complete) {
      ++report_.claims_stated;
      return;
    }
    if (!makespan_) makespan_ = makespan(engine_);
    double claimed = std::bit_cast<double>(claim.value), found = *makespan_;
    // Sums of the same terms in another order may differ in the last bits.
    if (std::isfinite(found) && std::abs(claimed - found) <= 1e-9 * std::max(std::abs(claimed), std::abs(found))) {
      ++report_.claims_hold;
      return;
    }
    ++report_.claims_false;
    if (findings_.wants("K05"))
      findings_.add("K05", Level::kFaithful, {},
                    "the file claims a makespan of " + number(claimed) + ", it is " + number(found));
  }

  const Schedule& schedule_;
  const Engine& engine_;
  Findings& findings_;
  Report& report_;
  // Each worked out once, however many claims ask.
  std::optional<Recount> counted_;
  std::optional<double> makespan_;
  std::optional<bool> values_carried_;
  std::optional<std::vector<uint64_t>> live_;
};

}  // namespace

void check_claims(const FaithfulInput& input, Report& report) {
  Checker checker(input, report);
  for (uint32_t claim = 0; claim < input.engine.schedule.claims.size(); ++claim) checker.check(claim);
}

}  // namespace rondo::proof
