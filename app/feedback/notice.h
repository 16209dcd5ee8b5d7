// Something to tell the person: what was tried, why it did not work, what to do. Any thread.
#pragma once

#include "kernels/base/error.h"

#include <QMetaType>
#include <QString>

namespace athanor::app {

enum class NoticeKind { info, good, warning, error };

struct Notice {
  NoticeKind kind = NoticeKind::info;
  QString intention;
  QString cause;
  QString remedy;
  QString action;           // id of an action offered with it; empty: none
  bool everywhere = false;  // concerns every page, not the one on which it is said
};

// "Could not <intention>", cause and remedy as they are.
[[nodiscard]] Notice notice_of(const Error& error);

[[nodiscard]] QString q(const std::string& text);
[[nodiscard]] std::string s(const QString& text);

}  // namespace athanor::app

Q_DECLARE_METATYPE(athanor::app::Notice)
