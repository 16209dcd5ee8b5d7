// What is to be looked at in the curves of runs, and what is to be done about it. Values; any thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::alerts {

enum class Kind : std::uint8_t { nan, spike, plateau, drop, stall, condition };

// In the order in which one takes the place of another.
enum class Action : std::uint8_t {
  notify,     // tell, and nothing else
  pause,      // stop with a checkpoint, and stay in the queue until somebody releases it
  roll_back,  // stop, and go on from the last checkpoint before the first point beyond the bound
  stop        // stop with a checkpoint
};

struct Rule {
  std::string name;
  Kind kind = Kind::nan;
  std::string metric;                // of a stall: empty for any
  std::string condition;             // of Kind::condition: a query
  std::vector<std::string> metrics;  // and what its names mean; see meant_by
  double bound = 0;                  // see KindRow
  int window = 1;                    // points
  int raise_after = 1;               // so many points in a row beyond the bound
  int clear_after = 1;               // so many within
  bool more_is_better = false;
  Action action = Action::notify;
  [[nodiscard]] bool operator==(const Rule&) const = default;
};

// What is known of a kind, once for terminal, checks and documentation.
struct KindRow {
  Kind kind;
  const char* name;
  const char* metric;      // by default; null: it takes none
  const char* bound_help;  // null: it has none
  double bound, least_bound;
  int window, least_window;  // 0: it has none
  int raise_after, clear_after;
};
[[nodiscard]] std::span<const KindRow> kinds() noexcept;
[[nodiscard]] const KindRow& row_of(Kind kind) noexcept;
[[nodiscard]] const char* to_string(Action action) noexcept;  // "roll-back"
// invalid_input, with the names there are.
[[nodiscard]] Result<Kind> kind_named(std::string_view name);
[[nodiscard]] Result<Action> action_named(std::string_view name);

inline constexpr int kMostWindow = 1000;
inline constexpr int kMostPoints = 100'000;  // of raise_after and clear_after

// A rule of this kind with what it has by default; without a name.
[[nodiscard]] Rule defaults_of(Kind kind);
// invalid_input: everything that is wrong with it.
[[nodiscard]] Result<void> check(const Rule& rule);
// The metrics that a condition names, whole, where these are known; a name with a / may be one that no run has yet.
// invalid_input with the places of names that mean nothing, or several.
[[nodiscard]] Result<std::vector<std::string>> meant_by(const std::string& condition, std::vector<std::string> known);

// One line of JSON, and back; corrupt where it is none. What it says is not checked.
[[nodiscard]] std::string to_text(const Rule& rule);
[[nodiscard]] Result<Rule> rule_from(std::string_view text);
// For people: "spike of train/loss beyond 6 (50 points); raised after 2, cleared after 10; pause".
[[nodiscard]] std::string in_words(const Rule& rule);

}  // namespace athanor::alerts
