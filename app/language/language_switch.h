// Puts the catalogues of a language in force: one by choice, or the first of the desktop's that there is a catalogue
// for. Dates follow it as well. Texts that were made before stay as they are: who shows some makes them anew after
// changed(). GUI thread only.
#pragma once

#include <QLocale>
#include <QObject>
#include <QString>

#include <memory>
#include <span>
#include <vector>

class QTranslator;

namespace athanor::app {

class Settings;

struct Language {
  QString code;  // "de"
  QString name;  // in itself: "Deutsch"
};
[[nodiscard]] std::span<const Language> languages();
[[nodiscard]] bool is_language(const QString& code);

inline constexpr char kSystemLanguage[] = "system";

class LanguageSwitch final : public QObject {
  Q_OBJECT
 public:
  // Takes the choice from the settings; `for_session`, where not empty, goes before it and is not remembered. Settings
  // are not owned.
  explicit LanguageSwitch(Settings* settings, const QString& for_session = {}, QObject* parent = nullptr);
  ~LanguageSwitch() override;

  [[nodiscard]] const QString& choice() const { return choice_; }      // "system" or a code
  [[nodiscard]] const QString& language() const { return language_; }  // the code in force
  void choose(const QString& choice);                                  // remembered; anything unknown: "system"

 Q_SIGNALS:
  void changed();

 private:
  void apply();
  void install(std::unique_ptr<QTranslator> translator);

  Settings* settings_;
  QLocale desktop_;
  QString choice_;
  QString language_;
  std::vector<std::unique_ptr<QTranslator>> translators_;
};

}  // namespace athanor::app
