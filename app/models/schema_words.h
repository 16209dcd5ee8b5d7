// The words of the recipe's schema in the person's language: sections, labels, help, units, choices. The schema speaks
// English; what is translated stands in resources/translations/recipe_<language>.ts. GUI thread.
#pragma once

#include <QString>

#include <string>

namespace athanor::app {

// As it is where it has no translation.
[[nodiscard]] QString schema_text(const std::string& text);

}  // namespace athanor::app
