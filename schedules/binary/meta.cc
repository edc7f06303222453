#include "schedules/binary/meta.h"

#include <charconv>
#include "schedules/structure/sentence.h"

namespace rondo {
namespace {

constexpr std::string_view kTitle = "rondo schedule\n";

}  // namespace

std::string print_meta(const Schedule& schedule) {
  return sentence(kTitle, "producer: ", schedule.producer, "\nsource: ", schedule.source,
                  "\nbackend: ", schedule.backend, "\nmachine: ", schedule.machine, "\nlanes: ", schedule.lane_count,
                  "\n");
}

Status parse_meta(std::string_view text, Schedule& schedule) {
  const auto bad = [](auto&&... words) {
    return make_error(ErrorCode::kInvalidSchedule, sentence("section META ", words...));
  };
  if (!text.starts_with(kTitle)) return bad("does not begin with the line 'rondo schedule'");
  text.remove_prefix(kTitle.size());
  std::string lanes;
  const std::pair<std::string_view, std::string*> lines[] = {{"producer: ", &schedule.producer},
                                                             {"source: ", &schedule.source},
                                                             {"backend: ", &schedule.backend},
                                                             {"machine: ", &schedule.machine},
                                                             {"lanes: ", &lanes}};
  for (const auto& [key, value] : lines) {
    const size_t end = text.find('\n');
    if (!text.starts_with(key) || end == std::string_view::npos)
      return bad("has no line '", key.substr(0, key.size() - 1), "' where it belongs");
    value->assign(text.substr(key.size(), end - key.size()));
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) return bad("has ", text.size(), " bytes after its last line");
  const auto [end, error] = std::from_chars(lanes.data(), lanes.data() + lanes.size(), schedule.lane_count);
  if (error != std::errc{} || end != lanes.data() + lanes.size() || lanes != std::to_string(schedule.lane_count))
    return bad("has '", lanes, "' for a lane count");
  return {};
}

}  // namespace rondo
