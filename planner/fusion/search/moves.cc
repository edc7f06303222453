#include "planner/fusion/search/moves.h"
#include <algorithm>
#include <iterator>

namespace rondo::fusion {
namespace {

using Operators = std::vector<uint32_t>;

// Of a tensor that very many read, a draw looks at so many readers.
constexpr size_t kConsumersLookedAt = 24;

Operators united(const Operators& a, const Operators& b) {
  Operators all;
  all.reserve(a.size() + b.size());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}
Operators without(const Operators& a, const Operators& b) {
  Operators rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  return rest;
}
bool contains(const Operators& sorted, uint32_t value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

}  // namespace

// Copies of the chains that a move changes. A stage whose group becomes null goes.
class Moves::Draft {
 public:
  Draft(const Arrangement& arrangement, Edit& edit) : arrangement_(arrangement), edit_(edit) {
    edit.removed.clear();
    edit.added.clear();
  }
  std::vector<Stage>& stages(uint32_t slot) {
    for (size_t at = 0; at < edit_.removed.size(); ++at)
      if (edit_.removed[at] == slot) return edit_.added[at];
    edit_.removed.push_back(slot);
    edit_.added.push_back(arrangement_.chain(slot).stages);
    return edit_.added.back();
  }
  Stage& stage(Site site) { return stages(site.slot)[site.stage]; }
  void finish() {
    for (std::vector<Stage>& stages : edit_.added)
      std::erase_if(stages, [](const Stage& stage) { return stage.group == nullptr; });
    std::erase_if(edit_.added, [](const std::vector<Stage>& stages) { return stages.empty(); });
  }

 private:
  const Arrangement& arrangement_;
  Edit& edit_;
};

Moves::Site Moves::site_of(const Arrangement& arrangement, uint32_t op) {
  const std::vector<uint32_t>& slots = arrangement.holders(op);
  const uint32_t slot = slots.size() == 1 ? slots[0] : slots[any(slots.size())];
  const std::vector<Stage>& stages = arrangement.chain(slot).stages;
  uint32_t found = 0, count = 0;
  for (uint32_t stage = 0; stage < stages.size(); ++stage)
    if (contains(stages[stage].group->operators, op) && any(++count) == 0) found = stage;
  return {slot, found};
}

// Two operators that share a tensor, in different groups. Half of the draws begin at an
// operator and one of its tensors, which mostly finds pairs that are close in the graph;
// half at a tensor on the boundary of a group, which nearly always finds a pair.
bool Moves::linked_sites(const Arrangement& arrangement, Site& from, Site& to, uint32_t& op, uint32_t& other_op) {
  if (any(2) == 0) {
    op = any(net_.operators.size());
    const NetworkOperator& at = net_.operators[op];
    const uint32_t choice = any(at.inputs.size() + 1);
    const uint32_t tensor = choice < at.inputs.size() ? at.inputs[choice] : at.output;
    const Operators& consumers = net_.consumers[tensor];
    const bool made = net_.producer[tensor] != Network::kGraphInput && net_.producer[tensor] != op;
    const size_t count = consumers.size() + (made ? 1 : 0);
    if (count == 0) return false;
    const uint32_t drawn = any(count);
    other_op = drawn < consumers.size() ? consumers[drawn] : net_.producer[tensor];
    if (other_op == op) return false;
    from = site_of(arrangement, op);
    to = site_of(arrangement, other_op);
    return from != to;
  }
  from = site_of(arrangement, any(net_.operators.size()));
  const Group& group = *arrangement.chain(from.slot).stages[from.stage].group;
  const Demand& demand = group.demand;
  const uint32_t drawn = any(demand.inputs.size() + demand.outputs.size());
  const uint32_t tensor =
      drawn < demand.inputs.size() ? demand.inputs[drawn] : demand.outputs[drawn - demand.inputs.size()];
  const uint32_t producer = net_.producer[tensor];
  const Operators& consumers = net_.consumers[tensor];
  // One pass counts and draws: here among the group's, there among the others.
  uint32_t here = 0, there = 0;
  const auto look = [&](uint32_t candidate) {
    if (contains(group.operators, candidate)) {
      if (any(++here) == 0) op = candidate;
    } else if (any(++there) == 0) {
      other_op = candidate;
    }
  };
  if (producer != Network::kGraphInput) look(producer);
  if (consumers.size() <= kConsumersLookedAt) {
    for (const uint32_t consumer : consumers) look(consumer);
  } else {
    for (size_t draw = 0; draw < kConsumersLookedAt; ++draw) look(consumers[any(consumers.size())]);
  }
  if (here == 0 || there == 0) return false;
  to = site_of(arrangement, other_op);
  return from != to;
}

bool Moves::propose(const Arrangement& arrangement, Edit& edit) {
  const uint32_t drawn = any(100);
  if (drawn < 28) return propose_merge(arrangement, edit);
  if (drawn < 33) return propose_merge_consumers(arrangement, edit);
  if (drawn < 53) return propose_steal(arrangement, edit);
  if (drawn < 61) return propose_recompute(arrangement, edit);
  if (drawn < 66) return propose_drop(arrangement, edit);
  if (drawn < 81) return propose_split(arrangement, edit);
  if (drawn < 92) return propose_retain(arrangement, edit);
  if (drawn < 96) return propose_repeat(arrangement, edit);
  return propose_release(arrangement, edit);
}

Edit Moves::merge(const Arrangement& arrangement, uint32_t slot, uint32_t stage, uint32_t other_slot,
                  uint32_t other_stage, bool copy) {
  Edit edit;
  Draft draft(arrangement, edit);
  const Operators& others = arrangement.chain(other_slot).stages[other_stage].group->operators;
  Stage& host = draft.stage({slot, stage});
  host.group = oracle_.group(united(host.group->operators, others));
  if (!copy) {
    Stage& gone = draft.stage({other_slot, other_stage});
    if (other_slot == slot && other_stage == stage + 1) draft.stage({slot, stage}).retained = gone.retained;
    gone.group = nullptr;
  }
  draft.finish();
  return edit;
}

bool Moves::propose_merge(const Arrangement& arrangement, Edit& edit) {
  Site a, b;
  uint32_t op = 0, other = 0;
  if (!linked_sites(arrangement, a, b, op, other)) return false;
  if (a.slot == b.slot && b.stage < a.stage) std::swap(a, b);
  // Something made in one, used in the other, and needed by a third: then it stays stored too.
  bool copy = false;
  if (a.slot != b.slot) {
    const Demand& demand = arrangement.chain(b.slot).stages[b.stage].group->demand;
    const Operators& host = arrangement.chain(a.slot).stages[a.stage].group->operators;
    for (const uint32_t tensor : demand.outputs) {
      bool used_here = false, used_elsewhere = false;
      for (const uint32_t consumer : net_.consumers[tensor])
        (contains(host, consumer) ? used_here : used_elsewhere) = true;
      copy = copy || (used_here && used_elsewhere);
    }
    copy = copy && any(4) != 0;
  }
  edit = merge(arrangement, a.slot, a.stage, b.slot, b.stage, copy);
  return true;
}

bool Moves::propose_merge_consumers(const Arrangement& arrangement, Edit& edit) {
  const NetworkOperator& op = net_.operators[any(net_.operators.size())];
  const uint32_t tensor = op.inputs[any(op.inputs.size())];
  const Operators& consumers = net_.consumers[tensor];
  if (consumers.size() < 2) return false;
  // All of them, or each with an even chance.
  const bool all = any(2) == 0;
  Draft draft(arrangement, edit);
  Operators operators;
  Site host;
  bool first = true;
  for (const uint32_t consumer : consumers) {
    if (!all && any(2) == 0) continue;
    const Site site = site_of(arrangement, consumer);
    Stage& stage = draft.stage(site);
    if (stage.group == nullptr) continue;
    operators = united(operators, stage.group->operators);
    if (first)
      host = site;
    else
      stage.group = nullptr;
    first = false;
    // The next consumer may sit in the host as well: its operators are there already.
    if (!first) draft.stage(host).group = oracle_.group(operators);
  }
  if (first) return false;
  draft.finish();
  return true;
}

// An operator alone, or with what it leads to or comes from within its group.
std::vector<uint32_t> Moves::part_of(const Operators& operators, uint32_t op) {
  const uint32_t kind = any(4);
  Operators part{op};
  if (kind < 2) return part;
  if (kind == 2) {  // upwards: producers
    for (auto at = std::lower_bound(operators.begin(), operators.end(), op); at-- != operators.begin();) {
      const uint32_t tensor = net_.operators[*at].output;
      for (const uint32_t consumer : net_.consumers[tensor])
        if (std::find(part.begin(), part.end(), consumer) != part.end()) {
          part.push_back(*at);
          break;
        }
    }
  } else {  // downwards: consumers
    for (auto at = std::upper_bound(operators.begin(), operators.end(), op); at != operators.end(); ++at)
      for (const uint32_t tensor : net_.operators[*at].inputs)
        if (net_.producer[tensor] != Network::kGraphInput &&
            std::find(part.begin(), part.end(), net_.producer[tensor]) != part.end()) {
          part.push_back(*at);
          break;
        }
  }
  std::sort(part.begin(), part.end());
  return part;
}

bool Moves::propose_steal(const Arrangement& arrangement, Edit& edit) {
  Site from, to;
  uint32_t op = 0, other = 0;
  if (!linked_sites(arrangement, from, to, op, other)) return false;
  Draft draft(arrangement, edit);
  const Operators part = part_of(arrangement.chain(from.slot).stages[from.stage].group->operators, op);
  draft.stages(to.slot);
  Stage& giver = draft.stage(from);
  const Operators rest = without(giver.group->operators, part);
  giver.group = rest.empty() ? nullptr : oracle_.group(rest);
  Stage& taker = draft.stage(to);
  taker.group = oracle_.group(united(taker.group->operators, part));
  draft.finish();
  return true;
}

bool Moves::propose_recompute(const Arrangement& arrangement, Edit& edit) {
  const Site site = site_of(arrangement, any(net_.operators.size()));
  const Stage& stage = arrangement.chain(site.slot).stages[site.stage];
  const std::vector<uint32_t>& inputs = stage.group->demand.inputs;
  const uint32_t tensor = inputs[any(inputs.size())];
  uint32_t op = net_.producer[tensor];
  if (op == Network::kGraphInput) return false;
  Operators operators = united(stage.group->operators, {op});
  // A cone of depth two or three now and then.
  while (any(3) == 0) {
    const std::vector<uint32_t>& above = net_.operators[op].inputs;
    const uint32_t next = net_.producer[above[any(above.size())]];
    if (next == Network::kGraphInput) break;
    op = next;
    operators = united(operators, {op});
  }
  Draft draft(arrangement, edit);
  draft.stage(site).group = oracle_.group(operators);
  draft.finish();
  return true;
}

bool Moves::propose_drop(const Arrangement& arrangement, Edit& edit) {
  const uint32_t op = any(net_.operators.size());
  const std::vector<uint32_t>& slots = arrangement.holders(op);
  if (slots.size() < 2 && arrangement.chain(slots[0]).stages.size() < 2) return false;
  const Site site = site_of(arrangement, op);
  Draft draft(arrangement, edit);
  Stage& stage = draft.stage(site);
  const Operators rest = without(stage.group->operators, part_of(stage.group->operators, op));
  stage.group = rest.empty() ? nullptr : oracle_.group(rest);
  draft.finish();
  return true;
}

bool Moves::propose_split(const Arrangement& arrangement, Edit& edit) {
  const uint32_t op = any(net_.operators.size());
  const Site site = site_of(arrangement, op);
  const Stage& old = arrangement.chain(site.slot).stages[site.stage];
  const Operators& operators = old.group->operators;
  if (operators.size() < 2) return false;
  Operators part;
  if (any(3) == 0) {  // by number: a prefix of the topological order
    const uint32_t cut = 1 + any(operators.size() - 1);
    part.assign(operators.begin(), operators.begin() + cut);
  } else {
    part = part_of(operators, op);
  }
  Operators rest = without(operators, part);
  if (rest.empty()) return false;
  // The part goes before the rest if it feeds it.
  bool feeds = false;
  for (const uint32_t member : part)
    for (const uint32_t consumer : net_.consumers[net_.operators[member].output])
      feeds = feeds || contains(rest, consumer);
  Stage first{oracle_.group(feeds ? part : rest), {}}, second{oracle_.group(feeds ? rest : part), old.retained};
  if (any(2) == 0) first.retained = first.group->demand.outputs;
  Draft draft(arrangement, edit);
  std::vector<Stage>& stages = draft.stages(site.slot);
  stages[site.stage] = second;
  stages.insert(stages.begin() + site.stage, first);
  draft.finish();
  return true;
}

bool Moves::retain(const Arrangement& arrangement, uint32_t slot, uint32_t stage, uint32_t other_slot,
                   uint32_t other_stage, uint32_t tensor, bool all, Edit& edit) {
  Draft draft(arrangement, edit);
  const Demand& made = arrangement.chain(slot).stages[stage].group->demand;
  const Demand& used = arrangement.chain(other_slot).stages[other_stage].group->demand;
  std::vector<uint32_t> retained{tensor};
  if (all)
    for (const uint32_t output : made.outputs)
      if (output != tensor && std::find(used.inputs.begin(), used.inputs.end(), output) != used.inputs.end())
        retained.push_back(output);
  if (slot == other_slot) {
    if (other_stage != stage + 1) return false;
    std::vector<uint32_t>& list = draft.stage({slot, stage}).retained;
    list.insert(list.end(), retained.begin(), retained.end());
    return true;
  }
  // ... maker | rest    and    before | user ...
  std::vector<Stage> maker = draft.stages(slot), user = draft.stages(other_slot);
  std::vector<Stage> joined(maker.begin(), maker.begin() + stage + 1);
  joined.back().retained = retained;
  joined.insert(joined.end(), user.begin() + other_stage, user.end());
  std::vector<Stage> rest(maker.begin() + stage + 1, maker.end());
  std::vector<Stage> before(user.begin(), user.begin() + other_stage);
  edit.added.clear();
  edit.added.push_back(std::move(joined));
  if (!rest.empty()) edit.added.push_back(std::move(rest));
  if (!before.empty()) edit.added.push_back(std::move(before));
  return true;
}

bool Moves::propose_retain(const Arrangement& arrangement, Edit& edit) {
  const uint32_t op = any(net_.operators.size());
  const uint32_t tensor = net_.operators[op].output;
  const Operators& consumers = net_.consumers[tensor];
  if (consumers.empty() || net_.size[tensor] > net_.capacity) return false;
  const Site maker = site_of(arrangement, op), user = site_of(arrangement, consumers[any(consumers.size())]);
  if (maker == user) return false;
  return retain(arrangement, maker.slot, maker.stage, user.slot, user.stage, tensor, any(2) == 0, edit);
}

// ... maker | rest    and    before | user ...    become    ... maker, repeat, user ...
bool Moves::propose_repeat(const Arrangement& arrangement, Edit& edit) {
  const uint32_t op = any(net_.operators.size());
  const uint32_t tensor = net_.operators[op].output;
  const Operators& consumers = net_.consumers[tensor];
  if (consumers.empty() || net_.size[tensor] > net_.capacity) return false;
  const Site maker = site_of(arrangement, op), user = site_of(arrangement, consumers[any(consumers.size())]);
  if (maker == user || (maker.slot == user.slot && user.stage != maker.stage + 1)) return false;
  const std::vector<Stage>& made = arrangement.chain(maker.slot).stages;
  const std::vector<Stage>& used = arrangement.chain(user.slot).stages;
  std::vector<Stage> joined(made.begin(), made.begin() + maker.stage + 1);
  std::vector<uint32_t> kept;
  for (const uint32_t input : net_.operators[op].inputs)
    if (net_.producer[input] != Network::kGraphInput &&
        contains(joined.back().group->operators, net_.producer[input]) &&
        std::find(kept.begin(), kept.end(), input) == kept.end())
      kept.push_back(input);
  joined.back().retained = std::move(kept);
  joined.push_back({oracle_.group({&op, 1}), {tensor}});
  joined.insert(joined.end(), used.begin() + user.stage, used.end());
  edit.removed = {maker.slot};
  edit.added.clear();
  edit.added.push_back(std::move(joined));
  if (maker.slot == user.slot) return true;
  edit.removed.push_back(user.slot);
  if (maker.stage + 1 < made.size()) edit.added.emplace_back(made.begin() + maker.stage + 1, made.end());
  if (user.stage > 0) edit.added.emplace_back(used.begin(), used.begin() + user.stage);
  return true;
}

bool Moves::propose_release(const Arrangement& arrangement, Edit& edit) {
  const Site site = site_of(arrangement, any(net_.operators.size()));
  const std::vector<uint32_t>& retained = arrangement.chain(site.slot).stages[site.stage].retained;
  if (retained.empty()) return false;
  Draft draft(arrangement, edit);
  Stage& stage = draft.stage(site);
  stage.retained.erase(stage.retained.begin() + any(retained.size()));
  draft.finish();
  return true;
}

}  // namespace rondo::fusion
