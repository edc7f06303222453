// A JSON document being written: what --json prints.
//
// Keys keep the order they were set in. Only output: nothing of the project reads
// JSON. Text that is not UTF-8 is printed with replacement characters, a number
// that JSON cannot carry (NaN, infinity) as null.
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rondo::cli {

class Json {
 public:
  Json() = default;  // null
  Json(bool value) : value_(value) {}
  Json(std::signed_integral auto value) : value_(static_cast<int64_t>(value)) {}
  Json(std::unsigned_integral auto value) : value_(static_cast<uint64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const std::string& value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}

  static Json object() { return Json(Object{}); }
  static Json array() { return Json(Array{}); }

  // Precondition: made by object(), or by array(). Keys are not repeated.
  Json& set(std::string_view key, Json value) {
    std::get<Object>(value_).emplace_back(std::string(key), std::move(value));
    return *this;
  }
  Json& add(Json value) {
    std::get<Array>(value_).push_back(std::move(value));
    return *this;
  }

  // Two spaces of indent, no newline at the end.
  std::string dump() const;

  using Object = std::vector<std::pair<std::string, Json>>;
  using Array = std::vector<Json>;
  using Value = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Object, Array>;
  const Value& value() const { return value_; }

 private:
  explicit Json(Object value) : value_(std::move(value)) {}
  explicit Json(Array value) : value_(std::move(value)) {}
  Value value_;
};

}  // namespace rondo::cli
