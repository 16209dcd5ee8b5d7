// What a table of very many runs takes: reading the history, first rows on the screen, sorting, searching, scrolling,
// and taking in what changed meanwhile. Drawn offscreen, wall-clock time of the GUI thread.
//   run_table HISTORY [ROUNDS 9]
// HISTORY as fill_window_history makes it.
#include "app/pages/runs/run_table.h"

#include "app/models/run_table_model.h"
#include "app/models/run_words.h"
#include "app/settings/settings.h"
#include "app/theme/theme_switch.h"
#include "core/store/reader.h"

#include <QApplication>
#include <QHeaderView>
#include <QImage>
#include <QScrollBar>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

namespace {

using namespace athanor;
using Clock = std::chrono::steady_clock;

double ms_of(const std::function<void()>& work) {
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void report(const char* what, std::vector<double> times, const char* must) {
  std::ranges::sort(times);
  std::printf("%-34s median %7.1f ms   worst %7.1f ms   must %s\n", what, times[times.size() / 2], times.back(), must);
}

std::vector<double> repeated(int rounds, const std::function<void(int)>& work) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) times.push_back(ms_of([&] { work(round); }));
  return times;
}

// The table over a history, and what draws it.
struct Bench {
  explicit Bench(const char* history) : theme(&settings) {
    store::RunChanges changes;
    std::printf("reading the list                   %.1f ms\n", ms_of([&] {
                  reader = value_or_throw(store::Reader::open(history));
                  changes = value_or_throw(reader->changes("", 0, app::listed_metrics()));
                }));
    table.resize(1440, 860);
    table.show();
    const std::size_t all = changes.changed.size();
    some.assign(changes.changed.begin(), changes.changed.begin() + static_cast<std::ptrdiff_t>(std::min(all, kSome)));
    std::printf("%zu runs into the window        %.1f ms\n", all, ms_of([&] {
                  runs.apply(std::move(changes));
                  draw();
                }));
  }

  void draw() {
    QApplication::processEvents();
    table.render(&screen);
  }

  void sort(int rounds) {
    using app::RunColumn;
    for (const auto& [column, what] :
         {std::pair(RunColumn::loss, "sort by loss"), std::pair(RunColumn::name, "sort by name"),
          std::pair(RunColumn::started, "sort by start")}) {
      report(what,
             repeated(rounds,
                      [&, at = column](int round) {
                        table.sortByColumn(static_cast<int>(at),
                                           round % 2 == 0 ? Qt::AscendingOrder : Qt::DescendingOrder);
                        draw();
                      }),
             "<= 200");
    }
  }

  void search(int rounds) {
    const QStringList typed = {QStringLiteral("study-99"), QStringLiteral("baseline"), QStringLiteral("is:finished 77"),
                               QStringLiteral("nothing like this")};
    report("search",
           repeated(rounds,
                    [&](int round) {
                      model.set_search(typed[round % typed.size()]);
                      draw();
                    }),
           "<= 100");
    report("back to all",
           repeated(1,
                    [&](int) {
                      model.set_search({});
                      draw();
                    }),
           "<= 100");
  }

  void change(int rounds) {
    report("20 runs change, sorted by start",
           repeated(rounds,
                    [&](int round) {
                      store::RunChanges more;
                      more.changed = some;
                      for (store::Run& run : more.changed)
                        run.last["train/loss"] = round + static_cast<double>(run.id % 7);
                      runs.apply(std::move(more));
                      draw();
                    }),
           "<= 33");
  }

  void scroll() {
    QScrollBar* bar = table.verticalScrollBar();
    report("scroll, far",
           repeated(200,
                    [&](int round) {
                      bar->setValue(static_cast<int>(bar->maximum() * (round / 200.0)));
                      draw();
                    }),
           "<= 33");
    report("scroll, some rows",
           repeated(200,
                    [&](int) {
                      bar->setValue(bar->value() - 97);
                      draw();
                    }),
           "<= 33");
  }

  static constexpr std::size_t kSome = 20;
  app::Settings settings{std::filesystem::path()};
  app::ThemeSwitch theme;
  std::unique_ptr<store::Reader> reader;
  app::RunStore runs;
  app::CurveStore curves;
  app::FigureStore figures;
  app::RunTableModel model{&runs, &curves, &figures};
  app::RunTable table{&model, &settings, nullptr};
  QImage screen{QSize(1440, 860), QImage::Format_ARGB32_Premultiplied};
  std::vector<store::Run> some;
};

}  // namespace

int main(int count, char** words) {
  if (count < 2) return 2;
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(count, words);
  const int rounds = count > 2 ? std::atoi(words[2]) : 9;
  Bench bench(words[1]);
  bench.sort(rounds);
  bench.search(rounds);
  bench.change(rounds);
  bench.scroll();
  return 0;
}
