#include "planner/phase/slot_colouring.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>

namespace rondo::phase {

std::vector<int32_t> colour_slots(std::vector<SlotWish> wishes, uint32_t values) {
  std::sort(wishes.begin(), wishes.end(), [](const SlotWish& a, const SlotWish& b) {
    return std::tie(a.start, a.value) < std::tie(b.start, b.value);
  });
  using Freed = std::pair<int64_t, int32_t>;  // end, slot
  std::priority_queue<Freed, std::vector<Freed>, std::greater<>> busy;
  std::priority_queue<int32_t, std::vector<int32_t>, std::greater<>> free;
  std::vector<int32_t> slots(values, -1);
  int32_t used = 0;
  for (const SlotWish& wish : wishes) {
    for (; !busy.empty() && busy.top().first <= wish.start; busy.pop()) free.push(busy.top().second);
    int32_t slot = used;
    if (free.empty()) {
      ++used;
    } else {
      slot = free.top();
      free.pop();
    }
    slots[wish.value] = slot;
    busy.push({wish.end, slot});
  }
  return slots;
}

}  // namespace rondo::phase
