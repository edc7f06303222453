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

// What is known before anything is walked: the tables, and whose contract is whose.
struct Tables {
  const Schedule& schedule;
  const std::vector<const Contract*>& contracts;  // per Schedule::kernels
  const std::vector<uint32_t>& stream_of_op;

  const Contract* contract(const Op& op) const { return op.kernel == kNoKernel ? nullptr : contracts[op.kernel]; }
};

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

// Whether the address of an operand may be trusted: R01 and M01 hold for it.
bool address_holds(const Schedule& schedule, const Operand& operand);

}  // namespace rondo::proof
