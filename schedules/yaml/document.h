// A YAML document with a place for every node: the one door to yaml-cpp.
//
// Stricter than YAML where users get hurt: duplicate keys, anchors, aliases and
// tags are errors; scalars are plain text until asked for as something. Used by
// the schedule text form, graphs and machines. Thread safety: immutable values.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "rondo/result.h"

namespace rondo::yaml {

struct Mark {
  uint32_t line = 0;  // from 1
  uint32_t column = 0;
};

class Node {
 public:
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMap };

  // Defined after the class: clang 14 otherwise needs them while pair<string, Node>
  // is still incomplete.
  Node();
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;
  ~Node();

  Kind kind = Kind::kNull;
  Mark mark;
  std::string text;                                  // kScalar
  bool quoted = false;                               // kScalar: was written in quotes
  std::vector<Node> items;                           // kSequence
  std::vector<std::pair<std::string, Node>> fields;  // kMap, in file order
  std::vector<Mark> field_marks;                     // of the keys

  bool is_map() const { return kind == Kind::kMap; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  const Node* find(std::string_view key) const {
    for (const auto& [name, node] : fields)
      if (name == key) return &node;
    return nullptr;
  }
};

inline Node::Node() = default;
inline Node::Node(const Node&) = default;
inline Node::Node(Node&&) noexcept = default;
inline Node& Node::operator=(const Node&) = default;
inline Node& Node::operator=(Node&&) noexcept = default;
inline Node::~Node() = default;

struct Document {
  std::string file;
  Node root;

  Place place(const Node& node) const { return {file, node.mark.line, node.mark.column}; }
};

// `code` is what errors carry: kInvalidSchedule, kInvalidGraph or kInvalidMachine.
// At most 64 levels and 2^22 nodes.
Result<Document> parse(std::string_view text, std::string file, ErrorCode code);

// Typed reads of a scalar; `what` names it in the error ("shape of tensor 'x'").
Result<int64_t> as_integer(const Document&, const Node&, std::string_view what, ErrorCode code, int64_t low,
                           int64_t high);
Result<double> as_number(const Document&, const Node&, std::string_view what, ErrorCode code);
Result<bool> as_bool(const Document&, const Node&, std::string_view what, ErrorCode code);
Result<std::string> as_text(const Document&, const Node&, std::string_view what, ErrorCode code);
// "262144", "256 KiB", "1.5 MiB", "1 GiB": bytes.
Result<uint64_t> as_bytes(const Document&, const Node&, std::string_view what, ErrorCode code);

// Every key of `node` is one of `allowed`, else an error at the key that lists
// them and suggests the nearest.
Status check_keys(const Document&, const Node& node, std::string_view what, ErrorCode code,
                  std::initializer_list<std::string_view> allowed);
Status check_keys(const Document&, const Node& node, std::string_view what, ErrorCode code,
                  const std::vector<std::string_view>& allowed);

// The candidate within edit distance 2 (and less than half the word), or "".
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);
// " (did you mean 'x'?)" or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace rondo::yaml
