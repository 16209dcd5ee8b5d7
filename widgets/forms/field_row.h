// One field of a form: label, editor, a dot and a reset button when it differs from the default, help, and the verdict
// in its place when something is wrong. GUI thread only.
#pragma once

#include "widgets/forms/field.h"

#include <QWidget>

class QLabel;
class QToolButton;

namespace athanor::widgets {

class FieldEditor;

class FieldRow final : public QWidget {
  Q_OBJECT
 public:
  FieldRow(const FieldSpec& field, QWidget* parent);

  [[nodiscard]] const FieldSpec& field() const { return field_; }
  [[nodiscard]] QString text() const;
  void set_text(const QString& text);
  // Empty: nothing is wrong.
  void set_verdict(const QString& reason);
  [[nodiscard]] const QString& verdict() const { return verdict_; }
  [[nodiscard]] bool is_changed() const;
  [[nodiscard]] FieldEditor* editor() const { return editor_; }

 Q_SIGNALS:
  void edited(const QString& id, const QString& text);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void refresh();

  FieldSpec field_;
  QString verdict_;
  FieldEditor* editor_ = nullptr;
  QLabel* label_ = nullptr;
  QLabel* below_ = nullptr;
  QToolButton* reset_ = nullptr;
};

}  // namespace athanor::widgets
