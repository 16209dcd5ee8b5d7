// English plurals without a translation file: "%n run(s)" becomes "1 run" and "2 runs". Installed beneath any other
// translation, which then decides by itself.
#pragma once

#include <QTranslator>

namespace athanor::app {

class EnglishPlurals final : public QTranslator {
  Q_OBJECT
 public:
  using QTranslator::QTranslator;
  [[nodiscard]] QString translate(const char* context, const char* text, const char* disambiguation,
                                  int n) const override;
  [[nodiscard]] bool isEmpty() const override { return false; }
};

}  // namespace athanor::app
