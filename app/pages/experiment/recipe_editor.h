// The recipe as text, with its faults by line. GUI thread only.
#pragma once

#include "core/recipe/recipe.h"

#include <QWidget>

class QListWidget;
class QPlainTextEdit;

namespace athanor::app {

class RecipeEditor final : public QWidget {
  Q_OBJECT
 public:
  explicit RecipeEditor(QWidget* parent);
  void set_text(const QString& toml);  // does not emit edited()
  [[nodiscard]] QString text() const;
  void set_faults(const std::vector<recipe::Fault>& faults);
  [[nodiscard]] QPlainTextEdit* edit() const { return edit_; }

 Q_SIGNALS:
  void edited(const QString& toml);
  void fault_chosen(const QString& field);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void fit_list();
  QPlainTextEdit* edit_ = nullptr;
  QListWidget* list_ = nullptr;
  bool setting_ = false;
};

}  // namespace athanor::app
