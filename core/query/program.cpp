#include "core/query/program.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace athanor::query {
namespace {

using Number = std::optional<double>;

bool ordered(Relation relation, int order) {
  switch (relation) {
    case Relation::equal: return order == 0;
    case Relation::not_equal: return order != 0;
    case Relation::less: return order < 0;
    case Relation::less_equal: return order <= 0;
    case Relation::greater: return order > 0;
    case Relation::greater_equal: return order >= 0;
  }
  return false;
}

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool begins(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && std::ranges::equal(text.substr(0, with.size()), with, {}, small, small);
}

bool digits_match(const Pattern& pattern, double value) {
  std::array<char, 400> digits{};  // of the longest double
  const auto [end, status] =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  return status == std::errc() && pattern.found_in({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

Number arithmetic(StepKind kind, const Number& a, const Number& b) {
  if (!a || !b) return {};
  switch (kind) {
    case StepKind::add: return *a + *b;
    case StepKind::subtract: return *a - *b;
    case StepKind::multiply: return *a * *b;
    default: return *a / *b;
  }
}

}  // namespace

bool related(Relation relation, double a, double b) noexcept {
  switch (relation) {
    case Relation::equal: return a == b;
    case Relation::not_equal: return a < b || a > b;
    case Relation::less: return a < b;
    case Relation::less_equal: return a <= b;
    case Relation::greater: return a > b;
    case Relation::greater_equal: return a >= b;
  }
  return false;
}

std::optional<double> Program::number(StepId id, std::size_t row) const {
  const Step& step = steps[id];
  switch (step.kind) {
    case StepKind::constant: return step.x;
    case StepKind::column: return table->number(step.a, row);
    case StepKind::negate: {
      const Number value = number(step.a, row);
      return value ? Number(-*value) : Number();
    }
    case StepKind::after_now: {
      const Number value = number(step.a, row);
      return value ? Number(now_s + *value) : Number();
    }
    case StepKind::truth_value: return holds(step.a, row) ? 1.0 : 0.0;
    default: return arithmetic(step.kind, number(step.a, row), number(step.b, row));
  }
}

std::optional<std::string_view> Program::text(StepId id, std::size_t row) const {
  const Step& step = steps[id];
  if (step.kind == StepKind::text_constant) return texts[step.a];
  return table->text(step.a, row);
}

bool Program::holds(StepId id, std::size_t row) const {
  const Step& step = steps[id];
  switch (step.kind) {
    case StepKind::always: return true;
    case StepKind::never: return false;
    case StepKind::compare_with: {
      const Number value = number(step.a, row);
      return value && related(step.relation, *value, step.x);
    }
    case StepKind::compare: {
      const Number a = number(step.a, row), b = number(step.b, row);
      return a && b && related(step.relation, *a, *b);
    }
    case StepKind::both: {
      for (std::uint32_t i = step.a; i < step.a + step.b; ++i)
        if (!holds(parts[i], row)) return false;
      return true;
    }
    case StepKind::either: {
      for (std::uint32_t i = step.a; i < step.a + step.b; ++i)
        if (holds(parts[i], row)) return true;
      return false;
    }
    case StepKind::negation: return !holds(step.a, row);
    case StepKind::truth_column: return table->number(step.a, row).value_or(0) != 0;
    case StepKind::within: {
      const Number value = number(step.a, row);
      return value && *value >= step.x && *value < step.y;
    }
    case StepKind::outside: {
      const Number value = number(step.a, row);
      return value && (*value < step.x || *value >= step.y);
    }
    case StepKind::among: {
      const Number value = number(step.a, row);
      return value && !std::isnan(*value) && std::ranges::binary_search(number_sets[step.b], *value);
    }
    case StepKind::number_matches: {
      const Number value = table->number(step.a, row);
      return value && digits_match(patterns[step.b], *value);
    }
    case StepKind::known: return number(step.a, row).has_value();
    case StepKind::is_nan: {
      const Number value = number(step.a, row);
      return value && std::isnan(*value);
    }
    case StepKind::texts_equal:
    case StepKind::texts_among:
    case StepKind::texts_matches:
    case StepKind::texts_known: return texts_hold(step, row);
    default: return text_holds(step, row);
  }
}

bool Program::text_holds(const Step& step, std::size_t row) const {
  const auto value = text(step.a, row);
  if (!value) return false;
  switch (step.kind) {
    case StepKind::text_compare: {
      const auto other = text(step.b, row);
      return other && ordered(step.relation, value->compare(*other));
    }
    case StepKind::text_among: return std::ranges::binary_search(text_sets[step.b], *value, std::ranges::less());
    case StepKind::text_matches: return patterns[step.b].found_in(*value) == (step.relation == Relation::equal);
    case StepKind::text_begins: return begins(*value, texts[step.b]);
    case StepKind::text_known: return !value->empty();
    default: return false;
  }
}

bool Program::texts_hold(const Step& step, std::size_t row) const {
  const auto values = table->texts(step.a, row);
  const bool wanted = step.relation == Relation::equal;
  switch (step.kind) {
    case StepKind::texts_known: return !values.empty();
    case StepKind::texts_equal: {
      const auto one = text(step.b, row);
      return one && (std::ranges::find(values, *one) != values.end()) == wanted;
    }
    case StepKind::texts_among:
      return std::ranges::any_of(
          values, [&](const std::string& value) { return std::ranges::binary_search(text_sets[step.b], value); });
    case StepKind::texts_matches:
      return std::ranges::any_of(values, [&](const std::string& value) { return patterns[step.b].found_in(value); }) ==
             wanted;
    default: return false;
  }
}

}  // namespace athanor::query
