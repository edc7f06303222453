// The one user of yaml-cpp. Events, not yaml-cpp's own nodes: they keep the plain
// text of scalars, show aliases before anything is expanded, and cost one pass.
#include "schedules/yaml/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <sstream>
#include <unordered_set>

namespace rondo::yaml {
namespace {

constexpr size_t kMaxDepth = 64;
// yaml-cpp takes about 2 us a value: two seconds for the largest document. The most
// streams a schedule may have take 850,000 values.
constexpr uint64_t kMaxNodes = uint64_t{1} << 20;

Mark mark_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
}

// Leaves yaml-cpp's parser from inside an event; caught in `parse`.
struct Refusal {
  std::string message;
  Mark mark;
};

// What one shows of a user's text inside a sentence: short, and on one line.
std::string shown(std::string_view text) {
  constexpr size_t kLongest = 40;
  std::string out;
  for (char c : text.substr(0, kLongest)) out += c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
  if (text.size() > kLongest) out += "...";
  return out;
}

class Builder final : public YAML::EventHandler {
 public:
  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.mark = mark_of(mark);
    refuse_anchor(anchor, node.mark);
    leaf(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal{"aliases (*name) are not allowed: write the value out", mark_of(mark)};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Node::Kind::kScalar;
    node.mark = mark_of(mark);
    refuse_anchor(anchor, node.mark);
    refuse_tag(tag, node.mark);
    node.quoted = tag == "!";  // yaml-cpp's word for any scalar that is not plain
    node.text = value;
    leaf(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kSequence, mark_of(mark), tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMap, mark_of(mark), tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    std::optional<std::string> key;  // read, its value not yet
    Mark key_mark;
    std::unordered_set<std::string> keys;
  };

  static void refuse_anchor(YAML::anchor_t anchor, Mark mark) {
    if (anchor != 0) throw Refusal{"anchors (&name) are not allowed: write the value out", mark};
  }
  static void refuse_tag(const std::string& tag, Mark mark) {
    if (!tag.empty() && tag != "?" && tag != "!") throw Refusal{"tags (" + shown(tag) + ") are not allowed", mark};
  }
  void count(Mark mark) {
    if (++nodes_ > kMaxNodes)
      throw Refusal{"the document has more than " + std::to_string(kMaxNodes) + " values", mark};
  }
  bool wants_key() const {
    return !open_.empty() && open_.back()->node.kind == Node::Kind::kMap && !open_.back()->key.has_value();
  }

  void open(Node::Kind kind, Mark mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_anchor(anchor, mark);
    refuse_tag(tag, mark);
    count(mark);
    if (wants_key()) throw Refusal{"a key must be plain text, not a list or a map", mark};
    if (open_.size() >= kMaxDepth)
      throw Refusal{"the document is nested deeper than " + std::to_string(kMaxDepth) + " levels", mark};
    auto frame = std::make_unique<Frame>();
    frame->node.kind = kind;
    frame->node.mark = mark;
    open_.push_back(std::move(frame));
  }
  void close() {
    Node node = std::move(open_.back()->node);
    open_.pop_back();
    attach(std::move(node));
  }
  void leaf(Node node) {
    count(node.mark);
    if (!wants_key()) return attach(std::move(node));
    if (!node.is_scalar()) throw Refusal{"a key is missing or null", node.mark};
    Frame& frame = *open_.back();
    if (!frame.keys.insert(node.text).second) throw Refusal{"key '" + shown(node.text) + "' is given twice", node.mark};
    frame.key = std::move(node.text);
    frame.key_mark = node.mark;
  }
  void attach(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = *open_.back();
    if (frame.node.kind == Node::Kind::kSequence) {
      frame.node.items.push_back(std::move(node));
      return;
    }
    frame.node.fields.emplace_back(std::move(*frame.key), std::move(node));
    frame.node.field_marks.push_back(frame.key_mark);
    frame.key.reset();
  }

  Node root_;
  std::vector<std::unique_ptr<Frame>> open_;
  uint64_t nodes_ = 0;
};

// yaml-cpp guesses UTF-16 and UTF-32 from zero bytes and replaces bad sequences;
// names that pass through here must be the bytes of the file.
std::optional<Refusal> check_bytes(std::string_view text) {
  uint32_t line = 1, column = 1;
  for (size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    size_t length = byte < 0x80                   ? 1
                    : byte >= 0xc2 && byte < 0xe0 ? 2
                    : byte >= 0xe0 && byte < 0xf0 ? 3
                    : byte >= 0xf0 && byte < 0xf5 ? 4
                                                  : 0;
    if (length == 0 || at + length > text.size()) length = 0;
    for (size_t i = 1; i < length; ++i)
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) length = 0;
    if (length > 1) {
      const auto second = static_cast<unsigned char>(text[at + 1]);
      if ((byte == 0xe0 && second < 0xa0) || (byte == 0xed && second >= 0xa0) || (byte == 0xf0 && second < 0x90) ||
          (byte == 0xf4 && second >= 0x90))
        length = 0;
    }
    if (length == 0) return Refusal{"the file is not UTF-8 text", {line, column}};
    if ((byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r') || byte == 0x7f)
      return Refusal{"control character " + std::to_string(byte) + " in the text", {line, column}};
    at += length;
    ++column;
    if (byte == '\n') ++line, column = 1;
  }
  return std::nullopt;
}

// The last line of the text, for messages at its end: yaml-cpp then has no place.
Mark end_of(std::string_view text) {
  return {static_cast<uint32_t>(1 + std::count(text.begin(), text.end(), '\n')), 1};
}

// A place that yaml-cpp gives, but never behind the end.
Mark within(Mark mark, std::string_view text) {
  const Mark end = end_of(text);
  return mark.line == 0 || mark.line > end.line ? end : mark;
}

std::string kind_words(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "empty";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
    case Node::Kind::kScalar:
      break;
  }
  return node.quoted ? "the text \"" + shown(node.text) + "\"" : "'" + shown(node.text) + "'";
}

Error wrong_kind(const Document& document, const Node& node, std::string_view what, ErrorCode code,
                 std::string_view wanted) {
  return make_error(code, std::string(what) + " must be " + std::string(wanted) + ", not " + kind_words(node),
                    document.place(node));
}

bool is_plain(const Node& node) { return node.is_scalar() && !node.quoted && !node.text.empty(); }

// Shortest decimal form that reads back the same.
std::string decimal(double number) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number);
  return std::string(buffer, end.ptr);
}

// Optimal string alignment distance, or `limit` + 1 where it is more.
size_t distance(std::string_view a, std::string_view b, size_t limit) {
  const size_t longer = std::max(a.size(), b.size()), shorter = std::min(a.size(), b.size());
  if (longer - shorter > limit || longer > 64) return limit + 1;
  size_t rows[3][66] = {};
  for (size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t* row = rows[i % 3];
    const size_t* above = rows[(i + 2) % 3];
    const size_t* above2 = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], above2[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

Result<Document> parse(std::string_view text, std::string file, ErrorCode code) {
  const auto fail = [&](std::string message, Mark mark) {
    return make_error(code, std::move(message), Place{file, mark.line, mark.column});
  };
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  if (auto refusal = check_bytes(text)) return fail(refusal->message, refusal->mark);
  Document document;
  try {
    // The end mark makes yaml-cpp refuse quotes that are never closed; without it
    // 0.7 takes `a: "x` for a whole document.
    std::istringstream stream(std::string(text) + (text.empty() || text.back() == '\n' ? "...\n" : "\n...\n"));
    YAML::Parser parser(stream);
    Builder builder;
    if (!parser.HandleNextDocument(builder)) return fail("the document is empty", {1, 1});
    document.root = builder.take_root();
    if (document.root.kind == Node::Kind::kNull) return fail("the document is empty", {1, 1});
    Builder second;
    if (parser.HandleNextDocument(second)) {
      const Node extra = second.take_root();
      return fail("a second YAML document follows; one file holds one", within(extra.mark, text));
    }
  } catch (const Refusal& refusal) {
    return fail(refusal.message, refusal.mark);
  } catch (const YAML::Exception& error) {
    const Mark mark = mark_of(error.mark);
    return fail("not valid YAML: " + error.msg, within(mark, text));
  } catch (const std::bad_alloc&) {
    return fail("the document needs more memory than there is", {});
  } catch (const std::exception& error) {
    return fail(std::string("not valid YAML: ") + error.what(), end_of(text));
  }
  document.file = std::move(file);
  return document;
}

Result<int64_t> as_integer(const Document& document, const Node& node, std::string_view what, ErrorCode code,
                           int64_t low, int64_t high) {
  if (!is_plain(node)) return wrong_kind(document, node, what, code, "a whole number");
  const std::string& text = node.text;
  int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool all = end.ptr == text.data() + text.size();
  if (all && end.ec == std::errc()) {
    const size_t digits = text[0] == '-' ? 1 : 0;
    if (text.size() > digits + 1 && text[digits] == '0')
      return make_error(code,
                        std::string(what) + " is '" + shown(text) + "': leading zeros are not allowed (write " +
                            std::to_string(number) + ")",
                        document.place(node));
  } else if (!all || end.ec != std::errc::result_out_of_range) {
    return wrong_kind(document, node, what, code, "a whole number");
  }
  if (end.ec != std::errc() || number < low || number > high)
    return make_error(code,
                      std::string(what) + " is " + shown(text) + "; allowed is " + std::to_string(low) + " to " +
                          std::to_string(high),
                      document.place(node));
  return number;
}

Result<double> as_number(const Document& document, const Node& node, std::string_view what, ErrorCode code) {
  if (!is_plain(node)) return wrong_kind(document, node, what, code, "a number");
  double number = 0;
  const auto end = std::from_chars(node.text.data(), node.text.data() + node.text.size(), number);
  if (end.ec == std::errc::result_out_of_range)
    return make_error(code, std::string(what) + " is " + shown(node.text) + ", which no double holds",
                      document.place(node));
  if (end.ec != std::errc() || end.ptr != node.text.data() + node.text.size() || !std::isfinite(number))
    return wrong_kind(document, node, what, code, "a finite number");
  return number;
}

Result<bool> as_bool(const Document& document, const Node& node, std::string_view what, ErrorCode code) {
  if (is_plain(node) && node.text == "true") return true;
  if (is_plain(node) && node.text == "false") return false;
  return wrong_kind(document, node, what, code, "true or false");
}

Result<std::string> as_text(const Document& document, const Node& node, std::string_view what, ErrorCode code) {
  if (!node.is_scalar()) return wrong_kind(document, node, what, code, "text");
  return node.text;
}

Result<uint64_t> as_bytes(const Document& document, const Node& node, std::string_view what, ErrorCode code) {
  constexpr std::string_view kWanted = "a number of bytes (like 262144, 256 KiB, 1.5 MiB or 1 GiB)";
  if (!is_plain(node)) return wrong_kind(document, node, what, code, kWanted);
  struct Unit {
    std::string_view name;
    uint32_t shift;
  };
  constexpr Unit kUnits[] = {{"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  const std::string& text = node.text;
  const size_t number_end = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view unit = std::string_view(text).substr(number_end);
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  uint32_t shift = unit.empty() ? 0 : UINT32_MAX;
  for (const Unit& known : kUnits)
    if (unit == known.name) shift = known.shift;
  if (shift == UINT32_MAX) return wrong_kind(document, node, what, code, kWanted);

  uint64_t whole = 0;
  const auto whole_end = std::from_chars(text.data(), text.data() + number_end, whole);
  const bool is_whole = whole_end.ptr == text.data() + number_end && whole_end.ec == std::errc();
  double number = static_cast<double>(whole);
  if (!is_whole) {
    const auto end = std::from_chars(text.data(), text.data() + number_end, number, std::chars_format::fixed);
    if (end.ec != std::errc() || end.ptr != text.data() + number_end)
      return wrong_kind(document, node, what, code, kWanted);
  }
  const double bytes = std::ldexp(number, static_cast<int>(shift));
  if (bytes > std::ldexp(1.0, 60))
    return make_error(code, std::string(what) + " is " + shown(text) + "; at most 1048576 TiB are allowed",
                      document.place(node));
  if (bytes != std::floor(bytes))
    return make_error(
        code, std::string(what) + " is " + shown(text) + " = " + decimal(bytes) + " bytes, which is no whole number",
        document.place(node));
  return is_whole ? whole << shift : static_cast<uint64_t>(bytes);
}

Status check_keys(const Document& document, const Node& node, std::string_view what, ErrorCode code,
                  std::initializer_list<std::string_view> allowed) {
  return check_keys(document, node, what, code, std::vector<std::string_view>(allowed));
}

Status check_keys(const Document& document, const Node& node, std::string_view what, ErrorCode code,
                  const std::vector<std::string_view>& allowed) {
  if (!node.is_map()) return wrong_kind(document, node, what, code, "a map");
  for (size_t i = 0; i < node.fields.size(); ++i) {
    const std::string& key = node.fields[i].first;
    if (std::find(allowed.begin(), allowed.end(), key) != allowed.end()) continue;
    std::string list;
    for (std::string_view name : allowed) list += (list.empty() ? "" : ", ") + std::string(name);
    const Mark mark = i < node.field_marks.size() ? node.field_marks[i] : node.mark;
    return make_error(
        code,
        "unknown key '" + shown(key) + "' in " + std::string(what) + did_you_mean(key, allowed) + "; allowed: " + list,
        Place{document.file, mark.line, mark.column});
  }
  return {};
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr size_t kFarthest = 2;
  std::string_view best;
  size_t best_distance = kFarthest + 1;
  for (std::string_view candidate : candidates) {
    const size_t edits = distance(word, candidate, kFarthest);
    if (edits < best_distance && edits * 2 < word.size()) best = candidate, best_distance = edits;
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view near = nearest(word, candidates);
  return near.empty() ? std::string() : " (did you mean '" + std::string(near) + "'?)";
}

}  // namespace rondo::yaml
