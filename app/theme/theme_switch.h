// Puts the window's look in force: Fusion with our palette and a small style sheet, light, dark or in high contrast by
// choice or as the system says. Following the system needs no restart. GUI thread only.
#pragma once

#include <QObject>
#include <QString>
#include <QVariant>

class QDBusVariant;

namespace athanor::widgets {
class Theme;
}

namespace athanor::app {

class Settings;

enum class ThemeChoice { system, light, dark, contrast };
[[nodiscard]] ThemeChoice theme_choice(const QString& text);  // anything unknown: system
[[nodiscard]] QString to_text(ThemeChoice choice);

class ThemeSwitch final : public QObject {
  Q_OBJECT
 public:
  // Reads the choice from the settings and applies it. Settings are not owned.
  explicit ThemeSwitch(Settings* settings, QObject* parent = nullptr);
  [[nodiscard]] ThemeChoice choice() const { return choice_; }
  void choose(ThemeChoice choice);                            // remembered
  void override_choice(ThemeChoice choice);                   // for this session only
  [[nodiscard]] int text_size() const { return text_size_; }  // per cent of the desktop's
  void choose_text_size(int percent);                         // remembered; every text at once

 Q_SIGNALS:
  void changed();

 private Q_SLOTS:
  void portal_changed(const QString& group, const QString& key, const QDBusVariant& value);

 private:
  void apply();
  void apply_text_size();
  void ask_system();
  [[nodiscard]] const widgets::Theme& wanted() const;

  Settings* settings_;
  ThemeChoice choice_;
  bool system_dark_ = false;
  bool system_contrast_ = false;
  double desktop_points_ = 10;
  int text_size_ = 100;
  const widgets::Theme* applied_ = nullptr;
};

}  // namespace athanor::app
