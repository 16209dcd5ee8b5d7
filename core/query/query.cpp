#include "core/query/query.h"

#include "core/query/compiler.h"
#include "core/query/parse.h"

#include <algorithm>

namespace athanor::query {
namespace {

Faults in_order(Faults faults) {
  std::ranges::stable_sort(faults, {}, &Fault::position);
  if (faults.size() > kMostFaults) faults.resize(kMostFaults);
  return faults;
}

// Faults of syntax and, where the rest could be understood, of names and types.
Faults all_faults(Faults of_syntax, Compiler& compiler) {
  Faults others = compiler.take_faults();
  std::ranges::move(others, std::back_inserter(of_syntax));
  return in_order(std::move(of_syntax));
}

}  // namespace

const char* words_for(Type type) noexcept {
  switch (type) {
    case Type::number: return "a number";
    case Type::text: return "a text";
    case Type::texts: return "a list of texts";
    case Type::truth: return "true or false";
    case Type::time: return "a time";
    case Type::duration: return "a duration";
  }
  return "";
}

const char* to_string(Origin origin) noexcept {
  switch (origin) {
    case Origin::field: return "field";
    case Origin::parameter: return "parameter";
    case Origin::metric: return "metric";
  }
  return "";
}

const char* to_string(Aggregate aggregate) noexcept {
  switch (aggregate) {
    case Aggregate::last: return "last";
    case Aggregate::first: return "first";
    case Aggregate::min: return "min";
    case Aggregate::max: return "max";
    case Aggregate::mean: return "mean";
    case Aggregate::count: return "count";
  }
  return "";
}

Filter::Filter(std::unique_ptr<Program> program) : program_(std::move(program)) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

tl::expected<Filter, Faults> Filter::compile(std::string_view text, Table& table, const Settings& settings) {
  Parsed parsed = parse_condition(text);
  Compiler compiler(parsed.tree, table, settings);
  StepId root = 0;
  if (!parsed.tree.empty()) root = compiler.condition(parsed.tree.root_id());
  Faults faults = all_faults(std::move(parsed.faults), compiler);
  if (!faults.empty()) return tl::unexpected(std::move(faults));
  auto program = std::make_unique<Program>(compiler.take_program());
  if (parsed.tree.empty()) program->steps.push_back({.kind = StepKind::always});
  program->root = root;
  return Filter(std::move(program));
}

bool Filter::matches(std::size_t row) const { return program_->holds(program_->root, row); }
void Filter::set_now(double now_s) noexcept { program_->now_s = now_s; }
bool Filter::depends_on_now() const noexcept {
  return std::ranges::any_of(program_->steps, [](const Step& step) { return step.kind == StepKind::after_now; });
}

Expression::Expression(std::unique_ptr<Program> program, Type type) : program_(std::move(program)), type_(type) {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

tl::expected<Expression, Faults> Expression::compile(std::string_view text, Table& table, const Settings& settings) {
  Parsed parsed = parse_value(text);
  if (parsed.tree.empty() && parsed.faults.empty())
    parsed.faults.push_back({FaultKind::syntax, 0, 0, "there is nothing here", "a name or a value", {}, {}});
  Compiler compiler(parsed.tree, table, settings);
  Value root;
  if (!parsed.tree.empty()) root = compiler.value(parsed.tree.root_id());
  if (root.valid && root.type == Type::texts)
    compiler.fail(parsed.tree.root_id(), FaultKind::wrong_type, "this is a list of texts", "a single value");
  Faults faults = all_faults(std::move(parsed.faults), compiler);
  if (!faults.empty()) return tl::unexpected(std::move(faults));
  auto program = std::make_unique<Program>(compiler.take_program());
  program->root = root.step;
  return Expression(std::move(program), root.type);
}

Type Expression::type() const noexcept { return type_; }
std::optional<double> Expression::number(std::size_t row) const {
  return type_ == Type::text ? std::nullopt : program_->number(program_->root, row);
}
std::optional<std::string_view> Expression::text(std::size_t row) const {
  return type_ == Type::text ? program_->text(program_->root, row) : std::nullopt;
}
void Expression::set_now(double now_s) noexcept { program_->now_s = now_s; }

std::optional<std::string> tidy(std::string_view text) {
  const Parsed parsed = parse_condition(text);
  if (!parsed.faults.empty()) return std::nullopt;
  return to_text(parsed.tree);
}

}  // namespace athanor::query
