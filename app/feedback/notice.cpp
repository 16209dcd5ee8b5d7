#include "app/feedback/notice.h"

#include <QCoreApplication>

namespace athanor::app {

QString q(const std::string& text) { return QString::fromStdString(text); }
std::string s(const QString& text) { return text.toStdString(); }

Notice notice_of(const Error& error) {
  Notice notice;
  notice.kind = error.kind == ErrorKind::cancelled ? NoticeKind::warning : NoticeKind::error;
  notice.intention = QCoreApplication::translate("Notice", "Could not %1").arg(q(error.intention));
  notice.cause = q(error.cause);
  notice.remedy = q(error.remedy);
  return notice;
}

}  // namespace athanor::app
