// An experiment being set up: the text of every field, the recipe they make, what is wrong with it, what it will cost,
// and launching it. Form and recipe text are two views of the same values. GUI thread only; collaborators are not
// owned.
#pragma once

#include "app/bridge/agent_link.h"
#include "app/bridge/history_reader.h"
#include "app/controllers/layout_finder.h"
#include "app/controllers/planner.h"
#include "app/controllers/undo_list.h"
#include "app/feedback/notice.h"
#include "core/recipe/recipe.h"

#include <QStringList>

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

namespace athanor::app {

class ExperimentController final : public QObject {
  Q_OBJECT
 public:
  struct Source {
    QString label;
    QString file;          // a recipe file, or
    store::RunId run = 0;  // an earlier run
  };

  ExperimentController(HistoryReader* reader, AgentLink* link, const QString& runner_program,
                       std::filesystem::path experiments, QObject* parent = nullptr);

  // Fields: text as typed. Booleans are "true" and "false"; lists are joined by `list_separator`.
  [[nodiscard]] QString field_text(const std::string& path) const;
  void set_field_text(const std::string& path, const QString& text);
  [[nodiscard]] QString default_text(const recipe::Field& field) const;

  // The whole recipe as text; changed fields only. Setting it takes every value it names.
  [[nodiscard]] const QString& recipe_text() const { return recipe_text_; }
  void set_recipe_text(const QString& toml);

  // Of the recipe, and those that only the plan found: on this machine, or in what a fork begins at.
  [[nodiscard]] std::vector<recipe::Fault> faults() const;
  // Reasons by field; several of one field are joined.
  [[nodiscard]] std::map<QString, QString> verdicts() const;
  [[nodiscard]] bool can_launch() const { return why_not_launch().isEmpty(); }
  [[nodiscard]] QString why_not_launch() const;
  [[nodiscard]] QString command_line() const;
  // Takes a command over as if it had been set here; what is wrong with it otherwise, in which case nothing changes.
  QString set_command_line(const QString& text);
  [[nodiscard]] const Planner& planner() const { return *planner_; }
  [[nodiscard]] const LayoutFinder& layouts() const { return *layouts_; }
  void find_layouts();
  void take_layout(const QStringList& assignments);  // "parallel.data=2"

  // Of what is set up here; launching is not undone.
  [[nodiscard]] bool can_undo() const { return undo_.can_undo(); }
  [[nodiscard]] bool can_redo() const { return undo_.can_redo(); }
  void undo();
  void redo();
  void forget_edits();  // nothing of before can be undone

  // Beside what is set up stands another recipe, to see what differs.
  struct Difference {
    std::string path;
    QString here, there;  // as field_text
  };
  void compare_with_file(const QString& file);
  void compare_with_run(store::RunId run);
  void stop_comparing();
  [[nodiscard]] QString compared_with() const;  // empty: nothing
  [[nodiscard]] std::vector<Difference> differences() const;
  void take_from_compared(const std::string& path);

  // What is set up, to be kept while the program does not run; empty: nothing but a source.
  [[nodiscard]] QString draft() const;
  void restore_draft(const QString& toml);

  [[nodiscard]] std::vector<Source> recipe_files() const;
  void start_from_defaults();
  void start_from_file(const QString& file);
  void start_from_run(store::RunId run);
  // The next launch continues `run` from its checkpoint at `step` with the values set here.
  void fork_from(store::RunId run, std::int64_t step);
  [[nodiscard]] store::RunId fork_of() const { return fork_of_; }
  [[nodiscard]] std::int64_t fork_step() const { return fork_step_; }
  // Where it can be forked, ascending; nothing until that was read. A chosen step whose checkpoint has given way to
  // newer ones is replaced by the nearest; fork_gone() then tells which it was.
  [[nodiscard]] const std::optional<std::vector<std::int64_t>>& fork_steps() const { return fork_steps_; }
  [[nodiscard]] const std::optional<std::int64_t>& fork_gone() const { return fork_gone_; }
  void choose_fork_step(std::int64_t step);
  void read_fork_steps();  // anew
  void forget_fork();
  [[nodiscard]] QString origin() const;  // "starter.toml", "run starter-3", in the language in force

  void launch();

 Q_SIGNALS:
  void fields_changed();  // many at once: read them all again
  void text_changed();    // the recipe text
  void judged();          // faults, command line, launch state
  void plan_changed();
  void layouts_changed();
  void loaded();  // a source was taken over
  void undo_changed();
  void comparison_changed();  // with what, or what differs
  void launched(qint64 run);
  void notice(const athanor::app::Notice& notice);

 private:
  enum class Origin { none, defaults, file, run, draft };
  [[nodiscard]] static QString words_of(Origin origin, const QString& name);  // in the language in force
  // All that an edit may change.
  struct State {
    recipe::Recipe recipe;
    std::map<std::string, QString> typed, untyped_reason;
    std::vector<recipe::Fault> faults;
    QString recipe_text;
    Origin origin = Origin::none;
    QString origin_name, file;
    recipe::Recipe base;
  };
  [[nodiscard]] State state() const;
  void remember(const QString& key);  // before an edit
  void take_state(std::optional<State> state);
  void compare_with(Origin origin, const QString& name, const recipe::Recipe& recipe);
  void take(const recipe::Parsed& parsed);
  void take_fork_steps(std::vector<std::int64_t> steps);
  void put_field_text(const std::string& path, const QString& text);
  void judge_fields();
  void ask_plan();
  bool take_plan_faults();  // whether they are others than before
  [[nodiscard]] static QString text_of(const recipe::Field& field, const recipe::Value& value);

  HistoryReader* reader_;
  AgentLink* link_;
  Planner* planner_;
  LayoutFinder* layouts_;
  QString runner_program_;
  std::filesystem::path experiments_;
  recipe::Recipe recipe_;                 // what could be understood
  std::map<std::string, QString> typed_;  // fields whose text is no value of theirs
  std::map<std::string, QString> untyped_reason_;
  std::vector<recipe::Fault> faults_;
  std::vector<recipe::Fault> plan_faults_;
  QString recipe_text_;
  Origin origin_ = Origin::none;
  QString origin_name_;  // of the file or the run
  QString file_;         // started from, as an absolute path; empty: from none
  recipe::Recipe base_;  // what stands in it
  store::RunId fork_of_ = 0;
  QString fork_folder_;  // of that run; empty: not read yet
  std::int64_t fork_step_ = 0;
  std::optional<std::vector<std::int64_t>> fork_steps_;
  std::optional<std::int64_t> fork_gone_;
  bool launching_ = false;
  UndoList<State> undo_;
  QString launched_text_;
  Origin compared_with_ = Origin::none;
  QString compared_name_;
  recipe::Recipe compared_;
};

}  // namespace athanor::app
