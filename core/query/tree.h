// A query as a tree, and the tree as tidy text. A value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::query {

enum class NodeKind : std::uint8_t {
  name,     // of a field, parameter or metric; alone as a condition, a word to search for
  literal,  // a number, duration or date as it is written
  text,
  truth,  // true or false
  call,   // text(parts[0])
  negate,
  add,
  subtract,
  multiply,
  divide,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  matches,
  matches_not,
  in,  // parts[0] is one of the others
  negation,
  both,    // and: two parts or more
  either,  // or: two parts or more
  broken   // what could not be understood
};

using NodeId = std::uint32_t;

struct Node {
  NodeKind kind = NodeKind::broken;
  bool quoted = false;       // name: it stands in backquotes, and so is never a text
  std::uint16_t depth = 1;   // of the tree below
  std::size_t position = 0;  // in the text it was read from, in bytes
  std::size_t length = 0;
  std::string text = {};  // name, literal, text, truth, call
  std::vector<NodeId> parts = {};
};

class Tree {
 public:
  [[nodiscard]] bool empty() const noexcept { return nodes_.empty(); }  // the query of an empty text
  [[nodiscard]] const Node& root() const { return nodes_[root_]; }
  [[nodiscard]] const Node& operator[](NodeId id) const { return nodes_[id]; }
  [[nodiscard]] NodeId root_id() const noexcept { return root_; }

  NodeId add(Node node);  // after its parts
  void set_root(NodeId root) noexcept { root_ = root; }
  void set_place(NodeId node, std::size_t position, std::size_t length);

  // Places in the text do not count.
  [[nodiscard]] bool operator==(const Tree& other) const;

 private:
  std::vector<Node> nodes_;
  NodeId root_ = 0;
};

// Read again, it gives the same tree, unless that holds broken nodes.
[[nodiscard]] std::string to_text(const Tree& tree);
[[nodiscard]] std::string to_text(const Tree& tree, NodeId node);

[[nodiscard]] const char* sign_of(NodeKind kind) noexcept;  // "<=", "and"; empty where there is none

}  // namespace athanor::query
