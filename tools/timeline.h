// When each stream is busy: the event model of the makespan claim, drawn as text.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "planner/claims/event_model.h"
#include "rondo/schedule.h"

namespace rondo::cli {

struct Timeline {
  std::vector<OpTime> spans;  // in the order given, sync ops included
  double end = 0;             // the latest completion
  bool from_costs = false;    // false: the file has no cost table, every op but sync counts 1
};

// `order` holds op indices of the replay part, each after the ops it waits for.
// `durations`, where given, are beside `order` and stand for the file's costs.
// Precondition: check_structure accepts the schedule.
Timeline predict_timeline(const Schedule& schedule, const std::vector<uint32_t>& order,
                          const std::vector<double>* durations = nullptr);

// One row per stream: '#' busy three quarters of the column's time, '+' a quarter,
// '.' less, ' ' idle; below, where phases begin. At most `columns` wide.
std::string timeline_text(const Schedule& schedule, const Timeline& timeline, uint32_t columns);

}  // namespace rondo::cli
