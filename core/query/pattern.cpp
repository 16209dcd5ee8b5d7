#include "core/query/pattern.h"

#include <algorithm>
#include <unordered_map>

namespace athanor::query {
namespace {

constexpr std::int32_t kUnknown = -1;
constexpr std::int32_t kMatched = -2;
// When there is more than this, all is forgotten and begun anew.
constexpr std::size_t kMostEntries = 500'000;
constexpr std::size_t kMostPlaces = 500'000;

}  // namespace

tl::expected<Pattern, PatternFault> Pattern::regular(std::string_view expression) {
  auto machine = machine_of(expression);
  if (!machine) return tl::unexpected(std::move(machine.error()));
  return Pattern(std::move(*machine));
}

Pattern Pattern::word(std::string_view text) { return Pattern(machine_of_word(text)); }

Pattern::Pattern(Machine machine) : machine_(std::move(machine)) {
  for (const MachineState& state : machine_.states)
    looks_back_ |= state.kind == MachineState::Kind::require && state.what != static_cast<int>(Assertion::end);
  make_classes();
  first_.places = {machine_.start};
  first_.before = looks_back_ ? Before::begin : Before::other;
  seen_.resize(machine_.states.size());
  forget();
}

// Splits all characters into the coarsest groups that no set tells apart.
void Pattern::make_classes() {
  std::vector<const CharacterSet*> sets;
  for (const CharacterSet& set : machine_.sets) sets.push_back(&set);
  if (looks_back_) sets.push_back(&words());
  class_begins_ = {0};
  for (const CharacterSet* set : sets) {
    for (const CharacterRange& range : *set) {
      class_begins_.push_back(range.first);
      class_begins_.push_back(range.last + 1);
    }
  }
  std::ranges::sort(class_begins_);
  class_begins_.erase(std::ranges::unique(class_begins_).begin(), class_begins_.end());
  std::vector<std::uint32_t> group_of(class_begins_.size(), 0);
  std::uint32_t groups = 1;
  for (const CharacterSet* set : sets) {
    std::unordered_map<std::uint32_t, std::uint32_t> split;
    for (const CharacterRange& range : *set) {
      auto at = static_cast<std::size_t>(std::ranges::lower_bound(class_begins_, range.first) - class_begins_.begin());
      for (; at < class_begins_.size() && class_begins_[at] <= range.last; ++at) {
        const auto [part, added] = split.try_emplace(group_of[at], groups);
        groups += added ? 1 : 0;
        group_of[at] = part->second;
      }
    }
  }
  learn_classes(group_of, looks_back_);
}

// Numbers the groups from 0 on and notes what each belongs to.
void Pattern::learn_classes(const std::vector<std::uint32_t>& group_of, bool edges) {
  std::unordered_map<std::uint32_t, Class> numbers;
  class_at_.clear();
  for (std::size_t at = 0; at < group_of.size(); ++at) {
    const auto [entry, added] = numbers.try_emplace(group_of[at], static_cast<Class>(numbers.size()));
    class_at_.push_back(entry->second);
    if (!added) continue;
    std::vector<bool> sets;
    for (const CharacterSet& set : machine_.sets) sets.push_back(contains(set, class_begins_[at]));
    has_.push_back(std::move(sets));
    is_word_.push_back(edges && contains(words(), class_begins_[at]));
  }
  end_of_text_ = static_cast<Class>(numbers.size());
  for (std::size_t c = 0; c < ascii_class_.size(); ++c) ascii_class_[c] = class_of(static_cast<char32_t>(c));
}

Pattern::Class Pattern::class_of(char32_t character) const {
  const auto after = std::ranges::upper_bound(class_begins_, character);
  return class_at_[static_cast<std::size_t>(after - class_begins_.begin()) - 1];
}

void Pattern::forget() const {
  numbers_.clear();
  states_.clear();
  table_.clear();
  places_ = 0;
  (void)number_of(first_);
}

std::int32_t Pattern::number_of(const State& state) const {
  const auto [entry, added] = numbers_.try_emplace(state, static_cast<std::int32_t>(states_.size()));
  if (added) {
    states_.push_back(state);
    places_ += state.places.size();
    table_.resize(table_.size() + end_of_text_ + 1U, kUnknown);
  }
  return entry->second;
}

bool Pattern::holds(Assertion assertion, Before before, Class next) const {
  const bool edge = (before == Before::word) != (next != end_of_text_ && is_word_[next]);
  switch (assertion) {
    case Assertion::begin: return before == Before::begin;
    case Assertion::end: return next == end_of_text_;
    case Assertion::word_edge: return edge;
    case Assertion::no_word_edge: return !edge;
  }
  return false;
}

// Fills reached_ with the states that take a character; true when the pattern has been found.
bool Pattern::reach(const State& state, Class next) const {
  seen_.assign(machine_.states.size(), false);
  reached_.clear();
  to_follow_ = state.places;
  while (!to_follow_.empty()) {
    const std::uint16_t place = to_follow_.back();
    to_follow_.pop_back();
    if (seen_[place]) continue;
    seen_[place] = true;
    const MachineState& here = machine_.states[place];
    switch (here.kind) {
      case MachineState::Kind::match: return true;
      case MachineState::Kind::take: reached_.push_back(place); break;
      case MachineState::Kind::require:
        if (holds(static_cast<Assertion>(here.what), state.before, next)) to_follow_.push_back(here.next);
        break;
      case MachineState::Kind::fork:
        to_follow_.push_back(here.other);
        to_follow_.push_back(here.next);
        break;
    }
  }
  return false;
}

std::int32_t Pattern::step(std::int32_t from, Class next) const {
  const std::size_t entry = static_cast<std::size_t>(from) * (end_of_text_ + 1U) + next;
  if (reach(states_[static_cast<std::size_t>(from)], next)) return table_[entry] = kMatched;
  if (next == end_of_text_) return table_[entry] = 0;
  State after;
  after.places = {machine_.start};  // it may begin at any place
  for (const std::uint16_t place : reached_) {
    const MachineState& here = machine_.states[place];
    if (has_[next][here.what]) after.places.push_back(here.next);
  }
  std::ranges::sort(after.places);
  after.places.erase(std::ranges::unique(after.places).begin(), after.places.end());
  if (looks_back_) after.before = is_word_[next] ? Before::word : Before::other;
  if (table_.size() > kMostEntries || places_ > kMostPlaces) {
    forget();
    return number_of(after);
  }
  const std::int32_t number = number_of(after);
  return table_[entry] = number;
}

bool Pattern::found_in(std::string_view text) const {
  const std::size_t classes = end_of_text_ + 1U;
  const std::int32_t* table = table_.data();
  std::int32_t state = 0;
  const auto go = [&](Class next) {
    std::int32_t after = table[static_cast<std::size_t>(state) * classes + next];
    if (after == kUnknown) {
      after = step(state, next);
      table = table_.data();
    }
    state = after;
    return after != kMatched;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < ascii_class_.size()) {
      ++at;
      if (!go(ascii_class_[byte])) return true;
    } else if (!go(class_of(next_character(text, at)))) {
      return true;
    }
  }
  return !go(end_of_text_);
}

}  // namespace athanor::query
