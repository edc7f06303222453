// The one list of rules of the `safe` level: what is run, in which order, and what
// docs/verifier-rules.md is made from. One rule a file, in safe/.
//
// The order: structure first (nothing else is looked at where it fails), then what
// one op alone can break, then tokens and hang, then what needs the walk with
// shadow memory. A rule may rely on those before it.
#pragma once
#include <span>
#include "rondo/verify.h"
#include "schedules/order/canonical_order.h"
#include "schedules/verify/engine.h"
#include "schedules/verify/findings.h"
#include "schedules/verify/shadow.h"

namespace rondo::proof {

// What is known before anything is walked: the tables, whose contract is whose, and
// what ops and operands have in common, so that a rule looks at it once.
struct Tables {
  explicit Tables(const Schedule& schedule);

  const Contract* contract(const Op& op) const { return op.kernel == kNoKernel ? nullptr : contracts[op.kernel]; }

  const Schedule& schedule;
  std::vector<const Contract*> contracts;  // per Schedule::kernels
  std::vector<uint32_t> stream_of_op;
  // Per view: the largest end of its box for any value of its scalar, from the
  // operand's offset on; kNowhere where rule R01 refuses it. 0: always empty.
  std::vector<uint64_t> reach;
  // Ops of one *form* have kernel, flags, engine, views and accesses in common.
  std::vector<uint32_t> form_of_op;
  std::vector<uint32_t> first_of_form;  // its first op
};
inline constexpr uint64_t kNowhere = ~uint64_t{0};

// Whether the address of an operand may be trusted: R01 and M01 hold for it.
bool address_holds(const Tables& tables, const Operand& operand);

struct Walked {
  const Schedule& schedule;
  const Engine& engine;
  const Evidence& evidence;
};

struct SafeRule {
  RuleInfo info;
  // Either may be absent. `on_tables` always runs; `on_walk` only if tokens are
  // well shaped and nothing hangs.
  void (*on_tables)(const Tables&, Findings&) = nullptr;
  void (*on_walk)(const Walked&, Findings&) = nullptr;
};

// All rules of the level, in the order above.
std::span<const SafeRule* const> safe_rules();

// F01 to F04, from check_structure; true if there is nothing to find.
bool structure_holds(const Schedule& schedule, Findings& findings);
// H08, from the canonical orders.
void report_hang(const Schedule& schedule, const CanonicalOrder& order, Findings& findings);
// B01, once the budget is spent.
void report_too_complex(const Schedule& schedule, const Budget& budget, Findings& findings);

}  // namespace rondo::proof
