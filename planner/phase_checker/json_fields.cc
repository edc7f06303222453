#include "planner/phase_checker/json_fields.h"

namespace rondo::phase_checker {

bool JsonFields::fail(const json::Node& at, std::string message, ErrorCode code) {
  Place place;
  place.file = file_;
  place.line = at.line;
  place.column = at.column;
  error_ = make_error(code, std::move(message), std::move(place));
  return false;
}

bool JsonFields::is(const json::Node& node, json::Kind kind, const std::string& what) {
  if (node.is(kind)) return true;
  return fail(node, what + " must be " + json::name_of(kind) + ", this is " + json::name_of(node.kind));
}

const json::Node* JsonFields::field(const json::Node& object, std::string_view key, json::Kind kind,
                                    const std::string& what) {
  if (!is(object, json::Kind::kObject, what)) return nullptr;
  const json::Node* node = object.find(key);
  if (node == nullptr) {
    fail(object, what + " has no \"" + std::string(key) + "\"");
    return nullptr;
  }
  return is(*node, kind, "\"" + std::string(key) + "\" of " + what) ? node : nullptr;
}

bool JsonFields::text(const json::Node& object, std::string_view key, const std::string& what, std::string& value) {
  const json::Node* node = field(object, key, json::Kind::kString, what);
  if (node != nullptr) value = node->text;
  return node != nullptr;
}

bool JsonFields::integer(const json::Node& node, int64_t low, int64_t high, const std::string& what, int64_t& value) {
  if (!is(node, json::Kind::kNumber, what)) return false;
  if (!node.is_integer || node.integer < low || node.integer > high)
    return fail(node, what + " must be a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
                          ", this is " + (node.is_integer ? std::to_string(node.integer) : "not"));
  value = node.integer;
  return true;
}

bool JsonFields::index(const json::Node& node, uint64_t count, const std::string& what, uint32_t& value) {
  int64_t number = 0;
  if (count == 0) return fail(node, what + " does not exist: there are none");
  if (!integer(node, 0, static_cast<int64_t>(count) - 1, what, number)) return false;
  value = static_cast<uint32_t>(number);
  return true;
}

bool JsonFields::indices(const json::Node& array, uint64_t count, const std::string& what,
                         std::vector<uint32_t>& values) {
  if (!is(array, json::Kind::kArray, what)) return false;
  values.resize(array.items.size());
  for (size_t i = 0; i < array.items.size(); ++i)
    if (!index(array.items[i], count, "entry " + std::to_string(i) + " of " + what, values[i])) return false;
  return true;
}

}  // namespace rondo::phase_checker
