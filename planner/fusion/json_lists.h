// Lists of numbers out of the contest's JSON files.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "schedules/json/node.h"
#include "schedules/structure/sentence.h"

namespace rondo::fusion {

// Errors carry `code` and the prefix (a rule's name), at the node.
struct JsonContext {
  const std::string& file;
  ErrorCode code;
  std::string prefix;

  template <class... Words>
  Error fail(const json::Node& at, const Words&... words) const {
    return make_error(code, prefix + sentence(words...), Place{file, at.line, at.column});
  }
};

inline Result<const json::Node*> required_list(const JsonContext& context, const json::Node& root, const char* key) {
  const json::Node* list = root.find(key);
  if (list == nullptr) return context.fail(root, "there is no '", key, "'");
  if (!list->is(json::Kind::kArray))
    return context.fail(*list, "'", key, "' must be a list, it is ", name_of(list->kind));
  return list;
}

// `what`: "the tensors of inputs[3]". A list of ids: whole numbers that uint32 holds.
inline Result<std::vector<uint32_t>> read_ids(const JsonContext& context, const json::Node& node,
                                              const std::string& what) {
  if (!node.is(json::Kind::kArray)) return context.fail(node, what, " must be a list, it is ", name_of(node.kind));
  std::vector<uint32_t> ids;
  ids.reserve(node.items.size());
  for (const json::Node& item : node.items) {
    if (!item.is(json::Kind::kNumber) || !item.is_integer)
      return context.fail(item, what, " must be whole numbers, one is ",
                          item.is(json::Kind::kNumber) ? "not whole" : name_of(item.kind));
    if (item.integer < 0 || item.integer > UINT32_MAX)
      return context.fail(item, what, " must be 0 or more and below 2^32, one is ", item.integer);
    ids.push_back(static_cast<uint32_t>(item.integer));
  }
  return ids;
}

}  // namespace rondo::fusion
