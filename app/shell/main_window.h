// The window: navigation, the page in view, messages, the agent's state; what is common to all pages. Pages are made
// when first shown. Closing it never asks and never stops a run. GUI thread only; the parts it is given are not owned.
#pragma once

#include "app/pages/page.h"
#include "core/store/types.h"

#include <QMainWindow>

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

class QStackedWidget;

namespace athanor::widgets {
class CommandPalette;
struct Command;
class MessageBar;
}  // namespace athanor::widgets

namespace athanor::app {

class ActionRegistry;
class AgentLink;
class CompareController;
class CurveReaders;
class ExperimentController;
class ExperimentPage;
class FindSheet;
class HistoryController;
class LanguageSwitch;
class LiveController;
class LivePage;
class PictureLoader;
class RunsPage;
class Settings;
class ShortcutSheet;
class Sidebar;
class ThemeSwitch;

struct ShellParts {
  Settings* settings = nullptr;
  LanguageSwitch* language = nullptr;
  ThemeSwitch* theme = nullptr;
  AgentLink* link = nullptr;
  HistoryController* history = nullptr;
  ExperimentController* experiment = nullptr;
  LiveController* live = nullptr;
  CompareController* compare = nullptr;
  CurveReaders* curve_readers = nullptr;
  PictureLoader* pictures = nullptr;
  std::filesystem::path home;  // where everything is kept
  bool developer = false;      // with what only those need who develop Athanor
};

class MainWindow final : public QMainWindow {
  Q_OBJECT
 public:
  explicit MainWindow(const ShellParts& parts);
  ~MainWindow() override;

  void show_page(const QString& id);
  [[nodiscard]] QString current_page() const;
  [[nodiscard]] Page* page(const QString& id);  // made if need be; null: no such page
  void open_run(store::RunId run);
  // Shows what `before` does, in its place: its page, and what its pages show that is kept nowhere else.
  void take_over(MainWindow& before);
  // On the page that is shown, or that `notice` concerns all of. A page keeps what was said on it until it is
  // dismissed; news that everything went well ends when the page is left.
  void say(const Notice& notice);
  // Of all pages, which are made for it.
  [[nodiscard]] std::vector<widgets::Command> all_commands();

  [[nodiscard]] ActionRegistry* actions() const { return actions_; }
  [[nodiscard]] widgets::CommandPalette* palette_view() const { return palette_; }
  [[nodiscard]] FindSheet* find_sheet() const { return find_; }
  [[nodiscard]] widgets::MessageBar* message_bar() const { return messages_; }
  void keep_layout();
  void restore_layout();

 Q_SIGNALS:
  void page_became_ready(const QString& id);
  void painted();  // once: the first frame is on the screen
  void sample_drawn(const QString& metric, qint64 step, double milliseconds);

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void closeEvent(QCloseEvent* event) override;
  bool event(QEvent* event) override;

 private:
  void build();
  void add_actions();
  Page* make_page(const QString& id);
  Page* make_runs_page();
  Page* make_live_page();
  Page* make_compare_page();
  Page* make_preferences_page();
  void adopt(Page* page);
  void fork(store::RunId run);
  void compare(const std::vector<store::RunId>& runs);
  void fit_sidebar();
  void say_on(const QString& page, const Notice& notice);
  void take_back(const QString& page);  // what was said there
  [[nodiscard]] bool undoes_setup() const;
  void update_undo();
  void show_said();

  ShellParts parts_;
  ActionRegistry* actions_ = nullptr;
  Sidebar* sidebar_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  widgets::MessageBar* messages_ = nullptr;
  widgets::CommandPalette* palette_ = nullptr;
  ShortcutSheet* sheet_ = nullptr;
  FindSheet* find_ = nullptr;
  std::map<QString, Page*> pages_;
  std::map<QString, Notice> said_;  // by page; what concerns all under ""
  std::optional<QString> shown_;    // whose notice is in the bar
  bool painted_ = false;
};

}  // namespace athanor::app
