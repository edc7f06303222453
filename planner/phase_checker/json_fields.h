// Fields of a JSON object, with errors that name the place and what was expected there.
//
// Every method that can fail answers false (or null) and keeps the first error.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/result.h"
#include "schedules/json/node.h"

namespace rondo::phase_checker {

class JsonFields {
 public:
  JsonFields(std::string file, ErrorCode code) : file_(std::move(file)), code_(code) {}

  bool fail(const json::Node& at, std::string message) { return fail(at, std::move(message), code_); }
  bool fail(const json::Node& at, std::string message, ErrorCode code);
  const Error& error() const { return error_; }

  // `what` is what the node is, in words: "the graph", "op 5".
  bool is(const json::Node& node, json::Kind kind, const std::string& what);
  const json::Node* field(const json::Node& object, std::string_view key, json::Kind kind, const std::string& what);
  bool text(const json::Node& object, std::string_view key, const std::string& what, std::string& value);
  // A whole number from low to high, both allowed.
  bool integer(const json::Node& node, int64_t low, int64_t high, const std::string& what, int64_t& value);
  bool index(const json::Node& node, uint64_t count, const std::string& what, uint32_t& value);
  bool indices(const json::Node& array, uint64_t count, const std::string& what, std::vector<uint32_t>& values);

 private:
  std::string file_;
  ErrorCode code_;
  Error error_;
};

}  // namespace rondo::phase_checker
