#include "app/shell/run_news.h"

#include "app/feedback/notice.h"
#include "app/models/run_words.h"
#include "app/settings/settings.h"
#include "app/stores/run_store.h"
#include "widgets/common/numbers.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCall>
#include <QWidget>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

// The freedesktop notification service. Its answer is not waited for.
void notify_desktop(const QString& title, const QString& text) {
  if (qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS")) return;
  QDBusMessage call =
      QDBusMessage::createMethodCall(u"org.freedesktop.Notifications"_s, u"/org/freedesktop/Notifications"_s,
                                     u"org.freedesktop.Notifications"_s, u"Notify"_s);
  call << u"Athanor"_s << 0U << u"athanor"_s << title << text.toHtmlEscaped() << QStringList() << QVariantMap() << -1;
  QDBusConnection::sessionBus().asyncCall(call);
}

}  // namespace

RunNews::RunNews(const RunStore* runs, const Settings* settings, QWidget* window)
    : QObject(window), runs_(runs), settings_(settings), window_(window) {
  connect(runs_, &RunStore::applied, this, [this] { look(); });
  look();
}

void RunNews::look() {
  std::set<store::RunId> live;
  for (const store::Run& run : runs_->runs()) {
    if (store::is_live(run.status))
      live.insert(run.id);
    else if (live_.contains(run.id))
      tell(run);
  }
  live_ = std::move(live);
}

void RunNews::tell(const store::Run& run) {
  if (!settings_->flag(Setting::notify_ends) || window_->isActiveWindow()) return;
  const QString title = u"%1: %2"_s.arg(q(run.name), look_of(run.status).word);
  const double taken = duration_of(run, wall_now_ns());
  const QString text =
      run.cause.empty() ? tr("%n step(s) in %1", nullptr, static_cast<int>(run.step)).arg(widgets::duration_text(taken))
                        : q(run.cause);
  tell(title, text);
}

void RunNews::tell_alert(store::RunId run, const QString& text) {
  if (!settings_->flag(Setting::notify_ends) || window_->isActiveWindow()) return;
  const store::Run* row = runs_->find(run);
  tell(tr("%1: alert").arg(row ? q(row->name) : QString::number(run)), text);
}

void RunNews::tell(const QString& title, const QString& text) {
  QApplication::alert(window_);
  notify_desktop(title, text);
  Q_EMIT told(title, text);
}

}  // namespace athanor::app
