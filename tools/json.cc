#include "tools/json.h"
#include <nlohmann/json.hpp>

namespace rondo::cli {
namespace {

using Out = nlohmann::ordered_json;

Out convert(const Json& json) {
  struct Visitor {
    Out operator()(std::monostate) const { return nullptr; }
    Out operator()(bool value) const { return value; }
    Out operator()(int64_t value) const { return value; }
    Out operator()(uint64_t value) const { return value; }
    Out operator()(double value) const { return value; }
    Out operator()(const std::string& value) const { return value; }
    Out operator()(const Json::Object& fields) const {
      Out out = Out::object();
      for (const auto& [key, value] : fields) out[key] = convert(value);
      return out;
    }
    Out operator()(const Json::Array& items) const {
      Out out = Out::array();
      for (const Json& item : items) out.push_back(convert(item));
      return out;
    }
  };
  return std::visit(Visitor{}, json.value());
}

}  // namespace

std::string Json::dump() const { return convert(*this).dump(2, ' ', false, Out::error_handler_t::replace); }

}  // namespace rondo::cli
