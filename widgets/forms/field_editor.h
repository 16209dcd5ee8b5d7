// The editor proper of one field: a line, a check box, a choice or a row of ticks. GUI thread only.
#pragma once

#include "widgets/forms/field.h"

#include <QWidget>

namespace athanor::widgets {

class FieldEditor : public QWidget {
  Q_OBJECT
 public:
  // Made for the field's kind; owned by the parent.
  [[nodiscard]] static FieldEditor* make(const FieldSpec& field, QWidget* parent);

  [[nodiscard]] virtual QString text() const = 0;
  virtual void set_text(const QString& text) = 0;  // does not emit edited()
  virtual void set_faulty(bool faulty) = 0;
  // The widget that takes the focus; buddy of the label.
  [[nodiscard]] virtual QWidget* focus_target() const = 0;

 Q_SIGNALS:
  void edited(const QString& text);  // by the person

 protected:
  using QWidget::QWidget;
};

}  // namespace athanor::widgets
