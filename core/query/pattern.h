// Finds regular expressions and words in texts, ignoring case. The time is linear in the text whatever the pattern: an
// automaton whose deterministic states are made when they are first needed, and forgotten when they become too many
// (the method of RE2: R. Cox 2010, swtch.com/~rsc/regexp/regexp3.html). The syntax stands in pattern_syntax.h.
// One thread at a time: looking makes states. Copy it for another thread.
#pragma once

#include "core/query/pattern_machine.h"

#include <array>
#include <map>

namespace athanor::query {

class Pattern {
 public:
  // A regular expression that may begin anywhere in a text.
  [[nodiscard]] static tl::expected<Pattern, PatternFault> regular(std::string_view expression);
  // A text that may begin anywhere in another; nothing in it has a meaning of its own.
  [[nodiscard]] static Pattern word(std::string_view text);

  [[nodiscard]] bool found_in(std::string_view text) const;

 private:
  using Class = std::uint16_t;
  // What came before: decides ^ and \b.
  enum class Before : std::uint8_t { begin, word, other };
  struct State {
    std::vector<std::uint16_t> places;  // in the machine, before what needs no character; sorted
    Before before = Before::other;
    [[nodiscard]] auto operator<=>(const State&) const = default;
  };

  explicit Pattern(Machine machine);
  void make_classes();
  void learn_classes(const std::vector<std::uint32_t>& group_of, bool edges);
  [[nodiscard]] Class class_of(char32_t character) const;
  [[nodiscard]] std::int32_t number_of(const State& state) const;
  [[nodiscard]] std::int32_t step(std::int32_t from, Class next) const;
  [[nodiscard]] bool reach(const State& state, Class next) const;
  [[nodiscard]] bool holds(Assertion assertion, Before before, Class next) const;
  void forget() const;

  Machine machine_;
  State first_;
  bool looks_back_ = false;  // ^ or \b stand in it
  // Characters that no set tells apart are one class; one more class is the end of the text.
  std::array<Class, 128> ascii_class_{};
  std::vector<char32_t> class_begins_;  // sorted; what begins here, up to the next …
  std::vector<Class> class_at_;         // … is of this class
  std::vector<std::vector<bool>> has_;  // [class][set]
  std::vector<bool> is_word_;           // [class]
  Class end_of_text_ = 0;               // the greatest class

  mutable std::map<State, std::int32_t> numbers_;
  mutable std::vector<State> states_;
  mutable std::size_t places_ = 0;           // of all states together
  mutable std::vector<std::int32_t> table_;  // [state][class]: a state, kMatched or kUnknown
  mutable std::vector<std::uint16_t> reached_, to_follow_;
  mutable std::vector<bool> seen_;
};

}  // namespace athanor::query
