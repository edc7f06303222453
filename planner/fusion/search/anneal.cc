#include "planner/fusion/search/anneal.h"
#include <algorithm>
#include <cmath>
#include "planner/fusion/search/moves.h"

namespace rondo::fusion {

uint64_t anneal(Arrangement& arrangement, Oracle& oracle, Random& random, const AnnealOptions& options) {
  Arrangement current = arrangement;
  Moves moves(oracle, random);
  Edit edit;
  std::vector<Chain> chains;
  double temperature = options.hot * current.latency() / static_cast<double>(std::max<size_t>(current.groups(), 1));
  const double cooling =
      std::pow(options.cold / options.hot, 1.0 / static_cast<double>(std::max<uint64_t>(options.proposals, 1)));
  // Copying an arrangement costs as much as a dozen proposals: the best is saved only
  // when the walk is about to leave it.
  bool at_best = true;
  uint64_t made = 0;
  for (; made < options.proposals; ++made, temperature *= cooling) {
    if (made % 64 == 0 && options.stop && options.stop()) break;
    if (!moves.propose(current, edit)) continue;
    Arrangement::Gain gain;
    if (!current.prepare(oracle, edit, chains, gain)) continue;
    if (gain.guide < 0 && random.unit() >= std::exp(gain.guide / temperature)) continue;
    if ((gain.guide < 0 || gain.latency < 0) && at_best && current.better_than(arrangement)) arrangement = current;
    if (!current.apply(edit, std::move(chains))) continue;
    at_best = current.better_than(arrangement);
  }
  if (current.better_than(arrangement)) arrangement = current;
  arrangement.resum();
  return made;
}

}  // namespace rondo::fusion
