#include "app/pages/experiment/experiment_page.h"

#include "app/actions/action_registry.h"
#include "app/controllers/experiment_controller.h"
#include "app/controllers/history_controller.h"
#include "app/models/schema_words.h"
#include "app/pages/experiment/differences_panel.h"
#include "app/pages/experiment/layouts_panel.h"
#include "app/pages/experiment/plan_panel.h"
#include "app/pages/experiment/recipe_editor.h"
#include "app/pages/parts/page_parts.h"
#include "app/settings/settings.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/forms/form_view.h"
#include "widgets/tables/search_line.h"

#include <QAction>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolButton>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::Glyph;
using widgets::kGrid;
constexpr std::size_t kMostRuns = 12;  // in a menu

widgets::FieldKind kind_of(const recipe::Field& field) {
  // A list of anything is typed; only one with known members is ticked.
  if (field.type == recipe::FieldType::list && field.choices.empty()) return widgets::FieldKind::text;
  switch (field.type) {
    case recipe::FieldType::boolean: return widgets::FieldKind::boolean;
    case recipe::FieldType::integer: return widgets::FieldKind::integer;
    case recipe::FieldType::real: return widgets::FieldKind::real;
    case recipe::FieldType::choice: return widgets::FieldKind::choice;
    case recipe::FieldType::list: return widgets::FieldKind::list;
    case recipe::FieldType::text: break;
  }
  return widgets::FieldKind::text;
}

}  // namespace

ExperimentPage::ExperimentPage(ExperimentController* experiment, HistoryController* history, ActionRegistry* actions,
                               Settings* settings, QWidget* parent)
    : Page(u"experiment"_s, tr("New experiment"), parent),
      experiment_(experiment),
      history_(history),
      actions_(actions),
      settings_(settings) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPageMargin, kGrid * 2, 0, kGrid * 2);
  layout->setSpacing(kGrid * 2);
  add_actions();

  const PageHeader head = make_page_header(title(), this);
  QHBoxLayout* top = head.row;
  origin_ = head.caption;
  auto* start_from = new QPushButton(tr("Start from…"), this);
  start_from->setIcon(widgets::glyph_icon(Glyph::folder));
  start_from->setIconSize(kButtonIcon);
  sources_ = new QMenu(start_from);
  start_from->setMenu(sources_);
  connect(sources_, &QMenu::aboutToShow, this, [this] { fill_sources(); });
  top->addWidget(start_from);
  auto* compare = new QPushButton(tr("Compare with…"), this);
  compare->setIcon(widgets::glyph_icon(Glyph::layers));
  compare->setIconSize(kButtonIcon);
  compared_ = new QMenu(compare);
  compare->setMenu(compared_);
  connect(compared_, &QMenu::aboutToShow, this, [this] { fill_compared(); });
  top->addWidget(compare);
  top->setContentsMargins(0, 0, kPageMargin, 0);
  layout->addLayout(top);
  layout->addWidget(build_fork());

  splitter_ = new QSplitter(Qt::Horizontal, this);
  splitter_->setObjectName(u"experiment_splitter"_s);
  splitter_->setChildrenCollapsible(false);
  splitter_->setHandleWidth(kGrid * 2);
  auto* left = new QWidget(splitter_);
  auto* left_layout = new QVBoxLayout(left);
  left_layout->setContentsMargins(0, 0, 0, 0);
  left_layout->setSpacing(kGrid);
  tabs_ = new QTabBar(left);
  tabs_->addTab(tr("Form"));
  tabs_->addTab(tr("Recipe text"));
  tabs_->setDrawBase(false);
  tabs_->setExpanding(false);
  tabs_->setAccessibleName(tr("Form or recipe text"));
  left_layout->addWidget(tabs_);
  stack_ = new QStackedWidget(left);
  form_ = new widgets::FormView(stack_);
  stack_->addWidget(form_);
  text_ = new RecipeEditor(stack_);
  stack_->addWidget(text_);
  left_layout->addWidget(stack_, 1);
  splitter_->addWidget(left);
  splitter_->addWidget(build_side());
  splitter_->setStretchFactor(0, 1);
  splitter_->setStretchFactor(1, 0);
  splitter_->setSizes({840, 304 + kPageMargin});
  splitter_->restoreState(settings_->bytes(Setting::experiment_splitter));
  layout->addWidget(splitter_, 1);

  build_form();
  connect(tabs_, &QTabBar::currentChanged, stack_, &QStackedWidget::setCurrentIndex);
  connect(form_, &widgets::FormView::edited, this,
          [this](const QString& id, const QString& text) { experiment_->set_field_text(s(id), text); });
  connect(text_, &RecipeEditor::edited, this, [this](const QString& toml) {
    typing_text_ = true;
    experiment_->set_recipe_text(toml);
    typing_text_ = false;
  });
  connect(text_, &RecipeEditor::fault_chosen, this, [this](const QString& field) {
    show_text(false);
    form_->reveal(field);
  });
  connect_experiment();
  read_fields();
  text_->set_text(experiment_->recipe_text());
  judge();
  show_plan();
}

void ExperimentPage::connect_experiment() {
  connect(experiment_, &ExperimentController::fields_changed, this, [this] { read_fields(); });
  connect(experiment_, &ExperimentController::text_changed, this, [this] {
    if (!typing_text_) text_->set_text(experiment_->recipe_text());
  });
  connect(experiment_, &ExperimentController::judged, this, [this] { judge(); });
  connect(experiment_, &ExperimentController::plan_changed, this, [this] {
    show_plan();
    if (is_ready()) Q_EMIT became_ready();
  });
  connect(experiment_, &ExperimentController::layouts_changed, this, [this] {
    show_plan();
    if (is_ready()) Q_EMIT became_ready();
  });
  // After the row that was clicked has had its say: taking it over forgets the rows.
  connect(layouts_, &LayoutsPanel::chosen, experiment_, &ExperimentController::take_layout, Qt::QueuedConnection);
  connect(experiment_, &ExperimentController::loaded, this, [this] { judge(); });
  connect(experiment_, &ExperimentController::notice, this, &Page::notice);
  const auto compare = [this] { differences_->show_differences(*experiment_); };
  connect(experiment_, &ExperimentController::judged, this, compare);
  connect(experiment_, &ExperimentController::comparison_changed, this, compare);
  connect(differences_, &DifferencesPanel::field_chosen, this, [this](const QString& field) {
    show_text(false);
    form_->reveal(field);
  });
  connect(
      differences_, &DifferencesPanel::taken, this,
      [this](const QString& field) { experiment_->take_from_compared(s(field)); }, Qt::QueuedConnection);
  connect(differences_, &DifferencesPanel::ended, experiment_, &ExperimentController::stop_comparing);
}

void ExperimentPage::show_plan() {
  plan_->show_plan(experiment_->planner(), static_cast<int>(experiment_->faults().size()));
  layouts_->show_layouts(experiment_->layouts());
  offer_layouts();
}

void ExperimentPage::offer_layouts() {
  actions_->set_reason(u"experiment.layouts"_s, !experiment_->faults().empty()     ? tr("The recipe has faults.")
                                                : experiment_->layouts().is_busy() ? tr("They are being looked for.")
                                                                                   : QString());
}

void ExperimentPage::add_actions() {
  const QString where = tr("New experiment");
  actions_->add(this,
                {u"experiment.launch"_s,
                 where,
                 tr("Launch the experiment"),
                 Glyph::play,
                 {QKeySequence(Qt::CTRL | Qt::Key_Return)},
                 tr("Launch")},
                [this] { experiment_->launch(); });
  actions_->add(this, {u"experiment.search"_s, where, tr("Search the fields"), Glyph::search, {QKeySequence::Find}, {}},
                [this] {
                  show_text(false);
                  form_->search_line()->setFocus(Qt::ShortcutFocusReason);
                  form_->search_line()->selectAll();
                });
  actions_->add(this,
                {u"experiment.text"_s,
                 where,
                 tr("Switch between form and recipe text"),
                 Glyph::text,
                 {QKeySequence(Qt::CTRL | Qt::Key_T)},
                 {}},
                [this] { show_text(stack_->currentIndex() == 0); });
  actions_->add(this,
                {u"experiment.open"_s, where, tr("Start from a recipe file"), Glyph::folder, {QKeySequence::Open}, {}},
                [this] { choose_file(); });
  actions_->add(this, {u"experiment.defaults"_s, where, tr("Start from the defaults"), Glyph::reset, {}, {}},
                [this] { experiment_->start_from_defaults(); });
  actions_->add(this, {u"experiment.layouts"_s, where, tr("Find the quickest layouts"), Glyph::search, {}, {}},
                [this] { experiment_->find_layouts(); });
  actions_->add(this, {u"experiment.copy_command"_s, where, tr("Copy the command"), Glyph::copy, {}, {}},
                [this] { QGuiApplication::clipboard()->setText(experiment_->command_line()); });
}

// Which run is forked, and where: any step of which a checkpoint is left.
QWidget* ExperimentPage::build_fork() {
  fork_ = new QWidget(this);
  auto* row = new QHBoxLayout(fork_);
  row->setContentsMargins(0, 0, kPageMargin, 0);
  row->setSpacing(kGrid);
  fork_run_ = new QLabel(fork_);
  row->addWidget(fork_run_);
  fork_step_ = new QPushButton(fork_);
  fork_step_->setIcon(widgets::glyph_icon(Glyph::fork));
  fork_step_->setIconSize(kButtonIcon);
  fork_step_->setMenu(new QMenu(fork_step_));
  connect(fork_step_->menu(), &QMenu::aboutToShow, this, [this] { fill_fork_steps(); });
  row->addWidget(fork_step_);
  fork_note_ = make_muted({}, fork_);
  fork_note_->setWordWrap(true);
  row->addWidget(fork_note_, 1);
  return fork_;
}

void ExperimentPage::fill_fork_steps() {
  QMenu* menu = fork_step_->menu();
  menu->clear();
  add_menu_heading(menu, tr("Fork from the checkpoint at"));
  const auto& steps = experiment_->fork_steps();
  if (!steps) return;
  for (auto step = steps->rbegin(); step != steps->rend(); ++step)
    connect(menu->addAction(tr("step %1").arg(*step)), &QAction::triggered, experiment_,
            [this, at = *step] { experiment_->choose_fork_step(at); });
}

void ExperimentPage::show_fork() {
  fork_->setVisible(experiment_->fork_of() != 0);
  const auto& steps = experiment_->fork_steps();
  const bool none_left = steps && steps->empty();
  fork_run_->setText(tr("Forks run %1 at").arg(experiment_->fork_of()));
  fork_step_->setText(tr("step %1").arg(experiment_->fork_step()));
  fork_step_->setAccessibleName(tr("Step of the fork: %1").arg(experiment_->fork_step()));
  fork_step_->setEnabled(steps && !none_left);
  fork_note_->setText(none_left                  ? tr("No checkpoint of it is left.")
                      : experiment_->fork_gone() ? tr("The checkpoint at step %1 is gone. The nearest that is left was "
                                                      "chosen instead.")
                                                       .arg(*experiment_->fork_gone())
                                                 : QString());
}

QWidget* ExperimentPage::build_side() {
  auto* side = new QWidget(splitter_);
  side->setMinimumWidth(304 + kPageMargin);
  auto* layout = new QVBoxLayout(side);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid + 4);
  auto* scroll = new PageScroll(side);
  differences_ = new DifferencesPanel(scroll->widget());
  scroll->body()->addWidget(differences_);
  plan_ = new PlanPanel(scroll->widget());
  scroll->body()->addWidget(plan_);
  layouts_ = new LayoutsPanel(actions_->action(u"experiment.layouts"_s), scroll->widget());
  scroll->body()->addWidget(layouts_);
  scroll->body()->addStretch(1);
  layout->addWidget(scroll, 1);
  auto* lower = new QVBoxLayout;
  lower->setContentsMargins(0, 0, kPageMargin, 0);
  lower->setSpacing(kGrid + 4);
  layout->addLayout(lower);
  lower->addWidget(build_command(side));
  reason_ = new QLabel(side);
  reason_->setWordWrap(true);
  reason_->setProperty("tone", u"bad"_s);
  lower->addWidget(reason_);
  launch_ = make_button(actions_->action(u"experiment.launch"_s), side, true);
  launch_->setProperty("large", true);
  lower->addWidget(launch_);
  return side;
}

QWidget* ExperimentPage::build_command(QWidget* parent) {
  auto* command = new Card(tr("The same from a terminal"), parent);
  auto* line = new QHBoxLayout;
  command_ = new CommandText(command);
  command_->setAccessibleName(tr("Command that does the same"));
  line->addWidget(command_, 1);
  auto* copy = new QToolButton(command);
  copy->setDefaultAction(actions_->action(u"experiment.copy_command"_s));
  copy->setToolButtonStyle(Qt::ToolButtonIconOnly);
  copy->setAccessibleName(tr("Copy the command"));
  copy->setFocusPolicy(Qt::StrongFocus);
  line->addWidget(copy, 0, Qt::AlignTop);
  command->body()->addLayout(line);
  command_fault_ = new QLabel(command);
  command_fault_->setWordWrap(true);
  command_fault_->setProperty("tone", u"bad"_s);
  command_fault_->hide();
  command->body()->addWidget(command_fault_);
  connect(command_, &CommandText::edited, this, &ExperimentPage::take_command);
  connect(command_, &CommandText::left, command_fault_, &QWidget::hide);
  return command;
}

void ExperimentPage::take_command(const QString& text) {
  const QString fault = experiment_->set_command_line(text);
  command_fault_->setText(widgets::sentence(fault));
  command_fault_->setVisible(!fault.isEmpty());
}

void ExperimentPage::build_form() {
  std::vector<widgets::SectionSpec> sections;
  for (const recipe::Section& section : recipe::sections())
    sections.push_back({q(section.name), schema_text(section.label), schema_text(section.help)});
  std::vector<widgets::FieldSpec> fields;
  const QLocale locale;
  for (const recipe::Field& field : recipe::fields()) {
    widgets::FieldSpec spec;
    spec.id = q(field.path);
    spec.section = spec.id.section(u'.', 0, 0);
    spec.label = schema_text(field.label);
    spec.kind = kind_of(field);
    spec.unit = schema_text(field.unit);
    spec.fallback = experiment_->default_text(field);
    if (field.type == recipe::FieldType::integer || field.type == recipe::FieldType::real)
      spec.range = tr("%1 to %2").arg(widgets::number_text(field.minimum), widgets::number_text(field.maximum));
    for (const std::string& choice : field.choices) {
      spec.choices << q(choice);
      spec.choice_words << schema_text(choice);
    }
    spec.help = schema_text(field.help);
    spec.advanced = field.advanced;
    spec.multiline = field.path == "run.notes";
    fields.push_back(std::move(spec));
  }
  form_->build(sections, fields);
}

void ExperimentPage::read_fields() {
  for (const recipe::Field& field : recipe::fields())
    form_->set_text(q(field.path), experiment_->field_text(field.path));
}

void ExperimentPage::judge() {
  form_->set_verdicts(experiment_->verdicts());
  text_->set_faults(experiment_->faults());
  tabs_->setTabText(1, experiment_->faults().empty()
                           ? tr("Recipe text")
                           : tr("Recipe text (%n fault(s))", nullptr, static_cast<int>(experiment_->faults().size())));
  command_->set_command(experiment_->command_line());
  const QString why = experiment_->why_not_launch();
  actions_->set_reason(u"experiment.launch"_s, why);
  reason_->setVisible(!why.isEmpty());
  reason_->setText(why);
  offer_layouts();
  origin_->setText(experiment_->origin().isEmpty() ? QString() : tr("starts from %1").arg(experiment_->origin()));
  show_fork();
}

QString ExperimentPage::launch_reason() const { return experiment_->why_not_launch(); }

void ExperimentPage::fill_sources() {
  sources_->clear();
  add_recipes(sources_, &ExperimentController::start_from_file);
  sources_->addAction(actions_->action(u"experiment.open"_s));
  sources_->addAction(actions_->action(u"experiment.defaults"_s));
  add_runs(sources_, &ExperimentController::start_from_run);
}

void ExperimentPage::fill_compared() {
  compared_->clear();
  if (!experiment_->compared_with().isEmpty())
    connect(compared_->addAction(widgets::glyph_icon(Glyph::close), tr("Nothing any more")), &QAction::triggered,
            experiment_, &ExperimentController::stop_comparing);
  add_recipes(compared_, &ExperimentController::compare_with_file);
  add_runs(compared_, &ExperimentController::compare_with_run);
}

void ExperimentPage::add_recipes(QMenu* menu, void (ExperimentController::*take)(const QString& file)) {
  add_menu_heading(menu, tr("Recipes"));
  for (const ExperimentController::Source& source : experiment_->recipe_files())
    connect(menu->addAction(widgets::glyph_icon(Glyph::flask), source.label), &QAction::triggered, this,
            [this, take, file = source.file] { (experiment_->*take)(file); });
}

void ExperimentPage::add_runs(QMenu* menu, void (ExperimentController::*take)(store::RunId run)) {
  const auto& runs = history_->runs()->runs();
  if (runs.empty()) return;
  add_menu_heading(menu, tr("Runs"));
  for (std::size_t i = 0; i < runs.size() && i < kMostRuns; ++i)
    connect(menu->addAction(widgets::glyph_icon(Glyph::runs), q(runs[i].name)), &QAction::triggered, this,
            [this, take, id = runs[i].id] { (experiment_->*take)(id); });
}

void ExperimentPage::choose_file() {
  auto* dialog = new QFileDialog(this, tr("Start from a recipe"), {}, tr("Recipes (*.toml)"));
  dialog->setFileMode(QFileDialog::ExistingFile);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QFileDialog::fileSelected, experiment_, &ExperimentController::start_from_file);
  dialog->open();
}

void ExperimentPage::show_text(bool on) {
  tabs_->setCurrentIndex(on ? 1 : 0);
  if (on) text_->edit()->setFocus();
}

bool ExperimentPage::is_ready() const { return !experiment_->planner().is_busy() && !experiment_->layouts().is_busy(); }

void ExperimentPage::entered() {
  setFocus(Qt::OtherFocusReason);
  experiment_->read_fork_steps();
}

void ExperimentPage::take_over(const Page& before) {
  const auto* old = qobject_cast<const ExperimentPage*>(&before);
  if (old) tabs_->setCurrentIndex(old->tabs_->currentIndex());
}

void ExperimentPage::keep_layout() {
  settings_->set(Setting::experiment_splitter, splitter_->saveState());
  settings_->set(Setting::experiment_draft, experiment_->draft());
}

}  // namespace athanor::app
