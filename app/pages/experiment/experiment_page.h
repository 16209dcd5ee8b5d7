// Setting an experiment up: form and recipe text side by side with what it will cost, down to the exact command.
// GUI thread only; what it is given is not owned.
#pragma once

#include "app/pages/page.h"
#include "core/store/types.h"

class QLabel;
class QMenu;
class QPushButton;
class QSplitter;
class QStackedWidget;
class QTabBar;

namespace athanor::widgets {
class FormView;
}

namespace athanor::app {

class ActionRegistry;
class CommandText;
class DifferencesPanel;
class ExperimentController;
class HistoryController;
class LayoutsPanel;
class PlanPanel;
class RecipeEditor;
class Settings;

class ExperimentPage final : public Page {
  Q_OBJECT
 public:
  ExperimentPage(ExperimentController* experiment, HistoryController* history, ActionRegistry* actions,
                 Settings* settings, QWidget* parent);
  [[nodiscard]] bool is_ready() const override;
  void entered() override;
  void take_over(const Page& before) override;
  void keep_layout();
  [[nodiscard]] widgets::FormView* form() const { return form_; }
  [[nodiscard]] RecipeEditor* recipe_editor() const { return text_; }
  [[nodiscard]] QPushButton* launch_button() const { return launch_; }
  [[nodiscard]] QString launch_reason() const;
  [[nodiscard]] QPushButton* fork_button() const { return fork_step_; }
  [[nodiscard]] LayoutsPanel* layouts_panel() const { return layouts_; }
  [[nodiscard]] DifferencesPanel* differences_panel() const { return differences_; }
  [[nodiscard]] CommandText* command_text() const { return command_; }
  void show_text(bool on);

 private:
  void add_actions();
  void build_form();
  QWidget* build_side();
  QWidget* build_fork();
  void show_fork();
  void fill_fork_steps();
  void fill_sources();
  void fill_compared();
  // An entry for each recipe that is known, for each of the newest runs.
  void add_recipes(QMenu* menu, void (ExperimentController::*take)(const QString& file));
  void add_runs(QMenu* menu, void (ExperimentController::*take)(store::RunId run));
  QWidget* build_command(QWidget* parent);
  void connect_experiment();
  void take_command(const QString& text);
  void read_fields();
  void judge();
  void show_plan();
  void offer_layouts();
  void choose_file();

  ExperimentController* experiment_;
  HistoryController* history_;
  ActionRegistry* actions_;
  Settings* settings_;
  widgets::FormView* form_ = nullptr;
  RecipeEditor* text_ = nullptr;
  PlanPanel* plan_ = nullptr;
  LayoutsPanel* layouts_ = nullptr;
  QTabBar* tabs_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  QSplitter* splitter_ = nullptr;
  QMenu* sources_ = nullptr;
  QMenu* compared_ = nullptr;
  DifferencesPanel* differences_ = nullptr;
  QLabel* origin_ = nullptr;
  QWidget* fork_ = nullptr;
  QLabel* fork_run_ = nullptr;
  QPushButton* fork_step_ = nullptr;
  QLabel* fork_note_ = nullptr;
  QLabel* reason_ = nullptr;
  CommandText* command_ = nullptr;
  QLabel* command_fault_ = nullptr;
  QPushButton* launch_ = nullptr;
  bool typing_text_ = false;
};

}  // namespace athanor::app
