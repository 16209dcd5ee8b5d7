#include "app/models/schema_words.h"

#include <QCoreApplication>

namespace athanor::app {

QString schema_text(const std::string& text) {
  return text.empty() ? QString() : QCoreApplication::translate("Recipe", text.c_str());
}

}  // namespace athanor::app
