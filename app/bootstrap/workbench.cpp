#include "app/bootstrap/workbench.h"

#include "app/bridge/agent_link.h"
#include "app/bridge/curve_readers.h"
#include "app/bridge/history_reader.h"
#include "app/bridge/picture_loader.h"
#include "app/controllers/compare_controller.h"
#include "app/controllers/experiment_controller.h"
#include "app/controllers/history_controller.h"
#include "app/controllers/live_controller.h"
#include "app/language/language_switch.h"
#include "app/settings/settings.h"
#include "app/shell/main_window.h"
#include "app/stores/curve_store.h"
#include "app/stores/figure_store.h"
#include "app/stores/queue_store.h"
#include "app/stores/run_store.h"
#include "app/theme/theme_switch.h"

#include <QCoreApplication>

namespace athanor::app {

using namespace Qt::Literals::StringLiterals;

Workbench::Workbench(const WorkbenchOptions& options) : options_(options) {
  const std::filesystem::path settings_file =
      options.remember ? options.home / "settings.ini" : std::filesystem::path();
  settings_ = std::make_unique<Settings>(settings_file);
  language_ = std::make_unique<LanguageSwitch>(settings_.get(), options.language);
  theme_ = std::make_unique<ThemeSwitch>(settings_.get());
  runs_ = std::make_unique<RunStore>();
  deleted_ = std::make_unique<RunStore>(RunStore::Holds::deleted);
  curves_ = std::make_unique<CurveStore>();
  figures_ = std::make_unique<FigureStore>();
  queue_ = std::make_unique<QueueStore>();
  reader_ = std::make_unique<HistoryReader>(options.home / "history.db");
  curve_readers_ = std::make_unique<CurveReaders>(options.home / "history.db");
  link_ = std::make_unique<AgentLink>(options.home);
  pictures_ = std::make_unique<PictureLoader>();
  history_ = std::make_unique<HistoryController>(reader_.get(), link_.get(), runs_.get(), deleted_.get(), curves_.get(),
                                                 figures_.get(), queue_.get());
  experiment_ =
      std::make_unique<ExperimentController>(reader_.get(), link_.get(), options.runner_program, options.experiments);
  live_ = std::make_unique<LiveController>(reader_.get(), link_.get(), runs_.get());
  compare_ =
      std::make_unique<CompareController>(reader_.get(), link_.get(), runs_.get(), figures_.get(), settings_.get());
  window_ = make_window();
  // After the page on which it was chosen has had its say: it goes with its window.
  QObject::connect(
      language_.get(), &LanguageSwitch::changed, language_.get(), [this] { renew_window(); }, Qt::QueuedConnection);
}

std::unique_ptr<MainWindow> Workbench::make_window() const {
  return std::make_unique<MainWindow>(ShellParts{.settings = settings_.get(),
                                                 .language = language_.get(),
                                                 .theme = theme_.get(),
                                                 .link = link_.get(),
                                                 .history = history_.get(),
                                                 .experiment = experiment_.get(),
                                                 .live = live_.get(),
                                                 .compare = compare_.get(),
                                                 .curve_readers = curve_readers_.get(),
                                                 .pictures = pictures_.get(),
                                                 .home = options_.home,
                                                 .developer = options_.developer});
}

// The new one is shown before the old one goes, so that there is always a window.
void Workbench::renew_window() {
  window_->keep_layout();
  std::unique_ptr<MainWindow> next = make_window();
  next->take_over(*window_);
  if (new_window_) new_window_(*next);
  window_ = std::move(next);
}

// The window goes first; then whoever asks, then the threads that answer, then what they answered into.
Workbench::~Workbench() {
  window_.reset();
  compare_.reset();
  live_.reset();
  experiment_.reset();
  history_.reset();
  pictures_.reset();
  link_.reset();
  curve_readers_.reset();
  reader_.reset();
}

void Workbench::start() {
  history_->set_agent_allowed(options_.may_start_agent);
  history_->start();
  link_->follow(false);
}

void Workbench::load_starter() {
  const std::filesystem::path starter = options_.experiments / "starter.toml";
  std::error_code code;
  if (const QString draft = settings_->text(Setting::experiment_draft); !draft.isEmpty())
    experiment_->restore_draft(draft);
  else if (std::filesystem::exists(starter, code))
    experiment_->start_from_file(QString::fromStdString(starter.string()));
  else
    experiment_->start_from_defaults();
  experiment_->forget_edits();
}

std::filesystem::path find_experiments() {
  const std::filesystem::path program = QCoreApplication::applicationDirPath().toStdString();
  std::error_code code;
  // build/<preset>/bin beside the sources, then an installed prefix.
  for (const auto& place : {program / "../../../experiments", program / "../share/athanor/experiments"})
    if (std::filesystem::exists(place, code)) return std::filesystem::weakly_canonical(place, code);
  return {};
}

}  // namespace athanor::app
