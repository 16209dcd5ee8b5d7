// How the window looks and speaks, and where its data lie. Every choice takes effect at once and is remembered. GUI
// thread only; what it is given is not owned.
#pragma once

#include "app/pages/page.h"

class QCheckBox;
class QComboBox;
class QVBoxLayout;

namespace athanor::app {

class Card;
class LanguageSwitch;
class Settings;
class ThemeSwitch;

// A folder or file to show; empty folders are left out.
struct Place {
  QString label;
  QString path;
};

class PreferencesPage final : public Page {
  Q_OBJECT
 public:
  PreferencesPage(Settings* settings, LanguageSwitch* language, ThemeSwitch* theme, const std::vector<Place>& places,
                  QWidget* parent);
  [[nodiscard]] bool is_ready() const override { return true; }
  void entered() override;
  void take_over(const Page& before) override;
  [[nodiscard]] QComboBox* look() const { return look_; }
  [[nodiscard]] QComboBox* language() const { return language_; }
  [[nodiscard]] QComboBox* text_size() const { return text_size_; }
  [[nodiscard]] QComboBox* times() const { return times_; }
  [[nodiscard]] QCheckBox* notifications() const { return notifications_; }

 Q_SIGNALS:
  void times_changed();

 private:
  void build_look(QVBoxLayout* column);
  void add_languages(Card* card);
  void build_habits(QVBoxLayout* column);
  void build_places(QVBoxLayout* column, const std::vector<Place>& places);

  Settings* settings_;
  LanguageSwitch* switch_;
  ThemeSwitch* theme_;
  QComboBox* look_ = nullptr;
  QComboBox* text_size_ = nullptr;
  QComboBox* language_ = nullptr;
  QComboBox* times_ = nullptr;
  QCheckBox* notifications_ = nullptr;
};

}  // namespace athanor::app
