// What every page is: a widget with an id that knows when it shows something true, and that may sleep while hidden.
#pragma once

#include "app/feedback/notice.h"

#include <QWidget>

namespace athanor::app {

class Page : public QWidget {
  Q_OBJECT
 public:
  Page(const QString& id, const QString& title, QWidget* parent) : QWidget(parent), title_(title) {
    setObjectName(QStringLiteral("page"));
    setProperty("page_id", id);
    setAccessibleName(title);
  }
  [[nodiscard]] QString id() const { return property("page_id").toString(); }
  [[nodiscard]] const QString& title() const { return title_; }
  // Everything that belongs on the page now has been read and is shown.
  [[nodiscard]] virtual bool is_ready() const = 0;
  virtual void entered() {}  // became the visible page
  virtual void left() {}
  // Shows what `before` does where nothing else keeps it: the same page of a window that was there before, in another
  // language.
  virtual void take_over(const Page& before) { static_cast<void>(before); }

 Q_SIGNALS:
  void became_ready();
  void notice(const athanor::app::Notice& notice);

 private:
  QString title_;
};

}  // namespace athanor::app
