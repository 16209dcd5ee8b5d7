#include "core/optim/group_rules.h"

#include "core/nn/finetune.h"
#include "kernels/base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace athanor::optim {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

[[noreturn]] void refuse(std::string cause) {
  throw Failure(ErrorKind::invalid_input, "read train.rates", std::move(cause),
                "Write rules as text_tower=0.1, image_tower.stem=0.5");
}

GroupRule parse_rule(std::string_view text) {
  const auto equals = text.rfind('=');
  const std::string_view pattern = equals == std::string_view::npos ? "" : trimmed(text.substr(0, equals));
  const std::string_view number = equals == std::string_view::npos ? "" : trimmed(text.substr(equals + 1));
  GroupRule rule{std::string(pattern), -1.0f};
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), rule.rate);
  const bool whole = fault == std::errc() && end == number.data() + number.size();
  if (pattern.empty() || !whole || !std::isfinite(rule.rate) || rule.rate < 0.0f)
    refuse("\"" + std::string(text) + "\" is not a path, an equals sign and a number of at least 0");
  return rule;
}

}  // namespace

std::vector<GroupRule> parse_group_rules(std::string_view text) {
  std::vector<GroupRule> rules;
  if (trimmed(text).empty()) return rules;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    rules.push_back(parse_rule(trimmed(text.substr(begin, end - begin))));
    begin = end + 1;
  }
  return rules;
}

void apply_group_rules(const std::vector<Parameter>& parameters, const std::vector<GroupRule>& rules) {
  std::string vain;
  for (const GroupRule& rule : rules)
    if (std::ranges::none_of(parameters, [&](const Parameter& p) { return nn::path_matches(rule.pattern, p->path); }))
      vain += (vain.empty() ? "" : ", ") + rule.pattern;
  if (!vain.empty()) refuse("no parameter of the model lies at " + vain);
  for (const GroupRule& rule : rules)
    for (const Parameter& parameter : parameters)
      if (nn::path_matches(rule.pattern, parameter->path)) parameter->rate *= rule.rate;
}

}  // namespace athanor::optim
