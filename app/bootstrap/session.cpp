#include "app/bootstrap/session.h"

#include "app/actions/action_registry.h"
#include "app/controllers/compare_controller.h"
#include "app/controllers/experiment_controller.h"
#include "app/controllers/history_controller.h"
#include "app/controllers/live_controller.h"
#include "app/pages/compare/compare_page.h"
#include "app/pages/experiment/experiment_page.h"
#include "app/pages/live/live_page.h"
#include "app/pages/runs/runs_page.h"
#include "app/settings/settings.h"
#include "app/shell/main_window.h"
#include "app/theme/theme_switch.h"
#include "core/base/paths.h"
#include "core/recipe/recipe.h"

#include <QApplication>
#include <QPixmap>
#include <QTimer>

#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr int kPatienceMs = 20'000;

// Throws Failure where a home could not be kept or a recipe not be read.
WorkbenchOptions options_for(const CommandLine& wishes) {
  WorkbenchOptions options;
  options.home = athanor_home();
  std::error_code code;
  if (std::filesystem::exists(options.home, code) && !std::filesystem::is_directory(options.home, code))
    throw Failure(ErrorKind::unavailable, "keep Athanor's data in " + options.home.string(), "it is not a folder",
                  "Set ATHANOR_HOME to a folder");
  if (!wishes.recipe.isEmpty()) value_or_throw(recipe::parse_file(wishes.recipe.toStdString()));
  options.experiments = find_experiments();
  options.runner_program = QCoreApplication::applicationDirPath() + u"/athanor-run"_s;
  options.remember = wishes.screenshot.isEmpty();
  options.language = wishes.language;
  options.developer = wishes.developer;
  options.may_start_agent = wishes.screenshot.isEmpty();
  return options;
}

}  // namespace

ProcessStart process_start() {
  // Field 22 of /proc/self/stat: clock ticks after boot; the fields are counted behind the name in parentheses.
  std::ifstream stat("/proc/self/stat");
  std::ifstream uptime("/proc/uptime");
  std::string line;
  double up = 0;
  const auto now = std::chrono::system_clock::now();
  if (!std::getline(stat, line) || !(uptime >> up)) return {now};
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  const double age = up - std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return {now - std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::duration<double>(age))};
}

Session::Session(const CommandLine& wishes, ProcessStart start)
    : wishes_(wishes), start_(start), workbench_(options_for(wishes)) {
  if (!wishes_.theme.isEmpty()) workbench_.theme().override_choice(theme_choice(wishes_.theme));
  MainWindow& window = workbench_.window();
  if (wishes_.size) window.resize(*wishes_.size);
  if (wishes_.startup_time) connect(&window, &MainWindow::painted, this, [this] { report_start(); });
  watch(window);
  workbench_.on_new_window([this](MainWindow& next) { watch(next); });
  connect(&workbench_.history(), &HistoryController::first_read, this, [this] { choose_first_page(); });
}

void Session::watch(MainWindow& window) {
  if (!wishes_.trace_latency) return;
  connect(&window, &MainWindow::sample_drawn, this, [](const QString& metric, qint64 step, double milliseconds) {
    std::cerr << "drawn " << metric.toStdString() << " step " << step << " after " << milliseconds << " ms"
              << std::endl;
  });
}

int Session::run() {
  workbench_.start();
  if (wishes_.screenshot.isEmpty()) workbench_.window().show();
  const int status = QApplication::exec();
  workbench_.settings().sync();
  return status;
}

// An empty history opens on the starter experiment; otherwise the page that was left, or the runs.
void Session::choose_first_page() {
  MainWindow& window = workbench_.window();
  const HistoryController& history = workbench_.history();
  const bool empty = history.runs()->runs().empty() && history.trouble().intention.isEmpty();
  if (wishes_.run != 0 && history.trouble().intention.isEmpty() && !history.runs()->find(wishes_.run)) {
    refuse(tr("--run: the history holds no run %1").arg(wishes_.run), 2);
    return;
  }
  if (!wishes_.compare.isEmpty()) {
    ComparedRuns* compared = workbench_.compare().compared();
    compared->set({wishes_.compare.begin(), wishes_.compare.end()});
    compared->set_baseline(wishes_.compare.front());
  }
  if (!wishes_.recipe.isEmpty())
    workbench_.experiment().start_from_file(wishes_.recipe);
  else
    workbench_.load_starter();
  QString page = wishes_.page;
  if (page.isEmpty() && !wishes_.recipe.isEmpty()) page = u"experiment"_s;
  if (page.isEmpty() && !wishes_.compare.isEmpty()) page = u"compare"_s;
  if (page.isEmpty())
    page = wishes_.run != 0 ? u"live"_s : empty ? u"experiment"_s : workbench_.settings().text(Setting::last_page);
  if (page.isEmpty()) page = u"runs"_s;
  if (wishes_.run != 0) workbench_.live().open(wishes_.run);
  window.show_page(page);
  if (window.current_page().isEmpty()) window.show_page(u"runs"_s);
  if (auto* runs = qobject_cast<RunsPage*>(window.page(window.current_page())); runs && wishes_.run != 0)
    runs->select(wishes_.run);
  if (auto* compare = qobject_cast<ComparePage*>(window.page(window.current_page()));
      compare && !wishes_.view.isEmpty())
    compare->show_view(wishes_.view);
  if (!wishes_.action.isEmpty()) {
    static_cast<void>(window.all_commands());  // makes every page, and with it its actions
    if (!window.actions()->action(wishes_.action)) {
      refuse(tr("--do: there is no action “%1”").arg(wishes_.action), 2);
      return;
    }
  }
  if (!wishes_.screenshot.isEmpty()) render_when_ready();
}

// The command line asks for what there is not: one sentence, and nothing is written.
void Session::refuse(const QString& why, int status) {
  std::cerr << "athanor: " << why.toStdString() << '\n';
  rendered_ = true;
  QApplication::exit(status);
}

void Session::render_when_ready() {
  MainWindow& window = workbench_.window();
  window.show();
  if (auto* experiment = qobject_cast<ExperimentPage*>(window.page(window.current_page()));
      experiment && wishes_.recipe_text)
    experiment->show_text(true);
  connect(&window, &MainWindow::page_became_ready, this,
          [this] { QTimer::singleShot(0, this, [this] { save_picture(); }); });
  QTimer::singleShot(kPatienceMs, this, [this] {
    if (rendered_) return;
    std::cerr << "athanor: the page was not ready after " << kPatienceMs / 1000 << " s\n";
    QApplication::exit(1);
  });
  if (window.page(window.current_page())->is_ready()) QTimer::singleShot(0, this, [this] { save_picture(); });
}

void Session::save_picture() {
  if (rendered_) return;
  MainWindow& window = workbench_.window();
  if (!window.page(window.current_page())->is_ready()) return;
  rendered_ = true;
  if (auto* live = qobject_cast<LivePage*>(window.page(window.current_page()))) {
    QApplication::sendPostedEvents();
    if (wishes_.scroll == u"timeline"_s) live->scroll_to_timeline();
    if (wishes_.scroll == u"board"_s) live->scroll_to_board();
    if (wishes_.scroll == u"bottom"_s) live->scroll_to_bottom();
  }
  if (!wishes_.action.isEmpty()) {
    if (const QString why = window.actions()->reason(wishes_.action); !why.isEmpty()) {
      refuse(tr("--do: “%1” cannot run now: %2").arg(wishes_.action, why), 3);
      return;
    }
    window.actions()->run(std::exchange(wishes_.action, {}));
    rendered_ = window.page(window.current_page())->is_ready();
    if (!rendered_) return;  // what it began is shown once it is there
  }
  // Pictures are decoded on another thread and curves of cells read there: they come within a few frames.
  QTimer::singleShot(350, this, [this] {
    const bool saved = workbench_.window().grab().save(wishes_.screenshot);
    if (!saved)
      std::cerr << "athanor: could not write " << wishes_.screenshot.toStdString()
                << ": check that its folder exists and can be written\n";
    QApplication::exit(saved ? 0 : 1);
  });
}

// The frame is on the screen and the event loop is free: what was clicked now would be answered.
void Session::report_start() {
  QTimer::singleShot(0, this, [this] {
    const auto taken = std::chrono::system_clock::now() - start_.at;
    std::cerr << "interactive after " << std::chrono::duration_cast<std::chrono::milliseconds>(taken).count() << " ms"
              << std::endl;
    QApplication::quit();
  });
}

}  // namespace athanor::app
