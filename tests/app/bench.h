// The real window on a home of its own, driven by events.
#pragma once

#include "app/actions/action_registry.h"
#include "app/bootstrap/workbench.h"
#include "app/bridge/agent_link.h"
#include "app/controllers/experiment_controller.h"
#include "app/controllers/history_controller.h"
#include "app/controllers/live_controller.h"
#include "app/pages/experiment/experiment_page.h"
#include "app/pages/live/live_page.h"
#include "app/pages/runs/runs_page.h"
#include "app/shell/main_window.h"
#include "tests/app/filled_history.h"

#include <QTest>

#include <memory>

namespace athanor::app {

struct BenchOptions {
  std::filesystem::path home;
  QString runner = QStringLiteral("/nonexistent/athanor-run");  // without it there is a form and no plan
  bool may_start_agent = false;
  bool developer = false;
};

class Bench {
 public:
  explicit Bench(const BenchOptions& options) {
    WorkbenchOptions made;
    made.home = options.home;
    made.experiments = ATH_SOURCE_DIR "/experiments";
    made.runner_program = options.runner;
    made.may_start_agent = options.may_start_agent;
    made.developer = options.developer;
    workbench = std::make_unique<Workbench>(made);
    workbench->load_starter();
    workbench->start();
    workbench->window().resize(1280, 800);
    EXPECT_TRUE(until([this] { return workbench->history().is_read(); }));
  }
  static bool until(const std::function<bool()>& holds) { return QTest::qWaitFor(holds, 30'000); }

  MainWindow& show(const char* page) {
    window().show_page(QString::fromLatin1(page));
    window().show();
    window().activateWindow();
    EXPECT_TRUE(QTest::qWaitForWindowActive(&window()));
    EXPECT_TRUE(until([&] { return window().page(QString::fromLatin1(page))->is_ready(); }));
    return window();
  }
  [[nodiscard]] MainWindow& window() const { return workbench->window(); }
  [[nodiscard]] RunsPage& runs() const { return *qobject_cast<RunsPage*>(window().page(QStringLiteral("runs"))); }
  [[nodiscard]] ExperimentPage& experiment() const {
    return *qobject_cast<ExperimentPage*>(window().page(QStringLiteral("experiment")));
  }
  [[nodiscard]] LivePage& live() const { return *qobject_cast<LivePage*>(window().page(QStringLiteral("live"))); }
  [[nodiscard]] const std::vector<store::Run>& list() const { return workbench->history().runs()->runs(); }
  void run(const char* action) const { window().actions()->run(QString::fromLatin1(action)); }

  std::unique_ptr<Workbench> workbench;
};

}  // namespace athanor::app
