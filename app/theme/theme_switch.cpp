#include "app/theme/theme_switch.h"

#include "app/settings/settings.h"
#include "app/theme/style_sheet.h"
#include "widgets/common/theme.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QFont>
#include <QPalette>
#include <QPointer>
#include <QWidget>

#include <algorithm>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

const QString kPortal = u"org.freedesktop.portal.Desktop"_s;
const QString kPath = u"/org/freedesktop/portal/desktop"_s;
const QString kInterface = u"org.freedesktop.portal.Settings"_s;
const QString kGroup = u"org.freedesktop.appearance"_s;
const QString kScheme = u"color-scheme"_s;  // 0 no preference, 1 dark, 2 light
const QString kContrast = u"contrast"_s;    // 0 no preference, 1 higher

// What the desktop gave before anything was scaled, asked once per process.
double desktop_points() {
  static const double kPoints = QApplication::font().pointSizeF();
  return kPoints;
}

// Fonts that widgets were given one by one: a new style sheet would take them away.
using OwnFonts = std::vector<std::pair<QPointer<QWidget>, QFont>>;

// With sizes of their own in this relation to what they are.
OwnFonts own_fonts(double ratio = 1) {
  OwnFonts own;
  for (QWidget* widget : QApplication::allWidgets()) {
    if (!widget->testAttribute(Qt::WA_SetFont)) continue;
    QFont font = widget->font();
    if ((font.resolveMask() & QFont::SizeResolved) != 0 && font.pointSizeF() > 0)
      font.setPointSizeF(font.pointSizeF() * ratio);
    own.emplace_back(widget, font);
  }
  return own;
}

void give_back(const OwnFonts& own) {
  for (const auto& [widget, font] : own)
    if (widget) widget->setFont(font);
}

}  // namespace

ThemeChoice theme_choice(const QString& text) {
  for (const ThemeChoice choice : {ThemeChoice::light, ThemeChoice::dark, ThemeChoice::contrast})
    if (text == to_text(choice)) return choice;
  return ThemeChoice::system;
}

QString to_text(ThemeChoice choice) {
  switch (choice) {
    case ThemeChoice::light: return u"light"_s;
    case ThemeChoice::dark: return u"dark"_s;
    case ThemeChoice::contrast: return u"contrast"_s;
    case ThemeChoice::system: break;
  }
  return u"system"_s;
}

ThemeSwitch::ThemeSwitch(Settings* settings, QObject* parent)
    : QObject(parent), settings_(settings), choice_(theme_choice(settings->text(Setting::theme))) {
  // Desktops that theme Qt programs say it through the first palette; the others through the portal, a moment later.
  system_dark_ = QGuiApplication::palette().color(QPalette::Window).lightness() < 128;
  QFont font = QApplication::font();
  desktop_points_ = std::max(10.0, desktop_points());
  text_size_ = std::clamp(settings->value(Setting::text_size).toInt(), 50, 200);
  font.setPointSizeF(desktop_points_ * text_size_ / 100);
  QApplication::setFont(font);
  QApplication::setStyle(u"Fusion"_s);
  apply();
  ask_system();
}

void ThemeSwitch::choose(ThemeChoice choice) {
  settings_->set(Setting::theme, to_text(choice));
  override_choice(choice);
}

void ThemeSwitch::choose_text_size(int percent) {
  settings_->set(Setting::text_size, percent);
  if (percent == text_size_) return;
  text_size_ = percent;
  apply_text_size();
}

// Widgets with a size of their own keep their relation to the others: all are read before the first is changed.
void ThemeSwitch::apply_text_size() {
  QFont font = QApplication::font();
  const double points = desktop_points_ * text_size_ / 100;
  const OwnFonts own = own_fonts(points / font.pointSizeF());
  font.setPointSizeF(points);
  QApplication::setFont(font);
  applied_ = nullptr;
  apply();  // sizes in the style sheet
  give_back(own);
}

void ThemeSwitch::override_choice(ThemeChoice choice) {
  choice_ = choice;
  apply();
}

const widgets::Theme& ThemeSwitch::wanted() const {
  const bool follows = choice_ == ThemeChoice::system;
  if (choice_ == ThemeChoice::contrast || (follows && system_contrast_)) return widgets::contrast_theme();
  return choice_ == ThemeChoice::dark || (follows && system_dark_) ? widgets::dark_theme() : widgets::light_theme();
}

void ThemeSwitch::apply() {
  const widgets::Theme& theme = wanted();
  if (applied_ == &theme) return;
  applied_ = &theme;
  const OwnFonts own = own_fonts();
  QApplication::setPalette(theme.palette());
  qApp->setStyleSheet(style_sheet(theme, QApplication::font().pointSizeF()));
  give_back(own);
  Q_EMIT changed();
}

void ThemeSwitch::ask_system() {
  // Looking for the bus may block for a moment where there is none; the variable says so at no cost.
  if (qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS")) return;
  QDBusConnection bus = QDBusConnection::sessionBus();
  if (!bus.isConnected()) return;
  bus.connect(kPortal, kPath, kInterface, u"SettingChanged"_s, this,
              SLOT(portal_changed(QString, QString, QDBusVariant)));
  for (const QString& key : {kScheme, kContrast}) {
    QDBusMessage question = QDBusMessage::createMethodCall(kPortal, kPath, kInterface, u"Read"_s);
    question << kGroup << key;
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(question, 2000), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, key](QDBusPendingCallWatcher* done) {
      done->deleteLater();
      const QDBusPendingReply<QDBusVariant> reply = *done;
      if (!reply.isError()) portal_changed(kGroup, key, reply.value());
    });
  }
}

void ThemeSwitch::portal_changed(const QString& group, const QString& key, const QDBusVariant& value) {
  if (group != kGroup) return;
  QVariant inner = value.variant();
  if (inner.canConvert<QDBusVariant>()) inner = inner.value<QDBusVariant>().variant();  // Read wraps twice
  const uint said = inner.toUInt();
  if (key == kContrast) system_contrast_ = said == 1;
  if (key == kScheme && said != 0) system_dark_ = said == 1;
  apply();
}

}  // namespace athanor::app
