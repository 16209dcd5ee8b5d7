// Undoing what was set up, standing it beside another recipe, taking it from a command, and keeping it.
#include "app/controllers/experiment_controller.h"
#include "app/models/command_line_text.h"

#include <QFileInfo>

#include <utility>

namespace athanor::app {

using namespace Qt::Literals::StringLiterals;

ExperimentController::State ExperimentController::state() const {
  return {recipe_, typed_, untyped_reason_, faults_, recipe_text_, origin_, origin_name_, file_, base_};
}

void ExperimentController::remember(const QString& key) {
  undo_.remember(state(), key);
  Q_EMIT undo_changed();
}

void ExperimentController::take_state(std::optional<State> state) {
  if (!state) return;
  recipe_ = std::move(state->recipe);
  typed_ = std::move(state->typed);
  untyped_reason_ = std::move(state->untyped_reason);
  faults_ = std::move(state->faults);
  recipe_text_ = std::move(state->recipe_text);
  origin_ = state->origin;
  origin_name_ = std::move(state->origin_name);
  file_ = std::move(state->file);
  base_ = std::move(state->base);
  Q_EMIT fields_changed();
  Q_EMIT text_changed();
  Q_EMIT judged();
  Q_EMIT undo_changed();
  ask_plan();
}

void ExperimentController::forget_edits() {
  undo_.clear();
  Q_EMIT undo_changed();
}

void ExperimentController::undo() { take_state(undo_.undo(state())); }
void ExperimentController::redo() { take_state(undo_.redo(state())); }

QString ExperimentController::compared_with() const { return words_of(compared_with_, compared_name_); }

void ExperimentController::compare_with(Origin origin, const QString& name, const recipe::Recipe& recipe) {
  compared_with_ = origin;
  compared_name_ = name;
  compared_ = recipe;
  Q_EMIT comparison_changed();
}

void ExperimentController::compare_with_file(const QString& file) {
  const auto parsed = recipe::parse_file(s(file));
  if (parsed)
    compare_with(Origin::file, QFileInfo(file).fileName(), parsed->recipe);
  else
    Q_EMIT notice(notice_of(parsed.error()));
}

void ExperimentController::compare_with_run(store::RunId run) {
  reader_->ask<store::Run>(
      this, u"compared recipe"_s, [run](store::Reader& reader) { return reader.run(run); },
      [this](Result<store::Run> found) {
        if (found)
          compare_with(Origin::run, q(found->name), recipe::parse(found->recipe_toml).recipe);
        else
          Q_EMIT notice(notice_of(found.error()));
      });
}

void ExperimentController::stop_comparing() { compare_with(Origin::none, {}, {}); }

std::vector<ExperimentController::Difference> ExperimentController::differences() const {
  std::vector<Difference> all;
  if (compared_with_ == Origin::none) return all;
  for (const recipe::Field& field : recipe::fields()) {
    const QString here = field_text(field.path), there = text_of(field, compared_.value(field.path));
    if (here != there) all.push_back({field.path, here, there});
  }
  return all;
}

void ExperimentController::take_from_compared(const std::string& path) {
  const recipe::Field* field = recipe::find_field(path);
  if (!field || compared_with_ == Origin::none) return;
  set_field_text(path, text_of(*field, compared_.value(path)));
  undo_.end_edit();
  Q_EMIT fields_changed();
}

QString ExperimentController::set_command_line(const QString& text) {
  const TrainCommand command = parse_train_command(text);
  if (!command.fault.isEmpty()) return command.fault;
  recipe::Recipe made;
  const bool has_file = command.file != u"recipe.toml"_s || !file_.isEmpty();
  if (has_file) {
    auto parsed = recipe::parse_file(s(command.file));
    if (!parsed) return q(parsed.error().cause);
    made = std::move(parsed->recipe);
  } else {
    made = recipe_;  // the text that is kept under this name
  }
  const recipe::Recipe base = made;
  for (const QString& set : command.sets)
    if (const auto fault = recipe::apply_override(made, s(set))) return q(fault->field + ": " + fault->reason);
  if (command.fork_step && fork_of_ == 0) return tr("choose the run to fork on the page of runs first");
  if (!command.from.isEmpty() && command.from != fork_folder_)
    return tr("--from names another folder than that of the run that is forked: choose that on the page of runs");
  remember(u"command"_s);
  if (has_file) {
    file_ = QFileInfo(command.file).absoluteFilePath();
    origin_ = Origin::file;
    origin_name_ = QFileInfo(command.file).fileName();
    base_ = base;
  }
  recipe_ = made;
  typed_.clear();
  untyped_reason_.clear();
  if (command.fork_step)
    choose_fork_step(*command.fork_step);
  else
    forget_fork();
  Q_EMIT fields_changed();
  judge_fields();
  return {};
}

QString ExperimentController::draft() const {
  return undo_.can_undo() && recipe_text_ != launched_text_ ? recipe_text_ : QString();
}

void ExperimentController::restore_draft(const QString& toml) {
  const recipe::Parsed parsed = recipe::parse(s(toml));
  origin_ = Origin::draft;
  file_.clear();
  recipe_text_ = toml;
  take(parsed);
}

}  // namespace athanor::app
