// The experiment's schema and the values chosen for one experiment. Form, file, validator and documentation all come
// from the one table behind fields(). Value types only; safe on any thread.
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace athanor::recipe {

enum class FieldType { boolean, integer, real, text, choice, list };

using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

// The value of model.text_tower that is no prepared encoder.
inline constexpr const char* kSmallTextTower = "small";

struct Field {
  std::string path;   // "train.learning_rate"; the part before the first dot is its section
  std::string label;  // "Learning rate"
  FieldType type = FieldType::text;
  std::string unit;    // "steps", "px", "" when it has none
  Value fallback;      // the default
  double minimum = 0;  // integer and real: inclusive range
  double maximum = 0;
  std::vector<std::string> choices;  // choice and list: what is allowed; empty means anything
  std::string help;                  // one sentence
  bool advanced = false;             // folded away in the form until asked for
  bool optional = false;             // text and list: may be empty
  std::size_t longest = 100;         // text: bytes
};

struct Section {
  std::string name;   // "train"
  std::string label;  // "Training"
  std::string help;
};

// In the order of the form.
[[nodiscard]] std::span<const Section> sections();
[[nodiscard]] std::span<const Field> fields();
// Null when there is no such path.
[[nodiscard]] const Field* find_field(std::string_view path);
// Why a key is refused that is not in the schema, with the known path that is spelled alike, where there is one.
[[nodiscard]] std::string unknown_key(std::string_view path);

// What is wrong with one place of a recipe. line is 1-based; 0 means the fault has no line (an override, a default).
struct Fault {
  int line = 0;
  std::string field;
  std::string reason;
  // Assignments that would do, all together: "train.warmup_steps=5". None where none suggest themselves. Faults of a
  // layout share theirs.
  std::vector<std::string> cure = {};
  std::string rule = {};  // of core/parallel/layout.h that is broken, "heads_divide"; empty for any other
  [[nodiscard]] bool operator==(const Fault&) const = default;
};
// "starter.toml:12: train.steps: must be between 1 and 100000000"
[[nodiscard]] std::string to_string(const Fault& fault, std::string_view file);
// One per line.
[[nodiscard]] std::string to_string(const std::vector<Fault>& faults, std::string_view file);

// A complete set of values: every field of the schema is present.
class Recipe {
 public:
  Recipe();  // all defaults

  [[nodiscard]] const Value& value(std::string_view path) const;  // throws Failure(internal) for an unknown path
  [[nodiscard]] bool boolean(std::string_view path) const;
  [[nodiscard]] std::int64_t integer(std::string_view path) const;
  [[nodiscard]] double real(std::string_view path) const;
  [[nodiscard]] const std::string& text(std::string_view path) const;
  [[nodiscard]] const std::vector<std::string>& list(std::string_view path) const;

  // Sets without judging the range; the alternative must be the field's own.
  void set(std::string_view path, Value value);
  [[nodiscard]] bool is_default(std::string_view path) const;
  // Where in the file the value stood; 0 for defaults and overrides.
  [[nodiscard]] int line(std::string_view path) const;
  void set_line(std::string_view path, int line);
  // Paths whose values differ.
  [[nodiscard]] std::vector<std::string> differences(const Recipe& other) const;
  [[nodiscard]] bool operator==(const Recipe& other) const { return values_ == other.values_; }

 private:
  std::map<std::string, Value, std::less<>> values_;
  std::map<std::string, int, std::less<>> lines_;
};

struct Parsed {
  Recipe recipe;              // what could be understood; defaults elsewhere
  std::vector<Fault> faults;  // every fault at once, in order of lines; includes validate()'s
  // Fields that were named but not understood: their defaults are no wish of anybody's, so no rule judges them.
  std::set<std::string, std::less<>> doubtful;
};

// Reads TOML. Never throws for bad text.
[[nodiscard]] Parsed parse(std::string_view toml);
// Reads a file; an unreadable one is the Error.
[[nodiscard]] Result<Parsed> parse_file(const std::string& file);
// Ranges, choices and the rules that tie fields to one another; rules that touch a doubtful field are not judged.
[[nodiscard]] std::vector<Fault> validate(const Recipe& recipe,
                                          const std::set<std::string, std::less<>>& doubtful = {});
// What keeps a fork from taking over the arrays of a run with the recipe `parent`: each field that gives it others.
[[nodiscard]] std::vector<Fault> judge_fork(const Recipe& parent, const Recipe& fork);
// Whether a field changes no bit of what is learnt, so that it may be given anew when a run goes on.
[[nodiscard]] bool may_change_on_resume(std::string_view path);
// "train.steps=200". The fault names the field and why.
[[nodiscard]] std::optional<Fault> apply_override(Recipe& recipe, std::string_view assignment);
// Text of one value as it is typed in a file, and back.
[[nodiscard]] std::string format_value(const Value& value);
[[nodiscard]] Result<Value> parse_value(const Field& field, std::string_view text);

enum class Detail { changed_only, everything };
// Sectioned TOML; parse(to_toml(r)).recipe == r.
[[nodiscard]] std::string to_toml(const Recipe& recipe, Detail detail);

}  // namespace athanor::recipe
