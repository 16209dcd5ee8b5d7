#include "widgets/tables/search_line.h"

#include "widgets/common/glyph.h"

#include <QAction>
#include <QKeyEvent>
#include <QTimer>

namespace athanor::widgets {

SearchLine::SearchLine(const QString& placeholder, QWidget* parent) : QLineEdit(parent) {
  setPlaceholderText(placeholder);
  setAccessibleName(placeholder);
  setClearButtonEnabled(true);
  addAction(glyph_icon(Glyph::search), QLineEdit::LeadingPosition);
  pause_ = new QTimer(this);
  pause_->setSingleShot(true);
  pause_->setInterval(120);
  connect(pause_, &QTimer::timeout, this, [this] { Q_EMIT search_changed(text()); });
  connect(this, &QLineEdit::textChanged, pause_, [this] { pause_->start(); });
}

void SearchLine::search_now(const QString& text) {
  setText(text);
  pause_->stop();
  Q_EMIT search_changed(text);
}

void SearchLine::set_suggestions(SuggestionList::Source source) {
  suggestions_ = new SuggestionList(this, std::move(source));
}

// Tab would leave the line before a key press is seen.
bool SearchLine::event(QEvent* event) {
  if (event->type() == QEvent::KeyPress && suggestions_) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Tab && suggestions_->take_key(Qt::Key_Tab)) return true;
  }
  return QLineEdit::event(event);
}

void SearchLine::keyPressEvent(QKeyEvent* event) {
  if (suggestions_ && event->key() == Qt::Key_Space && event->modifiers() == Qt::ControlModifier) {
    suggestions_->offer();
  } else if (suggestions_ && suggestions_->take_key(event->key())) {
    event->accept();
  } else if (event->key() == Qt::Key_Escape && !text().isEmpty()) {
    search_now({});
  } else if (event->key() == Qt::Key_Down) {
    Q_EMIT down_pressed();
  } else {
    QLineEdit::keyPressEvent(event);
  }
}

}  // namespace athanor::widgets
