// Parameter groups by dotted paths: which parts of a model learn faster or slower than the rest.
#pragma once

#include "core/autograd/variable.h"

#include <string>
#include <string_view>
#include <vector>

namespace athanor::optim {

struct GroupRule {
  std::string pattern;  // as in core/nn/finetune.h: "text_tower", "*.bias"
  float rate = 1.0f;    // multiplies the rates of all that match
};

// "text_tower=0.1, image_tower.stem=0.5": empty text gives no rules. Throws Failure(invalid_input) naming the part that
// is not a pattern, an equals sign and a number of at least 0.
[[nodiscard]] std::vector<GroupRule> parse_group_rules(std::string_view text);

// Applies all rules in order; a parameter that several match gets their product. Throws Failure(invalid_input) naming
// every pattern that matches nothing; then no rate has changed.
void apply_group_rules(const std::vector<Parameter>& parameters, const std::vector<GroupRule>& rules);

}  // namespace athanor::optim
