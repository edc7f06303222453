// Typed reads of JSON objects for the files of the phase planner: the first fault of a
// file is kept with its place, later reads return a harmless value.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/result.h"
#include "schedules/json/node.h"

namespace rondo::phase {

class JsonFields {
 public:
  JsonFields(std::string file, ErrorCode code) : file_(std::move(file)), code_(code) {}

  bool ok() const { return error_.code == ErrorCode::kBug; }
  const Error& error() const { return error_; }
  // Keeps the first fault only.
  void fail(const json::Node& at, std::string message);
  void fail_too_complex(const json::Node& at, std::string message);

  // A null pointer after a missing key or a wrong kind; `what` names the object: "op 3".
  const json::Node* required(const json::Node& object, std::string_view key, json::Kind kind, std::string_view what);
  const json::Node* optional(const json::Node& object, std::string_view key, json::Kind kind, std::string_view what);

  int64_t integer(const json::Node& node, std::string_view what, int64_t low, int64_t high);
  int64_t integer_of(const json::Node& object, std::string_view key, std::string_view what, int64_t low, int64_t high);
  std::string text_of(const json::Node& object, std::string_view key, std::string_view what);
  // A list of ids below `count`; `noun` is what they are ids of: "dim".
  std::vector<uint32_t> ids(const json::Node& array, std::string_view what, std::string_view noun, uint64_t count);
  // The index of the word in `words`, or 0 after an error that lists them.
  size_t word(const json::Node& node, std::string_view what, std::initializer_list<const char*> words);

 private:
  const json::Node* checked(const json::Node* node, std::string_view key, json::Kind kind, std::string_view what);

  std::string file_;
  ErrorCode code_;
  Error error_;  // kBug: none
};

}  // namespace rondo::phase
