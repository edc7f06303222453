// What no solution can beat: lower bounds on the latency of a problem, each with its
// proof. They hold for every solution that evaluate() accepts, whatever its groups,
// granularities, recomputation, retention and tile orders.
//
// Words: a subgraph costs at least its compute and at least its traffic / bandwidth, so
// any c <= compute and m <= traffic give latency >= max(c, m / bandwidth), subgraph by
// subgraph and summed. An operator's *share* of a subgraph's traffic is defined below so
// that the shares of the operators of one subgraph never exceed what it moves. Every
// operator is in some subgraph, so the sum over operators of its least share is a bound.
//
// compute. Tiles are at most native x native, a smaller one pays in full, the k-steps of
//   a MatMul add up to one, and an inner MatMul or a prologue pays for the whole strip of
//   native tiles in each spatial tile: every operator costs at least
//   base cost x ceil(W / N) x ceil(H / N).
//
// traffic. Each graph input that is read is loaded whole at least once (rule R8: only
//   what is made can be retained), each graph output is evicted whole at least once.
//
// reload. A tensor t that operator p makes *must be loaded* by a reader c if it can
//   neither be ephemeral between them (Pointwise into a MatMul with K > N: rule R10) nor
//   be retained (size(t) >= capacity: it counts whole, beside a tile of something else).
//   It is then evicted whole once: p's share. Graph inputs must be loaded by every reader.
//   - A Pointwise covers all of its inputs. What it must load is divided evenly among all
//     readers that must load the tensor, because one buffer may serve them all.
//   - A MatMul with K <= N likewise.
//   - A MatMul with K > N (more than one k-step, since k <= N) is in one of three modes:
//     *owner*: LHS slices (tile rows, k) and RHS slices (k, tile columns) are new in every
//     step, so the subgraph loads size(LHS) x tile columns and size(RHS) x tile rows. One
//     buffer serves the a owners that read the same LHS, another the b that read the same
//     RHS; each owner holds a sum of w x h elements, so (a + b - 1) w h + w + h <= capacity.
//     Its share: size(LHS) tile columns / a + size(RHS) tile rows / b, for the best w, h,
//     a, b; operands that need not be loaded are free.
//     *inner on the left* (its output is the LHS of another MatMul of the subgraph, in
//     pieces of k columns; wider ephemeral pieces than N break R11, so for W > N that
//     other is an owner and the grid is as wide as its output): the RHS slices (all, k)
//     are new in every step of every tile: size(RHS) x tiles, divided among the b inner
//     MatMuls that read it, each of which holds h x K elements of its own LHS (R11 again:
//     a strip longer than N is not ephemeral), so b h K <= capacity. The LHS is loaded once.
//     *inner on the right*: the mirror image.
//     The MatMul that reads the strip's product is an owner, too: an operand that it alone
//     reads is loaded for every tile row, and what exceeds its own share of that is the
//     inner MatMul's.
//     Where W <= N (or H <= N) an inner MatMul loads each operand once, divided. An
//     operator that is owner and inner in one subgraph counts as inner: what it loads as
//     such is loaded in any case. No factor is claimed of an operand that fits the fast
//     memory and that another MatMul may need whole (one of the modes above, with
//     H <= N for an LHS and W <= N for an RHS): whole, it is loaded once.
//   - Shares of one tensor's loads may be dealt as one likes. Where some readers get their
//     other operand for nothing (retained or ephemeral), dealing the loads of the common
//     operand to those readers alone can be better than dealing evenly: they are few,
//     because a retained operand counts whole and an ephemeral one needs an inner MatMul
//     with its strip of h x K. The better of both is taken, tensor by tensor.
//
//   - Whether the output t of a deep MatMul p stays or leaves, where only MatMuls read it
//     and none must load it. Either every subgraph with p retains t or uses it up: p is
//     inner, or an owner that holds t whole beside the sums of those that share its loads.
//     Or some subgraph evicts t; then some subgraph loads it, whole at least once, or p is
//     in another one that does not evict it. So p's share is the lesser of the first case
//     and of an owner's loads + 2 size(t). In return no reader claims t's first load: it
//     claims size(t) (tile columns - 1) where it claims loads of t at all. And where the
//     loads of a common operand are dealt to readers with a free operand, those that keep
//     their output may be dealt some, too: they are as few. Readers that have the free
//     operand in strips may be left out, if that is more: their share is then what the
//     strip's maker, inner and so reloading for every tile, pays beyond its own share.
//
// parts. Two operators *may meet* if some subgraph may hold both: transitively, through
//   tensors they have in common, where making and reading inside one subgraph must be
//   allowed by R10, and reading together requires a shape of grid that both can reach by
//   such steps (R3). Subgraphs never mix parts that cannot meet, so the bound is the sum
//   over parts of max(compute shares, traffic shares / bandwidth).
//
// Figures are rounded down by 5 parts in 10^13: the judge adds rounded numbers, too.
// Thread safety: a pure function. Time: 2^27 pairs of cuts at most.
#pragma once
#include "planner/fusion/problem.h"

namespace rondo::fusion {

struct LowerBounds {
  double compute = 0;
  double traffic = 0;  // compulsory input and output
  double reload = 0;   // with forced reloads and evictions
  double parts = 0;    // the sum over parts that no subgraph mixes
  // Of the solver's exhaustive search (search/exhaust.h), which lower_bounds() does not
  // make; whoever has it puts it here.
  double exhaustive = 0;
  uint32_t part_count = 0;

  double best() const;
  const char* best_name() const;
};

// Precondition: finish_problem() accepted the problem.
LowerBounds lower_bounds(const Problem& problem);

}  // namespace rondo::fusion
