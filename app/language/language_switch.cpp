#include "app/language/language_switch.h"

#include "app/language/plurals.h"
#include "app/settings/settings.h"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QTranslator>

#include <algorithm>
#include <array>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

const QString kOfSources = u"en"_s;

QString known_choice(const QString& choice) {
  return is_language(choice) ? choice : QString::fromLatin1(kSystemLanguage);
}

// The first that is spoken here: a desktop may name several, best first.
QString language_of(const QLocale& desktop) {
  for (const QString& tag : desktop.uiLanguages())
    if (const QString code = tag.section(u'-', 0, 0); is_language(code)) return code;
  return kOfSources;
}

}  // namespace

std::span<const Language> languages() {
  static const std::array kLanguages{Language{kOfSources, u"English"_s}, Language{u"de"_s, u"Deutsch"_s},
                                     Language{u"zh"_s, u"中文"_s}};
  return kLanguages;
}

bool is_language(const QString& code) { return std::ranges::count(languages(), code, &Language::code) > 0; }

LanguageSwitch::LanguageSwitch(Settings* settings, const QString& for_session, QObject* parent)
    : QObject(parent),
      settings_(settings),
      choice_(known_choice(for_session.isEmpty() ? settings->text(Setting::language) : for_session)) {
  apply();
}

LanguageSwitch::~LanguageSwitch() { QLocale::setDefault(desktop_); }

void LanguageSwitch::choose(const QString& choice) {
  const QString known = known_choice(choice);
  settings_->set(Setting::language, known);
  if (known == choice_) return;
  choice_ = known;
  const QString before = language_;
  apply();
  if (language_ != before) Q_EMIT changed();
}

// A desktop that speaks the language keeps its country: dates are written otherwise in Austria.
void LanguageSwitch::apply() {
  const bool follows = !is_language(choice_);
  language_ = follows ? language_of(desktop_) : choice_;
  QLocale::setDefault(follows || desktop_.name().startsWith(language_ + u'_') ? desktop_ : QLocale(language_));
  translators_.clear();
  install(std::make_unique<EnglishPlurals>());
  if (language_ == kOfSources) return;
  // What has no translation falls back to what was installed before.
  auto of_qt = std::make_unique<QTranslator>();
  if (of_qt->load(QLocale(language_), u"qtbase"_s, u"_"_s, QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
    install(std::move(of_qt));
  auto ours = std::make_unique<QTranslator>();
  if (ours->load(u":/athanor/translations/athanor_"_s + language_)) install(std::move(ours));
}

void LanguageSwitch::install(std::unique_ptr<QTranslator> translator) {
  QCoreApplication::installTranslator(translator.get());
  translators_.push_back(std::move(translator));
}

}  // namespace athanor::app
