#include "core/recipe/recipe.h"

#include <fmt/format.h>

namespace athanor::recipe {
namespace {

const Field& field_or_throw(std::string_view path) {
  if (const Field* field = find_field(path)) return *field;
  throw Failure(ErrorKind::internal, fmt::format("look up the recipe field '{}'", path),
                "the schema has no such field");
}

}  // namespace

Recipe::Recipe() {
  for (const Field& field : fields()) values_.emplace(field.path, field.fallback);
}

const Value& Recipe::value(std::string_view path) const {
  const auto found = values_.find(path);
  if (found == values_.end()) field_or_throw(path);
  return found->second;
}

bool Recipe::boolean(std::string_view path) const { return std::get<bool>(value(path)); }
std::int64_t Recipe::integer(std::string_view path) const { return std::get<std::int64_t>(value(path)); }
double Recipe::real(std::string_view path) const { return std::get<double>(value(path)); }
const std::string& Recipe::text(std::string_view path) const { return std::get<std::string>(value(path)); }
const std::vector<std::string>& Recipe::list(std::string_view path) const {
  return std::get<std::vector<std::string>>(value(path));
}

void Recipe::set(std::string_view path, Value value) {
  const Field& field = field_or_throw(path);
  if (value.index() != field.fallback.index()) {
    throw Failure(ErrorKind::internal, fmt::format("set the recipe field '{}'", path), "the value is of another type");
  }
  values_.insert_or_assign(field.path, std::move(value));
}

bool Recipe::is_default(std::string_view path) const { return value(path) == field_or_throw(path).fallback; }

int Recipe::line(std::string_view path) const {
  const auto found = lines_.find(path);
  return found == lines_.end() ? 0 : found->second;
}

void Recipe::set_line(std::string_view path, int line) { lines_.insert_or_assign(std::string(path), line); }

std::vector<std::string> Recipe::differences(const Recipe& other) const {
  std::vector<std::string> out;
  for (const Field& field : fields()) {
    if (value(field.path) != other.value(field.path)) out.push_back(field.path);
  }
  return out;
}

std::string to_string(const Fault& fault, std::string_view file) {
  std::string out(file);
  if (fault.line > 0) out += fmt::format(":{}", fault.line);
  if (!fault.field.empty()) out += fmt::format(": {}", fault.field);
  return out + ": " + fault.reason;
}

std::string to_string(const std::vector<Fault>& faults, std::string_view file) {
  std::string out;
  for (const Fault& fault : faults) out += (out.empty() ? "" : "\n") + to_string(fault, file);
  return out;
}

std::optional<Fault> apply_override(Recipe& recipe, std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    return Fault{0, std::string(assignment), "must be written as path=value"};
  }
  const std::string_view path = assignment.substr(0, equals);
  const Field* field = find_field(path);
  if (field == nullptr) {
    return Fault{0, std::string(path), unknown_key(path)};
  }
  Result<Value> value = parse_value(*field, assignment.substr(equals + 1));
  if (!value) return Fault{0, field->path, value.error().cause};
  recipe.set(path, std::move(*value));
  recipe.set_line(path, 0);
  return std::nullopt;
}

}  // namespace athanor::recipe
