// The one file that knows nlohmann's JSON: the writer's values, and its parser behind
// a handler that builds our nodes.
#include "schedules/json/json.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "schedules/json/node.h"
#include "schedules/structure/sentence.h"

namespace rondo::json {

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

const char* name_of(Kind kind) {
  constexpr const char* kNames[] = {"null", "true or false", "a number", "a string", "an array", "an object"};
  return kNames[static_cast<uint8_t>(kind)];
}

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value] : fields)
    if (name == key) return &value;
  return nullptr;
}

namespace {

// Tells how far the parser has read: the handler is not told where its events lie.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

// Line and column of positions that only grow: the text is walked once.
class Places {
 public:
  explicit Places(const char* begin) : at_(begin) {}
  void move_to(const char* position) {
    for (; at_ < position; ++at_) {
      if (*at_ == '\n') {
        ++line_;
        column_ = 1;
      } else {
        ++column_;
      }
    }
  }
  uint32_t line() const { return line_; }
  uint32_t column() const { return column_; }

 private:
  const char* at_;
  uint32_t line_ = 1;
  uint32_t column_ = 1;
};

class Handler : public nlohmann::json_sax<nlohmann::json> {
 public:
  Handler(std::string_view text, const std::string& file, ErrorCode code, const Limits& limits)
      : begin_(text.data()),
        end_(text.data() + text.size()),
        furthest_(text.data()),
        seen_(text.data()),
        places_(text.data()),
        file_(file),
        code_(code),
        limits_(limits) {}

  CountingIterator first() { return {begin_, &furthest_}; }
  CountingIterator last() { return {end_, &furthest_}; }

  bool null() override { return leaf(Kind::kNull) != nullptr; }
  bool boolean(bool value) override {
    Node* node = leaf(Kind::kBool);
    if (node != nullptr) node->boolean = value;
    return node != nullptr;
  }
  bool number_integer(int64_t value) override {
    Node* node = leaf(Kind::kNumber);
    if (node == nullptr) return false;
    node->is_integer = true;
    node->integer = value;
    node->number = static_cast<double>(value);
    return true;
  }
  bool number_unsigned(uint64_t value) override {
    if (value <= static_cast<uint64_t>(INT64_MAX)) return number_integer(static_cast<int64_t>(value));
    Node* node = leaf(Kind::kNumber);
    if (node != nullptr) node->number = static_cast<double>(value);
    return node != nullptr;
  }
  bool number_float(double value, const std::string&) override {
    constexpr double kExactBelow = 9007199254740992.0;  // 2^53
    Node* node = leaf(Kind::kNumber);
    if (node == nullptr) return false;
    node->number = value;
    node->is_integer = std::abs(value) < kExactBelow && std::trunc(value) == value;
    if (node->is_integer) node->integer = static_cast<int64_t>(value);
    return true;
  }
  bool string(std::string& value) override {
    Node* node = leaf(Kind::kString);
    if (node != nullptr) node->text = std::move(value);
    return node != nullptr;
  }
  bool binary(nlohmann::json::binary_t&) override { return fail("binary data"); }
  bool start_object(size_t) override { return open(Kind::kObject); }
  bool start_array(size_t) override { return open(Kind::kArray); }
  bool key(std::string& name) override {
    open_.back()->fields.emplace_back(std::move(name), Node{});
    mark(open_.back()->fields.back().second);
    return true;
  }
  bool end_array() override { return close(); }
  bool end_object() override {
    // Sorted, because comparing all pairs of a hostile object's keys takes minutes.
    const auto& fields = open_.back()->fields;
    std::vector<const std::pair<std::string, Node>*> sorted;
    sorted.reserve(fields.size());
    for (const auto& field : fields) sorted.push_back(&field);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->first != b->first ? a->first < b->first : a < b; });
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end(),
                                          [](const auto* a, const auto* b) { return a->first == b->first; });
    if (twice != sorted.end()) {
      const Node& later = (*std::next(twice))->second;
      error_ = make_error(code_, sentence("the key '", shortened((*twice)->first), "' is there twice"),
                          Place{file_, later.line, later.column});
      return false;
    }
    return close();
  }

  bool parse_error(size_t, const std::string& token, const nlohmann::detail::exception& problem) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error
    // while parsing value - invalid literal; last read: 'x'": the words after the place.
    std::string words = problem.what();
    const size_t column = words.find(", column ");
    const size_t place_end = column == std::string::npos ? words.find("] ") : words.find(": ", column);
    if (place_end != std::string::npos) words.erase(0, place_end + 2);
    // A whole token that cannot stand there is blamed at its start; otherwise the last
    // character read is at fault, and at the end there is none. `token` is the token's
    // text for numbers and strings alone.
    const auto says = [&](std::string_view what) { return words.find(what) != std::string::npos; };
    const char* at = furthest_;
    if (says("unexpected number literal") || says("unexpected string literal")) {
      at -= std::min(token.size(), static_cast<size_t>(furthest_ - begin_));
      // A number ends where the next character is seen.
      if (at > begin_ && std::string_view(at, furthest_ - at) != token) --at;
    } else if (!says("unexpected end of input") && at > begin_) {
      --at;
      if (says(" literal;") && says("unexpected "))  // true, false, null
        while (at > begin_ && at[-1] >= 'a' && at[-1] <= 'z') --at;
    }
    places_.move_to(at);
    return fail(shortened(words));
  }

  Result<Node> take() {
    if (error_.has_value()) return *std::move(error_);
    return std::move(root_);
  }

 private:
  static std::string shortened(std::string words) {
    constexpr size_t kLongest = 160;
    if (words.size() > kLongest) words = words.substr(0, kLongest) + "...";
    return words;
  }

  bool fail(std::string message) {
    error_ = make_error(code_, std::move(message), Place{file_, places_.line(), places_.column()});
    return false;
  }

  // Of what the parser has just read, the start: it is the first character after the
  // event before that separates nothing.
  void mark(Node& node) {
    while (seen_ < end_ && std::string_view(" \t\r\n,:]}").find(*seen_) != std::string_view::npos) ++seen_;
    places_.move_to(seen_);
    node.line = places_.line();
    node.column = places_.column();
    seen_ = std::max(seen_, furthest_);
  }

  Node* leaf(Kind kind) {
    Node* node = &root_;
    if (!open_.empty()) {
      Node& parent = *open_.back();
      node = parent.is(Kind::kObject) ? &parent.fields.back().second : &parent.items.emplace_back();
    }
    node->kind = kind;
    mark(*node);
    if (++count_ <= limits_.nodes) return node;
    fail(sentence("the document has more than ", limits_.nodes, " values"));
    return nullptr;
  }

  bool open(Kind kind) {
    Node* node = leaf(kind);
    if (node == nullptr) return false;
    if (open_.size() >= limits_.depth) return fail(sentence("the document is nested deeper than ", limits_.depth));
    open_.push_back(node);
    return true;
  }
  bool close() {
    open_.pop_back();
    seen_ = std::max(seen_, furthest_);
    return true;
  }

  const char* begin_;
  const char* end_;
  const char* furthest_;  // how far the parser has read
  const char* seen_;      // how far events account for
  Places places_;
  const std::string& file_;
  ErrorCode code_;
  Limits limits_;
  Node root_;
  std::vector<Node*> open_;  // a parent does not grow while a child is open, so these stay
  uint32_t count_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<Node> parse(std::string_view text, const std::string& file, ErrorCode code, const Limits& limits) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  if (text.size() > limits.bytes)
    return make_error(code, sentence("the text has ", text.size(), " bytes, at most ", limits.bytes, " are read"),
                      Place{file, 0, 0});
  // The parser takes a zero byte for the end and would not see what follows.
  if (const size_t zero = text.find('\0'); zero != std::string_view::npos) {
    Places places(text.data());
    places.move_to(text.data() + zero);
    return make_error(code, "a zero byte", Place{file, places.line(), places.column()});
  }
  Handler handler(text, file, code, limits);
  nlohmann::json::sax_parse(handler.first(), handler.last(), &handler);
  return handler.take();
}

}  // namespace rondo::json
