#include "runtime/roofline/traffic.h"
#include <algorithm>
#include "runtime/roofline/runs.h"

namespace rondo::runtime {
namespace {

constexpr uint64_t kMostRuns = uint64_t{1} << 22;
// Of one replay. Granules grow from a cache line until there are no more touches.
constexpr uint64_t kMostTouches = uint64_t{1} << 21;
constexpr uint64_t kLineBytes = 64;

// Distances between touches of granules, by one worker or by all of them.
class ReuseDistances {
 public:
  ReuseDistances(uint64_t granules, uint64_t touches) : last_(granules, 0), latest_(touches + 1, 0) {}

  // How many granules were touched since this one was; UINT64_MAX if it never was.
  uint64_t touch(uint64_t granule) {
    const uint32_t before = last_[granule];
    const uint64_t distance = before == 0 ? UINT64_MAX : live_ - sum(before);
    if (before != 0) {
      add(before, -1);
      --live_;
    }
    last_[granule] = ++now_;
    add(now_, 1);
    ++live_;
    return distance;
  }

 private:
  // latest_ is a Fenwick tree over times: 1 where a granule was touched last.
  void add(uint32_t time, int32_t change) {
    for (; time < latest_.size(); time += time & -time) latest_[time] += change;
  }
  uint64_t sum(uint32_t time) const {
    int64_t total = 0;
    for (; time > 0; time -= time & -time) total += latest_[time];
    return static_cast<uint64_t>(total);
  }

  std::vector<uint32_t> last_;  // time of the last touch, from 1
  std::vector<int32_t> latest_;
  uint32_t now_ = 0;
  uint64_t live_ = 0;
};

bool is_indexed(const Operand& operand) {
  return operand.access == static_cast<uint8_t>(Access::kIndexedRead) ||
         operand.access == static_cast<uint8_t>(Access::kIndexedWrite);
}

uint64_t size_of(const Schedule& schedule, uint32_t base) {
  if (base < schedule.arenas.size()) return schedule.arenas[base].bytes;
  const Binding& binding = schedule.bindings[base - schedule.arenas.size()];
  uint64_t bytes = info(static_cast<DType>(binding.dtype)).bytes;
  for (uint32_t axis = 0; axis < binding.rank; ++axis) bytes *= binding.shape[axis];
  return bytes;
}

// Calls visit(position, base, begin, bytes) for every run of every operand that is counted.
template <class Visit>
bool for_each_touch(const Schedule& schedule, const std::vector<uint32_t>& order, Visit visit) {
  for (uint32_t position = 0; position < order.size(); ++position) {
    const Op& op = schedule.ops[order[position]];
    for (uint32_t i = op.first_operand; i < op.first_operand + op.operand_count; ++i) {
      const Operand& operand = schedule.operands[i];
      if (operand.access == static_cast<uint8_t>(Access::kHint) || is_indexed(operand)) continue;
      if (!for_each_run(schedule.views[operand.view], operand.offset_bytes,
                        [&](uint64_t begin, uint64_t bytes) { return visit(position, operand.base, begin, bytes); }))
        return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Traffic> traffic_of(const Schedule& schedule, const std::vector<uint32_t>& order,
                                  const std::vector<uint32_t>& worker_of, const std::vector<MemoryRoof>& levels) {
  uint64_t runs = 0, bytes_touched = 0;
  if (!for_each_touch(schedule, order, [&](uint32_t, uint32_t, uint64_t, uint64_t bytes) {
        bytes_touched += bytes;
        return ++runs <= kMostRuns;
      }))
    return std::nullopt;
  uint64_t granule = kLineBytes;
  while (bytes_touched / granule > kMostTouches) granule *= 2;

  std::vector<uint64_t> first_granule = {0};  // per base
  for (uint32_t base = 0; base < schedule.arenas.size() + schedule.bindings.size(); ++base)
    first_granule.push_back(first_granule.back() + size_of(schedule, base) / granule + 2);

  uint32_t workers = 1;
  for (const uint32_t worker : worker_of) workers = std::max(workers, worker + 1);
  std::vector<uint64_t> touches(workers, 0);
  for_each_touch(schedule, order, [&](uint32_t position, uint32_t, uint64_t begin, uint64_t bytes) {
    touches[worker_of[position]] += bytes == 0 ? 0 : (begin + bytes - 1) / granule - begin / granule + 1;
    return true;
  });
  uint64_t all_touches = 0;
  std::vector<ReuseDistances> own;
  for (const uint64_t count : touches) {
    own.emplace_back(first_granule.back(), 2 * count);
    all_touches += count;
  }
  const bool shares = workers > 1 && std::any_of(levels.begin(), levels.end(), [](const MemoryRoof& level) {
                        return level.shared && level.cache_bytes != 0;
                      });
  ReuseDistances together(shares ? first_granule.back() : 0, shares ? 2 * all_touches : 0);

  Traffic traffic;
  traffic.bytes.assign(order.size(), std::vector<uint64_t>(levels.size(), 0));
  traffic.known.assign(order.size(), 1);
  for (uint32_t position = 0; position < order.size(); ++position) {
    const Op& op = schedule.ops[order[position]];
    for (uint32_t i = op.first_operand; i < op.first_operand + op.operand_count; ++i)
      if (is_indexed(schedule.operands[i])) traffic.known[position] = 0;
  }
  for (const bool counts : {false, true})
    for_each_touch(schedule, order, [&](uint32_t position, uint32_t base, uint64_t begin, uint64_t bytes) {
      for (const uint64_t end = begin + bytes; begin < end;) {
        const uint64_t part = std::min(end, (begin / granule + 1) * granule) - begin;
        const uint64_t at = first_granule[base] + begin / granule;
        const uint64_t alone = own[worker_of[position]].touch(at);
        const uint64_t shared = shares ? together.touch(at) : alone;
        begin += part;
        if (!counts) continue;
        std::vector<uint64_t>& served = traffic.bytes[position];
        for (size_t level = 0; level < levels.size(); ++level) {
          served[level] += part;
          const uint64_t distance = levels[level].shared ? shared : alone;
          const bool held = levels[level].cache_bytes == 0 || distance < levels[level].cache_bytes / granule;
          if (held) break;
        }
      }
      return true;
    });
  return traffic;
}

}  // namespace rondo::runtime
