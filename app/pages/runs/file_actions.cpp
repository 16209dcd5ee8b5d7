#include "app/pages/runs/file_actions.h"

#include "app/actions/action_registry.h"
#include "app/controllers/history_controller.h"

#include <QFileDialog>
#include <QRegularExpression>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::Glyph;

// "*.csv" of "CSV (*.csv)": the ending that a chosen filter stands for.
QString ending_of(const QString& filter) {
  static const QRegularExpression ending(u"\\*\\.([a-z]+)"_s);
  return ending.match(filter).captured(1);
}

}  // namespace

FileActions::FileActions(HistoryController* history, ActionRegistry* actions, Selected selected, QWidget* page)
    : QObject(page), history_(history), actions_(actions), selected_(std::move(selected)), page_(page) {
  const QString where = tr("Runs");
  const auto add = [&](const char* id, const QString& text, Glyph glyph, std::function<void()> act,
                       const QString& button) {
    actions_->add(page_, {QString::fromLatin1(id), where, text, glyph, {}, button}, std::move(act));
  };
  add(
      "runs.import", tr("Import runs of TensorBoard, MLflow or W&B from a folder"), Glyph::folder,
      [this] { ask_for_folder(); }, tr("Import runs…"));
  add(
      "runs.import_files", tr("Import runs from files of TensorBoard, MLflow or W&B, or from CSV"), Glyph::folder,
      [this] { ask_for_files(); }, tr("Import files…"));
  add(
      "runs.export", tr("Export the selected runs as CSV, JSON or a page to read"), Glyph::save,
      [this] { ask_where_to_export(); }, tr("Export…"));
}

void FileActions::update() {
  actions_->set_reason(u"runs.export"_s, selected_().empty() ? tr("Select a run first.") : QString());
}

void FileActions::ask_for_folder() {
  auto* dialog = new QFileDialog(page_, tr("Import runs from a folder"));
  dialog->setFileMode(QFileDialog::Directory);
  dialog->setOption(QFileDialog::ShowDirsOnly);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QFileDialog::filesSelected, history_->files(), &RunFiles::import_from);
  dialog->open();
}

void FileActions::ask_for_files() {
  auto* dialog =
      new QFileDialog(page_, tr("Import runs from files"), {},
                      tr("Runs (*tfevents* *.db *.sqlite *.wandb *.csv *.tsv)") + u";;"_s + tr("All files (*)"));
  dialog->setFileMode(QFileDialog::ExistingFiles);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QFileDialog::filesSelected, history_->files(), &RunFiles::import_from);
  dialog->open();
}

void FileActions::ask_where_to_export() {
  auto* dialog = new QFileDialog(
      page_, tr("Export the selected runs"), {},
      QStringList{tr("A page to read (*.html)"), tr("Tables (*.csv)"), tr("Everything (*.json)")}.join(u";;"_s));
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(u"html"_s);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QFileDialog::filterSelected, dialog,
          [dialog](const QString& filter) { dialog->setDefaultSuffix(ending_of(filter)); });
  connect(dialog, &QFileDialog::fileSelected, history_->files(),
          [this, runs = selected_()](const QString& file) { history_->files()->export_to(runs, file); });
  dialog->open();
}

}  // namespace athanor::app
