#include "core/query/tree.h"

#include "core/query/token.h"

#include <algorithm>

namespace athanor::query {
namespace {

// What binds closer is greater; a part that binds less than its place demands stands in brackets.
enum Level { kEither, kBoth, kNegation, kComparison, kSum, kProduct, kSigned, kSingle };

int level_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::either: return kEither;
    case NodeKind::both: return kBoth;
    case NodeKind::negation: return kNegation;
    case NodeKind::add:
    case NodeKind::subtract: return kSum;
    case NodeKind::multiply:
    case NodeKind::divide: return kProduct;
    case NodeKind::negate: return kSigned;
    default: return kind >= NodeKind::equal && kind <= NodeKind::in ? kComparison : kSingle;
  }
}

class Printer {
 public:
  explicit Printer(const Tree& tree) : tree_(tree) {}

  std::string print(NodeId id) {
    node(tree_[id]);
    return std::move(out_);
  }

 private:
  void part(NodeId id, int least) {
    const Node& child = tree_[id];
    const bool bracketed = level_of(child.kind) < least;
    if (bracketed) out_ += '(';
    node(child);
    if (bracketed) out_ += ')';
  }

  void node(const Node& node) {
    switch (node.kind) {
      case NodeKind::name:
        out_ += node.quoted || !is_plain_name(node.text) ? quoted(node.text, '`') : node.text;
        return;
      case NodeKind::literal:
      case NodeKind::truth: out_ += node.text; return;
      case NodeKind::text: out_ += quoted(node.text, '"'); return;
      case NodeKind::broken: out_ += '?'; return;
      case NodeKind::call:
        out_ += node.text + '(';
        part(node.parts[0], kEither);
        out_ += ')';
        return;
      case NodeKind::negate: out_ += '-'; return part(node.parts[0], kSigned);
      case NodeKind::negation: return negation(node);
      case NodeKind::in: return list(node, " in ");
      case NodeKind::both: return both(node);
      case NodeKind::either: return chain(node, kBoth);
      default: {
        const int level = level_of(node.kind);
        // Left to right: only the right part needs brackets on the same level. Comparisons do not chain.
        part(node.parts[0], level == kComparison ? kSum : level);
        out_ += ' ' + std::string(sign_of(node.kind)) + ' ';
        part(node.parts[1], level + 1);
      }
    }
  }

  void negation(const Node& node) {
    const Node& child = tree_[node.parts[0]];
    if (child.kind == NodeKind::in) return list(child, " not in ");
    out_ += "not ";
    part(node.parts[0], kNegation);
  }

  void list(const Node& node, const char* sign) {
    part(node.parts[0], kSum);
    out_ += sign;
    for (std::size_t i = 1; i < node.parts.size(); ++i) {
      out_ += i == 1 ? "(" : ", ";
      part(node.parts[i], kSum);
    }
    out_ += ')';
  }

  void chain(const Node& node, int least) {
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      if (i > 0) out_ += ' ' + std::string(sign_of(node.kind)) + ' ';
      part(node.parts[i], least);
    }
  }

  // Words to search for stand side by side.
  void both(const Node& node) {
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      if (i > 0) out_ += is_word(node.parts[i - 1]) && is_word(node.parts[i]) ? " " : " and ";
      part(node.parts[i], kNegation);
    }
  }
  [[nodiscard]] bool is_word(NodeId id) const {
    const NodeKind kind = tree_[id].kind;
    return kind == NodeKind::name || kind == NodeKind::literal || kind == NodeKind::text;
  }

  const Tree& tree_;
  std::string out_;
};

}  // namespace

NodeId Tree::add(Node node) {
  std::uint16_t below = 0;
  for (const NodeId part : node.parts) below = std::max(below, nodes_[part].depth);
  node.depth = static_cast<std::uint16_t>(below + 1);
  nodes_.push_back(std::move(node));
  return root_ = static_cast<NodeId>(nodes_.size() - 1);
}

void Tree::set_place(NodeId node, std::size_t position, std::size_t length) {
  nodes_[node].position = position;
  nodes_[node].length = length;
}

bool Tree::operator==(const Tree& other) const {
  if (empty() || other.empty()) return empty() == other.empty();
  std::vector<std::pair<NodeId, NodeId>> pairs = {{root_, other.root_}};
  while (!pairs.empty()) {
    const Node& a = nodes_[pairs.back().first];
    const Node& b = other.nodes_[pairs.back().second];
    pairs.pop_back();
    if (a.kind != b.kind || a.quoted != b.quoted || a.text != b.text || a.parts.size() != b.parts.size()) return false;
    for (std::size_t i = 0; i < a.parts.size(); ++i) pairs.emplace_back(a.parts[i], b.parts[i]);
  }
  return true;
}

std::string to_text(const Tree& tree) { return tree.empty() ? std::string() : to_text(tree, tree.root_id()); }
std::string to_text(const Tree& tree, NodeId node) { return Printer(tree).print(node); }

const char* sign_of(NodeKind kind) noexcept {
  switch (kind) {
    case NodeKind::negate:
    case NodeKind::subtract: return "-";
    case NodeKind::add: return "+";
    case NodeKind::multiply: return "*";
    case NodeKind::divide: return "/";
    case NodeKind::equal: return "=";
    case NodeKind::not_equal: return "!=";
    case NodeKind::less: return "<";
    case NodeKind::less_equal: return "<=";
    case NodeKind::greater: return ">";
    case NodeKind::greater_equal: return ">=";
    case NodeKind::matches: return "~";
    case NodeKind::matches_not: return "!~";
    case NodeKind::in: return "in";
    case NodeKind::negation: return "not";
    case NodeKind::both: return "and";
    case NodeKind::either: return "or";
    default: return "";
  }
}

}  // namespace athanor::query
