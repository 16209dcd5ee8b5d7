#include "widgets/feedback/message_bar.h"

#include "widgets/common/glyph.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QTimer>
#include <QToolButton>

namespace athanor::widgets {
namespace {

Role role_of(MessageKind kind) {
  switch (kind) {
    case MessageKind::good: return Role::good;
    case MessageKind::warning: return Role::warning;
    case MessageKind::error: return Role::bad;
    case MessageKind::info: break;
  }
  return Role::info;
}

Glyph glyph_of(MessageKind kind) {
  switch (kind) {
    case MessageKind::good: return Glyph::check;
    case MessageKind::warning: return Glyph::warning;
    case MessageKind::error: return Glyph::error;
    case MessageKind::info: break;
  }
  return Glyph::info;
}

}  // namespace

MessageBar::MessageBar(QWidget* parent) : QFrame(parent) {
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(44, kGrid, kGrid, kGrid);
  layout->setSpacing(kGrid);
  text_ = new QLabel(this);
  text_->setWordWrap(true);
  text_->setTextFormat(Qt::RichText);
  text_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  text_->setAccessibleName(tr("Message"));
  layout->addWidget(text_, 1);
  action_ = new QPushButton(this);
  action_->setAccessibleName(tr("What the message offers"));
  layout->addWidget(action_);
  close_ = new QToolButton(this);
  close_->setAutoRaise(true);
  close_->setIcon(glyph_icon(Glyph::close));
  close_->setAccessibleName(tr("Dismiss the message"));
  close_->setToolTip(tr("Dismiss"));
  layout->addWidget(close_);
  vanish_ = new QTimer(this);
  vanish_->setSingleShot(true);
  const auto let_go = [this] {
    dismiss();
    Q_EMIT dismissed();
  };
  connect(vanish_, &QTimer::timeout, this, let_go);
  connect(close_, &QToolButton::clicked, this, let_go);
  connect(action_, &QPushButton::clicked, this, [this, let_go] {
    const auto act = message_.on_action;
    let_go();
    if (act) act();
  });
  hide();
}

void MessageBar::show_message(const Message& message) {
  message_ = message;
  QString html = QStringLiteral("<b>%1</b>").arg(sentence(message.intention).toHtmlEscaped());
  if (!message.cause.isEmpty()) html += u' ' + sentence(message.cause).toHtmlEscaped();
  if (!message.remedy.isEmpty()) html += u' ' + sentence(message.remedy).toHtmlEscaped();
  text_->setText(html);
  action_->setVisible(!message.action.isEmpty());
  action_->setText(message.action);
  if (!message.action.isEmpty()) action_->setAccessibleName(message.action);
  setAccessibleName(text());
  show();
  update();
  if (message.vanish_after_ms > 0)
    vanish_->start(message.vanish_after_ms);
  else
    vanish_->stop();
  QAccessibleEvent event(this, QAccessible::Alert);
  QAccessible::updateAccessibility(&event);
}

void MessageBar::dismiss() {
  vanish_->stop();
  hide();
}

QString MessageBar::text() const {
  QStringList parts;
  for (const QString& part : {message_.intention, message_.cause, message_.remedy})
    if (!part.isEmpty()) parts << sentence(part);
  return parts.join(u' ');
}

void MessageBar::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  const QColor tone = theme.color(role_of(message_.kind));
  QPainter painter(this);
  paint_card(painter, rect(), mix(theme.color(Role::surface), tone, 0.10),
             mix(theme.color(Role::border), tone, theme.is_high_contrast() ? 1 : 0.5), kRadius);
  paint_glyph(painter, QRectF(14, height() / 2.0 - 10, 20, 20), glyph_of(message_.kind), tone);
}

}  // namespace athanor::widgets
