#include "core/query/pattern_machine.h"

#include "core/query/pattern_syntax.h"

#include <algorithm>

namespace athanor::query {
namespace {

using Kind = MachineState::Kind;

class Builder {
 public:
  explicit Builder(const Syntax& syntax) : syntax_(syntax) {}

  // Empty when the pattern needs more states than are allowed.
  std::vector<MachineState> build(std::uint16_t& start) {
    const std::uint16_t match = add({.kind = Kind::match});
    start = emit(syntax_.root, match);
    return too_large_ ? std::vector<MachineState>() : std::move(states_);
  }

 private:
  std::uint16_t add(MachineState state) {
    if (states_.size() >= kMostStates) {
      too_large_ = true;
      return 0;
    }
    states_.push_back(state);
    return static_cast<std::uint16_t>(states_.size() - 1);
  }

  // The state where the node begins, when `next` follows on it.
  std::uint16_t emit(std::uint32_t number, std::uint16_t next) {
    constexpr std::size_t kMostEmitted = 20'000;  // repetitions of nothing add no states, but take time
    if (too_large_ || ++emitted_ > kMostEmitted) {
      too_large_ = true;
      return 0;
    }
    const SyntaxNode& node = syntax_.nodes[number];
    switch (node.kind) {
      case SyntaxNode::Kind::set: return add({.kind = Kind::take, .what = node.what, .next = next});
      case SyntaxNode::Kind::assertion: return add({.kind = Kind::require, .what = node.what, .next = next});
      case SyntaxNode::Kind::sequence: {
        for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) next = emit(*part, next);
        return next;
      }
      case SyntaxNode::Kind::choice: {
        std::uint16_t entry = emit(node.parts.back(), next);
        for (auto part = std::next(node.parts.rbegin()); part != node.parts.rend(); ++part)
          entry = add({.kind = Kind::fork, .next = emit(*part, next), .other = entry});
        return entry;
      }
      case SyntaxNode::Kind::repeat: return repeat(node, next);
    }
    return next;
  }

  std::uint16_t repeat(const SyntaxNode& node, std::uint16_t next) {
    std::uint16_t entry = next;
    if (node.most == kNoEnd) {
      entry = add({.kind = Kind::fork, .other = next});
      const std::uint16_t body = emit(node.parts.front(), entry);
      if (!too_large_) states_[entry].next = body;
    } else {
      for (int i = node.least; i < node.most && !too_large_; ++i)
        entry = add({.kind = Kind::fork, .next = emit(node.parts.front(), entry), .other = next});
    }
    for (int i = 0; i < node.least && !too_large_; ++i) entry = emit(node.parts.front(), entry);
    return entry;
  }

  const Syntax& syntax_;
  std::vector<MachineState> states_;
  std::size_t emitted_ = 0;
  bool too_large_ = false;
};

}  // namespace

tl::expected<Machine, PatternFault> machine_of(std::string_view pattern) {
  auto syntax = read_pattern(pattern);
  if (!syntax) return tl::unexpected(std::move(syntax.error()));
  Machine machine;
  machine.states = Builder(*syntax).build(machine.start);
  std::size_t ranges = 0;
  for (const CharacterSet& set : syntax->sets) ranges += set.size();
  if (machine.states.empty() || ranges > kMostRanges) {
    return tl::unexpected(PatternFault{0, pattern.size(), "the pattern is too large: repeat less, or name fewer sets"});
  }
  machine.sets = std::move(syntax->sets);
  return machine;
}

Machine machine_of_word(std::string_view word) {
  Machine machine;
  word = word.substr(0, kLongestPattern);
  for (std::size_t at = 0; at < word.size();) {
    const char32_t character = next_character(word, at);
    CharacterSet set = close_case({{character, character}});
    auto known = std::ranges::find(machine.sets, set);
    if (known == machine.sets.end()) known = machine.sets.insert(known, std::move(set));
    const auto next = static_cast<std::uint16_t>(machine.states.size() + 1);
    machine.states.push_back(
        {.kind = Kind::take, .what = static_cast<std::uint16_t>(known - machine.sets.begin()), .next = next});
  }
  machine.states.push_back({.kind = Kind::match});
  return machine;
}

}  // namespace athanor::query
