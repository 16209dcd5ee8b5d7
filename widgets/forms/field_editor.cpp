#include "widgets/forms/field_editor.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/wrap_layout.h"

#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QStyle>
#include <QToolButton>
#include <QWheelEvent>

#include <vector>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;

void mark_faulty(QWidget* widget, bool faulty) {
  if (widget->property("faulty").toBool() == faulty) return;
  widget->setProperty("faulty", faulty);
  widget->style()->unpolish(widget);
  widget->style()->polish(widget);
}

QHBoxLayout* bare_row(QWidget* widget) {
  auto* row = new QHBoxLayout(widget);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid);
  return row;
}

class LineFieldEditor final : public FieldEditor {
 public:
  LineFieldEditor(const FieldSpec& field, QWidget* parent) : FieldEditor(parent) {
    auto* row = bare_row(this);
    line_ = new QLineEdit(this);
    const bool number = field.kind == FieldKind::integer || field.kind == FieldKind::real;
    if (number) {
      line_->setAlignment(Qt::AlignRight);
      line_->setFont(tabular_font(font()));
      line_->setFixedWidth(128);
    }
    line_->setAccessibleName(field.unit.isEmpty() ? field.label : field.label + u", "_s + field.unit);
    line_->setAccessibleDescription(field.help);
    row->addWidget(line_, number ? 0 : 1);
    if (number) {
      auto* unit = new QLabel(field.unit, this);
      unit->setForegroundRole(QPalette::PlaceholderText);
      row->addWidget(unit);
      row->addStretch(1);
    }
    connect(line_, &QLineEdit::textEdited, this, &FieldEditor::edited);
  }
  [[nodiscard]] QString text() const override { return line_->text(); }
  void set_text(const QString& text) override {
    if (line_->text() == text) return;
    line_->setText(text);
    line_->setCursorPosition(0);
  }
  void set_faulty(bool faulty) override { mark_faulty(line_, faulty); }
  [[nodiscard]] QWidget* focus_target() const override { return line_; }

 private:
  QLineEdit* line_;
};

class NoteFieldEditor final : public FieldEditor {
 public:
  NoteFieldEditor(const FieldSpec& field, QWidget* parent) : FieldEditor(parent) {
    auto* row = bare_row(this);
    edit_ = new QPlainTextEdit(this);
    edit_->setFixedHeight(72);
    edit_->setTabChangesFocus(true);
    edit_->setAccessibleName(field.label);
    edit_->setAccessibleDescription(field.help);
    row->addWidget(edit_, 1);
    connect(edit_, &QPlainTextEdit::textChanged, this, [this] {
      if (!setting_) Q_EMIT edited(edit_->toPlainText());
    });
  }
  [[nodiscard]] QString text() const override { return edit_->toPlainText(); }
  void set_text(const QString& text) override {
    if (edit_->toPlainText() == text) return;
    setting_ = true;
    edit_->setPlainText(text);
    setting_ = false;
  }
  void set_faulty(bool faulty) override { mark_faulty(edit_, faulty); }
  [[nodiscard]] QWidget* focus_target() const override { return edit_; }

 private:
  QPlainTextEdit* edit_;
  bool setting_ = false;
};

class BooleanFieldEditor final : public FieldEditor {
 public:
  BooleanFieldEditor(const FieldSpec& field, QWidget* parent) : FieldEditor(parent) {
    auto* row = bare_row(this);
    box_ = new QCheckBox(this);
    box_->setAccessibleName(field.label);
    box_->setAccessibleDescription(field.help);
    row->addWidget(box_);
    row->addStretch(1);
    connect(box_, &QCheckBox::clicked, this, [this] { Q_EMIT edited(text()); });
  }
  [[nodiscard]] QString text() const override { return box_->isChecked() ? u"true"_s : u"false"_s; }
  void set_text(const QString& text) override { box_->setChecked(text == u"true"_s); }
  void set_faulty(bool faulty) override { mark_faulty(box_, faulty); }
  [[nodiscard]] QWidget* focus_target() const override { return box_; }

 private:
  QCheckBox* box_;
};

// Scrolling a form must not change what the pointer passes over.
class StillComboBox final : public QComboBox {
 public:
  using QComboBox::QComboBox;

 protected:
  void wheelEvent(QWheelEvent* event) override { event->ignore(); }
};

class ChoiceFieldEditor final : public FieldEditor {
 public:
  ChoiceFieldEditor(const FieldSpec& field, QWidget* parent) : FieldEditor(parent) {
    auto* row = bare_row(this);
    box_ = new StillComboBox(this);
    for (const QString& choice : field.choices) box_->addItem(shown_value(field, choice), choice);
    box_->setMinimumWidth(168);
    box_->view()->setAccessibleName(field.label);
    box_->setAccessibleName(field.label);
    box_->setAccessibleDescription(field.help);
    row->addWidget(box_);
    row->addStretch(1);
    connect(box_, &QComboBox::activated, this, [this] { Q_EMIT edited(this->text()); });
  }
  [[nodiscard]] QString text() const override { return box_->currentData().toString(); }
  void set_text(const QString& text) override {
    if (box_->findData(text) < 0) box_->addItem(text, text);  // as it is; the verdict says what is wrong
    box_->setCurrentIndex(box_->findData(text));
  }
  void set_faulty(bool faulty) override { mark_faulty(box_, faulty); }
  [[nodiscard]] QWidget* focus_target() const override { return box_; }

 private:
  QComboBox* box_;
};

class TicksFieldEditor final : public FieldEditor {
 public:
  TicksFieldEditor(const FieldSpec& field, QWidget* parent) : FieldEditor(parent) {
    auto* layout = new WrapLayout(this, kGrid / 2);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    for (const QString& choice : field.choices) {
      auto* tick = new QToolButton(this);
      const QString word = shown_value(field, choice);
      tick->setText(QString(word).replace(u'&', u"&&"_s));
      tick->setProperty("choice", choice);
      tick->setCheckable(true);
      tick->setProperty("chip", true);
      tick->setFocusPolicy(Qt::StrongFocus);
      tick->setAccessibleName(field.label + u": "_s + word);
      tick->setAccessibleDescription(field.help);
      layout->addWidget(tick);
      ticks_.push_back(tick);
      connect(tick, &QToolButton::clicked, this, [this] { Q_EMIT edited(text()); });
    }
  }
  [[nodiscard]] QString text() const override {
    QStringList on;
    for (const QToolButton* tick : ticks_)
      if (tick->isChecked()) on << tick->property("choice").toString();
    return (on + foreign_).join(kListSeparator);
  }
  void set_text(const QString& text) override {
    foreign_ = text.isEmpty() ? QStringList() : text.split(kListSeparator);
    for (QToolButton* tick : ticks_) tick->setChecked(foreign_.removeAll(tick->property("choice").toString()) > 0);
  }
  void set_faulty(bool faulty) override {
    for (QToolButton* tick : ticks_) mark_faulty(tick, faulty);
  }
  [[nodiscard]] QWidget* focus_target() const override { return ticks_.empty() ? nullptr : ticks_.front(); }

 private:
  std::vector<QToolButton*> ticks_;
  QStringList foreign_;  // values that are not among the choices; kept so that the verdict can name them
};

}  // namespace

FieldEditor* FieldEditor::make(const FieldSpec& field, QWidget* parent) {
  switch (field.kind) {
    case FieldKind::boolean: return new BooleanFieldEditor(field, parent);
    case FieldKind::choice: return new ChoiceFieldEditor(field, parent);
    case FieldKind::list:
      if (!field.choices.isEmpty()) return new TicksFieldEditor(field, parent);
      break;
    case FieldKind::text:
      if (field.multiline) return new NoteFieldEditor(field, parent);
      break;
    default: break;
  }
  return new LineFieldEditor(field, parent);
}

}  // namespace athanor::widgets
