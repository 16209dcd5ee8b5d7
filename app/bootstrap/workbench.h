// The composition root: every long-lived part of the program, made in order and ended in the reverse one. No
// singletons.
#pragma once

#include <QString>

#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

namespace athanor::app {

class AgentLink;
class CompareController;
class CurveReaders;
class CurveStore;
class FigureStore;
class QueueStore;
class ExperimentController;
class HistoryController;
class HistoryReader;
class LanguageSwitch;
class LiveController;
class MainWindow;
class PictureLoader;
class RunStore;
class Settings;
class ThemeSwitch;

struct WorkbenchOptions {
  std::filesystem::path home;         // ATHANOR_HOME or its default
  std::filesystem::path experiments;  // folder of recipes; the starter is experiments/starter.toml
  QString runner_program;             // athanor-run
  bool remember = true;               // false: settings live in memory
  QString language;                   // for this session; empty: as set
  bool developer = false;             // with what only those need who develop Athanor
  bool may_start_agent = true;        // for runs that wait or go on; wishes start one in any case
};

class Workbench {
 public:
  explicit Workbench(const WorkbenchOptions& options);
  ~Workbench();
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  // Begins to read and to listen for the agent; shows the first page as soon as the history is read.
  void start();
  // Loads what was set up and not launched before, or the starter recipe, or the defaults where there is none.
  void load_starter();
  // Called with every window that takes the place of the one before, in another language.
  void on_new_window(std::function<void(MainWindow&)> told) { new_window_ = std::move(told); }

  // The one that is shown: changing the language makes another.
  [[nodiscard]] MainWindow& window() const { return *window_; }
  [[nodiscard]] HistoryController& history() const { return *history_; }
  [[nodiscard]] ExperimentController& experiment() const { return *experiment_; }
  [[nodiscard]] LiveController& live() const { return *live_; }
  [[nodiscard]] CompareController& compare() const { return *compare_; }
  [[nodiscard]] ThemeSwitch& theme() const { return *theme_; }
  [[nodiscard]] LanguageSwitch& language() const { return *language_; }
  [[nodiscard]] Settings& settings() const { return *settings_; }
  [[nodiscard]] AgentLink& link() const { return *link_; }

 private:
  [[nodiscard]] std::unique_ptr<MainWindow> make_window() const;
  void renew_window();

  WorkbenchOptions options_;
  std::function<void(MainWindow&)> new_window_;
  std::unique_ptr<Settings> settings_;
  std::unique_ptr<LanguageSwitch> language_;
  std::unique_ptr<ThemeSwitch> theme_;
  std::unique_ptr<RunStore> runs_;
  std::unique_ptr<RunStore> deleted_;
  std::unique_ptr<CurveStore> curves_;
  std::unique_ptr<FigureStore> figures_;
  std::unique_ptr<QueueStore> queue_;
  std::unique_ptr<HistoryReader> reader_;
  std::unique_ptr<CurveReaders> curve_readers_;
  std::unique_ptr<AgentLink> link_;
  std::unique_ptr<PictureLoader> pictures_;
  std::unique_ptr<HistoryController> history_;
  std::unique_ptr<ExperimentController> experiment_;
  std::unique_ptr<LiveController> live_;
  std::unique_ptr<CompareController> compare_;
  std::unique_ptr<MainWindow> window_;
};

// Beside the sources, or installed under share/: the first that exists.
[[nodiscard]] std::filesystem::path find_experiments();

}  // namespace athanor::app
