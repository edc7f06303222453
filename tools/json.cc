#include "tools/json.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace rondo::cli {

struct Json::Data {
  nlohmann::ordered_json json;
};

Json::Json() : data_(new Data{nullptr}) {}
Json::Json(bool value) : data_(new Data{value}) {}
Json::Json(double value) : data_(new Data{value}) {}
Json::Json(std::string_view value) : data_(new Data{std::string(value)}) {}
Json::Json(Signed value) : data_(new Data{value.number}) {}
Json::Json(Unsigned value) : data_(new Data{value.number}) {}
Json::Json(const Json& other) : data_(new Data(*other.data_)) {}
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(Json other) noexcept {
  data_ = std::move(other.data_);
  return *this;
}
Json::~Json() = default;

Json Json::object() {
  Json json;
  json.data_->json = nlohmann::ordered_json::object();
  return json;
}
Json Json::array() {
  Json json;
  json.data_->json = nlohmann::ordered_json::array();
  return json;
}

Json& Json::set(std::string_view key, const Json& value) {
  data_->json[std::string(key)] = value.data_->json;
  return *this;
}
Json& Json::add(const Json& value) {
  data_->json.push_back(value.data_->json);
  return *this;
}

std::string Json::dump() const {
  return data_->json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace rondo::cli
