#include "schedules/text/references.h"

#include <algorithm>
#include "schedules/yaml/document.h"

namespace rondo {

void References::add(std::string_view name) {
  if (!name.empty()) {
    const auto [found, added] = indices_.emplace(std::string(name), count_);
    if (!added) found->second = kSeveral;
  }
  names_.emplace_back(name);
  ++count_;
}

bool References::look_up(std::string_view name, uint32_t& index, std::string& message) const {
  const auto found = indices_.find(name);
  if (found != indices_.end() && found->second != kSeveral) {
    index = found->second;
    return true;
  }
  if (found != indices_.end()) {
    message = sentence("more than one ", what_, " is called '", name, "': write $ and its index, from $0");
    return false;
  }
  // Suggestions look at the first names only: an error must not cost a pass over a hostile table.
  constexpr size_t kLooked = 256;
  const std::vector<std::string_view> candidates(names_.begin(), names_.begin() + std::min(names_.size(), kLooked));
  message = sentence("there is no ", what_, " '", name, "'", yaml::did_you_mean(name, candidates));
  return false;
}

bool References::read(Line& line, uint32_t& index) const {
  const char* start = line.position();
  if (line.take('$')) {
    uint64_t number = 0;
    if (!line.number(number, what_)) return false;
    if (number >= count_)
      return line.fail_at(start, sentence("there is no ", what_, " $", number, ", there are ", count_));
    index = static_cast<uint32_t>(number);
    return true;
  }
  Line::Name name;
  if (!line.name(name, what_)) return false;
  std::string message;
  return look_up(name.text, index, message) || line.fail_at(start, std::move(message));
}

bool References::find(std::string_view text, bool quoted, uint32_t& index, std::string& message) const {
  if (quoted || !text.starts_with('$')) return look_up(text, index, message);
  Line line(text, 1);
  if (read(line, index) && line.at_end()) return true;
  message = line.message().empty() ? sentence("there is no ", what_, " '", text, "'") : line.message();
  return false;
}

std::vector<std::string> References::printed() const {
  std::vector<std::string> texts(count_);
  for (uint32_t i = 0; i < count_; ++i) {
    const auto found = indices_.find(names_[i]);
    if (found != indices_.end() && found->second == i)
      append_name(texts[i], names_[i]);
    else
      texts[i] = sentence("$", i);
  }
  return texts;
}

References references_to_bases(const Schedule& schedule) {
  References references("arena or binding");
  for (const Arena& arena : schedule.arenas) references.add(schedule.name(arena.name));
  for (const Binding& binding : schedule.bindings) references.add(schedule.name(binding.name));
  return references;
}

}  // namespace rondo
