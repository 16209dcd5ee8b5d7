#include "app/controllers/experiment_controller.h"

#include "app/controllers/checkpoints.h"
#include "app/models/command_line_text.h"
#include "app/models/schema_words.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr QChar kListSeparator = u'\u001f';
const QString kTypedSeparator = QStringLiteral(", ");

QStringList to_list(const std::vector<std::string>& values) {
  QStringList out;
  for (const std::string& value : values) out << q(value);
  return out;
}

}  // namespace

ExperimentController::ExperimentController(HistoryReader* reader, AgentLink* link, const QString& runner_program,
                                           std::filesystem::path experiments, QObject* parent)
    : QObject(parent),
      reader_(reader),
      link_(link),
      runner_program_(runner_program),
      experiments_(std::move(experiments)) {
  planner_ = new Planner(runner_program, this);
  layouts_ = new LayoutFinder(runner_program, this);
  connect(layouts_, &LayoutFinder::changed, this, &ExperimentController::layouts_changed);
  connect(planner_, &Planner::changed, this, [this] {
    const bool judged_anew = take_plan_faults();
    Q_EMIT plan_changed();
    if (judged_anew) Q_EMIT judged();
    if (!planner_->trouble().isEmpty()) read_fork_steps();
  });
  connect(link_, &AgentLink::changed, this, [this](const std::vector<agent::Change>& changes) {
    if (std::ranges::any_of(changes, [this](const agent::Change& change) { return change.run == fork_of_; }))
      read_fork_steps();
  });
  judge_fields();
}

QString ExperimentController::text_of(const recipe::Field& field, const recipe::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return q(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value))
    return to_list(*list).join(field.choices.empty() ? kTypedSeparator : QString(kListSeparator));
  return q(recipe::format_value(value));
}

QString ExperimentController::default_text(const recipe::Field& field) const { return text_of(field, field.fallback); }

QString ExperimentController::field_text(const std::string& path) const {
  const auto typed = typed_.find(path);
  if (typed != typed_.end()) return typed->second;
  const recipe::Field* field = recipe::find_field(path);
  return field ? text_of(*field, recipe_.value(path)) : QString();
}

void ExperimentController::set_field_text(const std::string& path, const QString& text) {
  if (text == field_text(path)) return;
  remember(q(path));
  put_field_text(path, text);
  judge_fields();
}

void ExperimentController::put_field_text(const std::string& path, const QString& text) {
  const recipe::Field* field = recipe::find_field(path);
  if (!field) return;
  typed_.erase(path);
  untyped_reason_.erase(path);
  if (field->type == recipe::FieldType::text || field->type == recipe::FieldType::choice) {
    recipe_.set(path, s(text));
  } else if (field->type == recipe::FieldType::list) {
    std::vector<std::string> values;
    // Where anything may be listed it is typed, with commas between.
    const QChar separator = field->choices.empty() ? u',' : kListSeparator;
    for (const QString& part : text.split(separator, Qt::SkipEmptyParts)) {
      if (!part.trimmed().isEmpty()) values.push_back(s(part.trimmed()));
    }
    recipe_.set(path, std::move(values));
  } else if (auto value = recipe::parse_value(*field, s(text))) {
    recipe_.set(path, std::move(*value));
  } else {
    typed_[path] = text;
    untyped_reason_[path] = q(value.error().cause);
  }
}

void ExperimentController::judge_fields() {
  faults_ = recipe::validate(recipe_);
  std::erase_if(faults_, [this](const recipe::Fault& fault) { return untyped_reason_.contains(fault.field); });
  for (const auto& [path, reason] : untyped_reason_) faults_.push_back({0, path, s(reason)});
  recipe_text_ = q(recipe::to_toml(recipe_, recipe::Detail::changed_only));
  Q_EMIT text_changed();
  Q_EMIT judged();
  ask_plan();
}

void ExperimentController::set_recipe_text(const QString& toml) {
  if (toml == recipe_text_) return;
  remember(u"text"_s);
  recipe_text_ = toml;
  const recipe::Parsed parsed = recipe::parse(s(toml));
  recipe_ = parsed.recipe;
  faults_ = parsed.faults;
  typed_.clear();
  untyped_reason_.clear();
  Q_EMIT fields_changed();
  Q_EMIT judged();
  ask_plan();
}

void ExperimentController::find_layouts() { layouts_->find(q(recipe::to_toml(recipe_, recipe::Detail::everything))); }

void ExperimentController::take_layout(const QStringList& assignments) {
  remember({});
  for (const QString& assignment : assignments)
    put_field_text(s(assignment.section(u'=', 0, 0)), assignment.section(u'=', 1));
  Q_EMIT fields_changed();
  judge_fields();
}

void ExperimentController::ask_plan() {
  layouts_->forget();
  planner_->plan({q(recipe::to_toml(recipe_, recipe::Detail::everything)), fork_folder_, fork_step_});
}

// The program judges everything; what is known to be wrong here already is not said twice, nor for longer.
bool ExperimentController::take_plan_faults() {
  std::vector<recipe::Fault> found = planner_->faults();
  std::erase_if(found, [this](const recipe::Fault& fault) {
    return std::ranges::any_of(faults_, [&](const recipe::Fault& known) { return known.field == fault.field; }) &&
           !fault.field.empty();
  });
  if (found == plan_faults_) return false;
  plan_faults_ = std::move(found);
  return true;
}

std::vector<recipe::Fault> ExperimentController::faults() const {
  std::vector<recipe::Fault> all = faults_;
  // The plan was asked with every field written out: its lines are not those of the text here.
  for (const recipe::Fault& fault : plan_faults_) all.push_back({recipe_.line(fault.field), fault.field, fault.reason});
  return all;
}

std::map<QString, QString> ExperimentController::verdicts() const {
  std::map<QString, QString> out;
  for (const recipe::Fault& fault : faults()) {
    QString& text = out[q(fault.field)];
    text += text.isEmpty() ? q(fault.reason) : u"; "_s + q(fault.reason);
  }
  return out;
}

QString ExperimentController::why_not_launch() const {
  if (launching_) return tr("It is being launched.");
  if (fork_of_ != 0 && fork_steps_ && fork_steps_->empty())
    return tr("Run %1 has no checkpoint left to fork it at.").arg(fork_of_);
  const std::vector<recipe::Fault> all = faults();
  if (all.empty()) return {};
  const recipe::Fault& first = all.front();
  const recipe::Field* field = recipe::find_field(first.field);
  const QString where = field ? schema_text(field->label) : q(first.field);
  QString text = (where.isEmpty() ? where : where + u": "_s) + q(first.reason);
  if (all.size() > 1) text += u' ' + tr("(and %n more)", nullptr, static_cast<int>(all.size()) - 1);
  return text;
}

// It runs from any folder. From a file whose values were changed it names the changes; otherwise the text stands for
// itself, to be kept as recipe.toml.
QString ExperimentController::command_line() const {
  QString line = QFileInfo(runner_program_).fileName() + u" train "_s;
  line += file_.isEmpty() ? u"recipe.toml"_s : shell_path(file_);
  if (fork_of_ != 0) line += u" --fork %1"_s.arg(fork_step_);
  if (file_.isEmpty()) return fork_folder_.isEmpty() ? line : line + u" --from "_s + shell_path(fork_folder_);
  for (const std::string& path : recipe_.differences(base_))
    line += u" --set "_s + q(path) + u'=' + shell_word(q(recipe::format_value(recipe_.value(path))));
  return line;
}

std::vector<ExperimentController::Source> ExperimentController::recipe_files() const {
  std::vector<Source> out;
  const QDir folder(q(experiments_.string()));
  for (const QFileInfo& file : folder.entryInfoList({u"*.toml"_s}, QDir::Files, QDir::Name))
    out.push_back({file.fileName(), file.filePath(), 0});
  return out;
}

void ExperimentController::take(const recipe::Parsed& parsed) {
  recipe_ = parsed.recipe;
  faults_ = parsed.faults;
  typed_.clear();
  untyped_reason_.clear();
  Q_EMIT fields_changed();
  Q_EMIT text_changed();
  Q_EMIT judged();
  Q_EMIT loaded();
  ask_plan();
}

QString ExperimentController::words_of(Origin origin, const QString& name) {
  switch (origin) {
    case Origin::defaults: return tr("the defaults");
    case Origin::file: return name;
    case Origin::run: return tr("run “%1”").arg(name);
    case Origin::draft: return tr("what was set up before");
    case Origin::none: break;
  }
  return {};
}

QString ExperimentController::origin() const { return words_of(origin_, origin_name_); }

void ExperimentController::start_from_defaults() {
  remember({});
  forget_fork();
  origin_ = Origin::defaults;
  file_.clear();
  recipe::Parsed parsed;
  parsed.faults = recipe::validate(parsed.recipe);
  recipe_text_ = q(recipe::to_toml(parsed.recipe, recipe::Detail::changed_only));
  take(parsed);
}

void ExperimentController::start_from_file(const QString& file) {
  auto text = recipe::parse_file(s(file));
  if (!text) {
    Q_EMIT notice(notice_of(text.error()));
    return;
  }
  remember({});
  forget_fork();
  origin_ = Origin::file;
  origin_name_ = QFileInfo(file).fileName();
  file_ = QFileInfo(file).absoluteFilePath();
  base_ = text->recipe;
  QFile in(file);
  recipe_text_ = in.open(QIODevice::ReadOnly) ? QString::fromUtf8(in.readAll())
                                              : q(recipe::to_toml(text->recipe, recipe::Detail::changed_only));
  take(*text);
}

void ExperimentController::start_from_run(store::RunId run) {
  forget_fork();
  reader_->ask<store::Run>(
      this, u"recipe"_s, [run](store::Reader& reader) { return reader.run(run); },
      [this](Result<store::Run> found) {
        if (!found) {
          Q_EMIT notice(notice_of(found.error()));
          return;
        }
        const recipe::Parsed parsed = recipe::parse(found->recipe_toml);
        remember({});
        origin_ = Origin::run;
        origin_name_ = q(found->name);
        // The run's folder holds its recipe, and what a fork goes on from.
        const QFileInfo kept(QDir(q(found->directory)), u"recipe.toml"_s);
        file_ = kept.exists() ? kept.absoluteFilePath() : QString();
        base_ = parsed.recipe;
        if (fork_of_ == found->id) fork_folder_ = q(found->directory);
        recipe_text_ = q(recipe::to_toml(parsed.recipe, recipe::Detail::changed_only));
        take(parsed);
      });
}

void ExperimentController::fork_from(store::RunId run, std::int64_t step) {
  start_from_run(run);
  fork_of_ = run;
  fork_step_ = step;
  Q_EMIT judged();
  read_fork_steps();
}

void ExperimentController::choose_fork_step(std::int64_t step) {
  fork_gone_.reset();
  if (step == fork_step_) return;
  fork_step_ = step;
  Q_EMIT judged();
  ask_plan();
}

void ExperimentController::read_fork_steps() {
  if (fork_of_ == 0) return;
  reader_->ask<std::vector<std::int64_t>>(
      this, u"fork steps"_s, [run = fork_of_](store::Reader& reader) { return app::fork_steps(reader, run); },
      [this, run = fork_of_](Result<std::vector<std::int64_t>> steps) {
        if (steps && run == fork_of_) take_fork_steps(std::move(*steps));
      });
}

void ExperimentController::take_fork_steps(std::vector<std::int64_t> steps) {
  const auto nearest = nearest_step(steps, fork_step_);
  const bool moves = nearest && *nearest != fork_step_;
  if (fork_steps_ == steps && !moves) return;
  fork_steps_ = std::move(steps);
  if (moves) {
    fork_gone_ = fork_step_;
    fork_step_ = *nearest;
  }
  Q_EMIT judged();
  if (moves) ask_plan();
}

void ExperimentController::forget_fork() {
  if (fork_of_ == 0) return;
  fork_of_ = 0;
  fork_step_ = 0;
  fork_steps_.reset();
  fork_gone_.reset();
  fork_folder_.clear();
  Q_EMIT judged();
  ask_plan();
}

void ExperimentController::launch() {
  if (!can_launch()) return;
  launching_ = true;
  Q_EMIT judged();
  const agent::Enqueue request{recipe::to_toml(recipe_, recipe::Detail::everything), fork_of_, fork_step_};
  link_->wish<store::RunId>(
      this, [request](agent::Client& client) { return client.enqueue(request); },
      [this, text = recipe_text_](Result<store::RunId> run) {
        launching_ = false;
        if (run) {
          launched_text_ = text;
          forget_fork();
          Q_EMIT launched(*run);
        } else {
          Q_EMIT notice(notice_of(run.error()));
          read_fork_steps();
        }
        Q_EMIT judged();
      });
}

}  // namespace athanor::app
