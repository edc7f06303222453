// A JSON document being written: what --json prints. Reading is in node.h.
//
// Keys keep the order they were set in. Text that is not UTF-8 is printed with replacement characters, a number
// that JSON cannot carry (NaN, infinity) as null.
#pragma once
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rondo::json {

class Json {
 public:
  Json();  // null
  Json(bool value);
  Json(double value);
  Json(std::string_view value);
  Json(const std::string& value) : Json(std::string_view(value)) {}
  Json(const char* value) : Json(std::string_view(value)) {}
  Json(std::signed_integral auto value) : Json(Signed{value}) {}
  Json(std::unsigned_integral auto value) : Json(Unsigned{value}) {}
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(Json other) noexcept;
  ~Json();

  static Json object();
  static Json array();

  // Precondition: made by object(), or by array(). A key that is set again is replaced.
  Json& set(std::string_view key, const Json& value);
  Json& add(const Json& value);

  // Two spaces of indent, no newline at the end.
  std::string dump() const;

 private:
  struct Signed {
    int64_t number;
  };
  struct Unsigned {
    uint64_t number;
  };
  explicit Json(Signed value);
  explicit Json(Unsigned value);

  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace rondo::json
