#include "planner/phase/json_fields.h"

#include <limits>

namespace rondo::phase {
namespace {

// A name from a file may be as long as the file: a message shows its beginning.
std::string shown(std::string_view text) {
  constexpr size_t kMost = 40;
  return text.size() <= kMost ? std::string(text) : std::string(text.substr(0, kMost)) + "...";
}

}  // namespace

void JsonFields::fail(const json::Node& at, std::string message) {
  if (ok()) error_ = make_error(code_, std::move(message), {file_, at.line, at.column});
}

void JsonFields::fail_too_complex(const json::Node& at, std::string message) {
  if (ok()) error_ = make_error(ErrorCode::kTooComplex, std::move(message), {file_, at.line, at.column});
}

const json::Node* JsonFields::checked(const json::Node* node, std::string_view key, json::Kind kind,
                                      std::string_view what) {
  if (node == nullptr || node->is(kind)) return node;
  fail(*node, "'" + std::string(key) + "' of " + std::string(what) + " is " + json::name_of(node->kind) + "; wanted " +
                  json::name_of(kind));
  return nullptr;
}

const json::Node* JsonFields::required(const json::Node& object, std::string_view key, json::Kind kind,
                                       std::string_view what) {
  if (!object.is(json::Kind::kObject)) {
    fail(object, std::string(what) + " is " + json::name_of(object.kind) + "; wanted an object");
    return nullptr;
  }
  const json::Node* node = object.find(key);
  if (node == nullptr) fail(object, std::string(what) + " lacks '" + std::string(key) + "'");
  return checked(node, key, kind, what);
}

const json::Node* JsonFields::optional(const json::Node& object, std::string_view key, json::Kind kind,
                                       std::string_view what) {
  if (!object.is(json::Kind::kObject)) {
    fail(object, std::string(what) + " is " + json::name_of(object.kind) + "; wanted an object");
    return nullptr;
  }
  return checked(object.find(key), key, kind, what);
}

int64_t JsonFields::integer(const json::Node& node, std::string_view what, int64_t low, int64_t high) {
  const bool whole = node.is(json::Kind::kNumber) && node.is_integer;
  if (whole && node.integer >= low && node.integer <= high) return node.integer;
  std::string range = std::to_string(low) + " to " + std::to_string(high);
  if (high == std::numeric_limits<int64_t>::max()) range = low == 0 ? "0 or more" : "whole numbers of 64 bits";
  fail(node, std::string(what) + " is " +
                 (whole ? std::to_string(node.integer) + ", outside " + range
                        : (node.is(json::Kind::kNumber) ? std::string("no whole number") : json::name_of(node.kind)) +
                              "; wanted " + range));
  return low;
}

int64_t JsonFields::integer_of(const json::Node& object, std::string_view key, std::string_view what, int64_t low,
                               int64_t high) {
  const json::Node* node = required(object, key, json::Kind::kNumber, what);
  if (node == nullptr) return low;
  return integer(*node, "'" + std::string(key) + "' of " + std::string(what), low, high);
}

std::string JsonFields::text_of(const json::Node& object, std::string_view key, std::string_view what) {
  const json::Node* node = required(object, key, json::Kind::kString, what);
  return node == nullptr ? std::string() : node->text;
}

std::vector<uint32_t> JsonFields::ids(const json::Node& array, std::string_view what, std::string_view noun,
                                      uint64_t count) {
  std::vector<uint32_t> list;
  list.reserve(array.items.size());
  for (const json::Node& item : array.items) {
    if (!ok()) return list;
    if (item.is(json::Kind::kNumber) && item.is_integer && item.integer >= 0 &&
        static_cast<uint64_t>(item.integer) < count) {
      list.push_back(static_cast<uint32_t>(item.integer));
    } else if (item.is(json::Kind::kNumber) && item.is_integer) {
      fail(item, std::string(what) + ": there is no " + std::string(noun) + " " + std::to_string(item.integer) +
                     "; the file lists " + std::to_string(count));
    } else {
      fail(item, std::string(what) + " wants ids of " + std::string(noun) + "s, whole numbers");
    }
  }
  return list;
}

size_t JsonFields::word(const json::Node& node, std::string_view what, std::initializer_list<const char*> words) {
  size_t index = 0;
  std::string known;
  for (const char* word : words) {
    if (node.is(json::Kind::kString) && node.text == word) return index;
    known += (index++ == 0 ? "" : ", ") + std::string(word);
  }
  fail(node, std::string(what) + (node.is(json::Kind::kString) ? " is '" + shown(node.text) + "'" : " is no word") +
                 "; known: " + known);
  return 0;
}

}  // namespace rondo::phase
