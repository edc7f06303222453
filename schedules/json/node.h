// Reading JSON: a document as a tree of nodes that know where they stand.
//
// Strict RFC 8259, and stricter where a reader would have to choose: an object that
// names a key twice is refused, and so is a zero byte. A file is untrusted: its size,
// depth and number of nodes are bounded, and the first fault is reported with the
// line and column of the character where the text stops being JSON.
// Thread safety: pure functions and plain values.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/result.h"

namespace rondo::json {

enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

// "an array", as an error message needs it.
const char* name_of(Kind kind);

struct Node {
  // Defined after the struct: clang 14 otherwise needs them while pair<string, Node>
  // is still incomplete.
  Node();
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;
  ~Node();

  Kind kind = Kind::kNull;
  bool boolean = false;
  // The number is a whole one that int64 holds; 3.0 and 3e0 are, as far as a double
  // tells one whole number from the next (2^53).
  bool is_integer = false;
  uint32_t line = 1;  // of the first character, both from 1; columns count bytes
  uint32_t column = 1;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<Node> items;                           // of an array
  std::vector<std::pair<std::string, Node>> fields;  // of an object, in the file's order

  bool is(Kind wanted) const { return kind == wanted; }
  // The value of a key of an object; null where there is none.
  const Node* find(std::string_view key) const;
};

inline Node::Node() = default;
inline Node::Node(const Node&) = default;
inline Node::Node(Node&&) noexcept = default;
inline Node& Node::operator=(const Node&) = default;
inline Node& Node::operator=(Node&&) noexcept = default;
inline Node::~Node() = default;

struct Limits {
  uint64_t bytes = uint64_t{64} << 20;
  uint32_t depth = 128;
  uint32_t nodes = 4u << 20;  // about 120 bytes each
};

// Errors carry `code`: the caller knows what the file was meant to be.
Result<Node> parse(std::string_view text, const std::string& file, ErrorCode code = ErrorCode::kInvalidGraph,
                   const Limits& limits = {});

}  // namespace rondo::json
