#include "core/checkpoint/weight_names.h"

#include "core/base/nearest.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace athanor::checkpoint {
namespace {

constexpr std::size_t kMostShown = 20;
constexpr std::size_t kMostDigits = 6;
constexpr std::string_view kNumber = "{}";

// The number for "{}" when `name` is what the pattern says; an empty text for a pattern without one.
std::optional<std::string_view> match_pattern(std::string_view pattern, std::string_view name) {
  const auto hole = pattern.find(kNumber);
  if (hole == std::string_view::npos) return pattern == name ? std::optional(std::string_view()) : std::nullopt;
  const std::string_view head = pattern.substr(0, hole), tail = pattern.substr(hole + kNumber.size());
  if (name.size() <= head.size() + tail.size() || !name.starts_with(head) || !name.ends_with(tail)) return std::nullopt;
  const std::string_view number = name.substr(hole, name.size() - head.size() - tail.size());
  const bool whole = number.size() <= kMostDigits && (number == "0" || number.front() != '0') &&
                     std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  return whole ? std::optional(number) : std::nullopt;
}

std::string filled(std::string_view pattern, std::string_view number) {
  const auto hole = pattern.find(kNumber);
  if (hole == std::string_view::npos) return std::string(pattern);
  return fmt::format("{}{}{}", pattern.substr(0, hole), number, pattern.substr(hole + kNumber.size()));
}

bool is_unused(const NameTable& table, std::string_view name) {
  return std::ranges::any_of(table.unused, [&](std::string_view pattern) {
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
  });
}

const NameRule* rule_of(const NameTable& table, std::string_view name, std::string& number) {
  for (const NameRule& rule : table.rules) {
    if (const auto found = match_pattern(rule.foreign, name)) {
      number = *found;
      return &rule;
    }
  }
  return nullptr;
}

// The prefix under which most names are known.
std::string_view prefix_of(const NameTable& table, std::span<const NamedShape> foreign) {
  std::string_view best;
  std::ptrdiff_t most = 0;
  for (const std::string_view prefix : table.prefixes) {
    const auto known = std::ranges::count_if(foreign, [&](const NamedShape& one) {
      std::string number;
      return one.name.starts_with(prefix) &&
             rule_of(table, std::string_view(one.name).substr(prefix.size()), number) != nullptr;
    });
    if (known <= most) continue;
    most = known;
    best = prefix;
  }
  return best;
}

std::string shown(const std::vector<std::int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

// The foreign names that would make up one of ours, by part; of several the table's first.
std::map<int, std::string> names_of(const NameTable& table, std::string_view ours) {
  std::map<int, std::string> out;
  for (const NameRule& rule : table.rules) {
    if (const auto number = match_pattern(rule.ours, ours)) out.try_emplace(rule.part, filled(rule.foreign, *number));
  }
  return out;
}

class Matching {
 public:
  Matching(const NameTable& table, std::span<const NamedShape> foreign, std::span<const NamedShape> ours)
      : table_(table), foreign_(foreign), ours_(ours), prefix_(prefix_of(table, foreign)) {}

  void run() {
    for (const NamedShape& one : ours_) wanted_.emplace(one.name, Place{&one, {}});
    for (const NamedShape& one : foreign_) place(one);
    for (const NamedShape& one : ours_) check(one);
    const std::vector<std::string> candidates = missing_.empty() ? all_foreign_names() : missing_;
    for (const std::string& name : superfluous_) {
      const auto meant = nearest_of(candidates, name);
      say(fmt::format("{} has no place here{}", name, meant.empty() ? "" : fmt::format(" (is {} meant?)", meant)));
    }
  }

  NameMatch match;
  std::vector<std::string> faults;

 private:
  struct Place {
    const NamedShape* ours;
    std::map<int, const NamedShape*> parts;
  };

  void say(std::string fault) { faults.push_back(std::move(fault)); }

  void place(const NamedShape& one) {
    const bool prefixed = one.name.starts_with(prefix_);
    const std::string_view name = std::string_view(one.name).substr(prefixed ? prefix_.size() : 0);
    std::string number;
    const NameRule* rule = prefixed ? rule_of(table_, name, number) : nullptr;
    const auto found = rule == nullptr ? wanted_.end() : wanted_.find(filled(rule->ours, number));
    if (found == wanted_.end()) {
      (is_unused(table_, name) ? match.unused : superfluous_).push_back(one.name);
    } else if (!found->second.parts.emplace(rule->part, &one).second) {
      say(fmt::format("{} and {} are both meant for {}", found->second.parts.at(rule->part)->name, one.name,
                      found->first));
    }
  }

  [[nodiscard]] std::map<int, std::string> needed(std::string_view ours) const {
    auto out = names_of(table_, ours);
    for (auto& [part, name] : out) name.insert(0, prefix_);
    return out;
  }

  void check(const NamedShape& ours) {
    const auto& parts = wanted_.at(ours.name).parts;
    Placement placement{ours.name, {}};
    for (const auto& [part, name] : needed(ours.name)) {
      const auto found = parts.find(part);
      if (found == parts.end()) {
        missing_.push_back(name);
        const auto alike = nearest_of(superfluous_, name);
        say(fmt::format("{} is missing, for our {}{}", name, ours.name,
                        alike.empty() ? "" : fmt::format(" (nearest: {})", alike)));
      } else {
        placement.foreign.push_back(found->second->name);
      }
    }
    if (placement.foreign.empty() && parts.empty() && needed(ours.name).empty()) {
      missing_.push_back(ours.name);
      say(fmt::format("{} is missing and the names of {} know nothing like it", ours.name, table_.family));
    }
    check_shape(ours, parts);
    match.placements.push_back(std::move(placement));
  }

  void check_shape(const NamedShape& ours, const std::map<int, const NamedShape*>& parts) {
    std::vector<std::int64_t> wanted = ours.shape;
    const auto count = static_cast<std::int64_t>(needed(ours.name).size());
    if (!wanted.empty() && count > 1) wanted[0] /= count;
    for (const auto& [part, one] : parts) {
      if (one->shape != wanted) {
        say(fmt::format("{} is {}, our {} needs {}", one->name, shown(one->shape), ours.name, shown(wanted)));
      }
    }
  }

  [[nodiscard]] std::vector<std::string> all_foreign_names() const {
    std::vector<std::string> out;
    for (const NamedShape& one : ours_) {
      for (auto& [part, name] : needed(one.name)) out.push_back(std::move(name));
    }
    return out;
  }

  const NameTable& table_;
  std::span<const NamedShape> foreign_, ours_;
  std::string_view prefix_;
  std::map<std::string, Place, std::less<>> wanted_;
  std::vector<std::string> superfluous_, missing_;
};

}  // namespace

std::vector<NamedShape> foreign_arrays(const NameTable& table, const NamedShape& ours) {
  std::vector<NamedShape> out;
  for (auto& [part, name] : names_of(table, ours.name)) out.push_back({std::move(name), ours.shape});
  for (NamedShape& one : out) {
    if (!one.shape.empty()) one.shape[0] /= static_cast<std::int64_t>(out.size());
  }
  return out;
}

Result<NameMatch> match_names(const NameTable& table, std::span<const NamedShape> foreign,
                              std::span<const NamedShape> ours, std::string_view origin) {
  Matching matching(table, foreign, ours);
  matching.run();
  if (matching.faults.empty()) return std::move(matching.match);
  const std::size_t shown = std::min(matching.faults.size(), kMostShown);
  std::string cause = fmt::format(
      "{}", fmt::join(matching.faults.begin(), matching.faults.begin() + static_cast<std::ptrdiff_t>(shown), "; "));
  if (shown < matching.faults.size()) cause += fmt::format("; and {} more", matching.faults.size() - shown);
  return fail(ErrorKind::invalid_input, fmt::format("load {} as {} weights", origin, table.family), std::move(cause),
              "use weights of the same family and sizes as the model");
}

}  // namespace athanor::checkpoint
