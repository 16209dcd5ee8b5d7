#include "widgets/forms/field_row.h"

#include "widgets/common/glyph.h"
#include "widgets/common/theme.h"
#include "widgets/forms/field_editor.h"
#include "widgets/parts/text_paint.h"

#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>

namespace athanor::widgets {
namespace {
constexpr int kLabelWidth = 136;
}

QString shown_value(const FieldSpec& field, const QString& text) {
  QStringList parts = text.split(kListSeparator);
  for (QString& part : parts) {
    const qsizetype at = field.choices.indexOf(part);
    if (at >= 0 && at < field.choice_words.size()) part = field.choice_words[at];
  }
  return parts.join(QStringLiteral(", "));
}

bool field_matches(const FieldSpec& field, const QString& section_label, const QString& typed) {
  const QString hay = field.label + u'\n' + field.id + u'\n' + field.help + u'\n' + section_label;
  for (const QString& word : typed.split(u' ', Qt::SkipEmptyParts))
    if (!hay.contains(word, Qt::CaseInsensitive)) return false;
  return true;
}

FieldRow::FieldRow(const FieldSpec& field, QWidget* parent) : QWidget(parent), field_(field) {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(kGrid * 2, 6, kGrid, 6);
  grid->setHorizontalSpacing(kGrid * 2);
  grid->setVerticalSpacing(2);
  grid->setColumnMinimumWidth(0, kLabelWidth);
  grid->setColumnStretch(1, 1);
  label_ = new QLabel(field.label, this);
  label_->setFixedWidth(kLabelWidth);
  label_->setWordWrap(true);
  label_->setToolTip(field.range.isEmpty() ? field.id : field.id + u'\n' + field.range);
  grid->addWidget(label_, 0, 0, Qt::AlignVCenter);
  editor_ = FieldEditor::make(field, this);
  label_->setBuddy(editor_->focus_target());
  grid->addWidget(editor_, 0, 1);
  reset_ = new QToolButton(this);
  reset_->setAutoRaise(true);
  reset_->setIcon(glyph_icon(Glyph::reset));
  reset_->setFixedSize(28, 28);
  reset_->setAccessibleName(tr("Reset %1 to its default").arg(field.label));
  QSizePolicy keep = reset_->sizePolicy();
  keep.setRetainSizeWhenHidden(true);
  reset_->setSizePolicy(keep);
  grid->addWidget(reset_, 0, 2);
  below_ = new QLabel(this);
  below_->setWordWrap(true);
  below_->setFont(scaled(font(), 0.88));
  grid->addWidget(below_, 1, 1, 1, 2);
  connect(editor_, &FieldEditor::edited, this, [this](const QString& text) {
    refresh();
    Q_EMIT edited(field_.id, text);
  });
  connect(reset_, &QToolButton::clicked, this, [this] {
    set_text(field_.fallback);
    Q_EMIT edited(field_.id, field_.fallback);
    editor_->focus_target()->setFocus();
  });
  editor_->set_text(field.fallback);
  refresh();
}

QString FieldRow::text() const { return editor_->text(); }

void FieldRow::set_text(const QString& text) {
  editor_->set_text(text);
  refresh();
}

bool FieldRow::is_changed() const { return editor_->text() != field_.fallback; }

void FieldRow::set_verdict(const QString& reason) {
  if (reason == verdict_) return;
  verdict_ = reason;
  editor_->set_faulty(!reason.isEmpty());
  if (QWidget* target = editor_->focus_target())
    target->setAccessibleDescription(reason.isEmpty() ? field_.help : reason);
  refresh();
}

void FieldRow::refresh() {
  const bool changed = is_changed();
  reset_->setVisible(changed);
  const QString shown = shown_value(field_, field_.fallback);
  reset_->setToolTip(shown.isEmpty() ? tr("Reset to empty") : tr("Reset to %1").arg(shown));
  label_->setFont(scaled(font(), 1.0, changed ? QFont::DemiBold : QFont::Normal));
  below_->setText(verdict_.isEmpty() ? field_.help : verdict_);
  below_->setProperty("tone", verdict_.isEmpty() ? QString() : QStringLiteral("bad"));
  QPalette palette = below_->palette();
  palette.setColor(QPalette::WindowText, current_theme().color(verdict_.isEmpty() ? Role::muted : Role::bad));
  below_->setPalette(palette);
  update();
}

void FieldRow::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  // The label's colour is a copy; after a theme switch it is taken anew.
  const QColor tone = theme.color(verdict_.isEmpty() ? Role::muted : Role::bad);
  if (below_->palette().color(QPalette::WindowText) != tone) {
    QPalette palette = below_->palette();
    palette.setColor(QPalette::WindowText, tone);
    below_->setPalette(palette);
  }
  if (!is_changed() && verdict_.isEmpty()) return;
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.color(verdict_.isEmpty() ? Role::accent : Role::bad));
  painter.drawRoundedRect(QRectF(4, 8, 3, height() - 16), 1.5, 1.5);
}

}  // namespace athanor::widgets
