// Every widget with made-up values in one window; F2 switches the look. `widget_showcase FILE.png [dark] [plots]`
// renders it, or plots alone.
#include "widgets/common/theme.h"
#include "widgets/feedback/busy_chip.h"
#include "widgets/feedback/empty_page.h"
#include "widgets/feedback/message_bar.h"
#include "widgets/forms/field_row.h"
#include "widgets/gallery/picture_source.h"
#include "widgets/gallery/retrieval_board.h"
#include "widgets/log/log_ring.h"
#include "widgets/log/log_view.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/stacked_bar.h"
#include "widgets/plot/strip.h"
#include "widgets/showcase/plots.h"
#include "widgets/timeline/timeline_legend.h"
#include "widgets/timeline/timeline_view.h"

#include <QApplication>
#include <QGridLayout>
#include <QShortcut>
#include <QTimer>

#include <cmath>

namespace {

using namespace athanor::widgets;
using namespace Qt::Literals::StringLiterals;

class Discs final : public PictureSource {
 public:
  using PictureSource::PictureSource;
  Picture picture(const QString& key) override {
    if (key == u"broken"_s) return {State::broken, {}};
    QImage image(64, 64, QImage::Format_RGB32);
    image.fill(QColor::fromHsv(key.toInt() * 47 % 360, 140, 220));
    return {State::ready, image};
  }
};

Curve wave(const QString& label, int colour, double lift) {
  CurveColumns columns;
  for (int i = 1; i <= 300; ++i) {
    const double value = lift + 4 * std::exp(-i / 80.0) + 0.15 * std::sin(i * 0.7);
    columns.append({double(i), i * 0.4, value - 0.2, value + 0.3, value, value, i == 150 ? 1U : 0U});
  }
  Curve curve;
  curve.label = label;
  curve.colour = colour;
  curve.columns = share(std::move(columns));
  return curve;
}

BoardQuery query(bool text, std::int64_t rank) {
  BoardQuery q{1, text, u"lion face"_s, u"3"_s, rank, 196, {}, 12, {}};
  for (int i = 0; i < 5; ++i)
    q.answers.push_back({i == rank - 1 ? 1 : 10 + i, u"answer %1"_s.arg(i + 1),
                         text ? (i == 4 ? u"broken"_s : QString::number(i)) : QString(), 0.8 - 0.1 * i});
  return q;
}

// Three groups that hand work on, each with what was expected above what happened.
TimelineData relay() {
  TimelineData data{u"piece %1"_s, u"part %1"_s, {}, {}, {}, 0};
  data.kinds = {{u"forward"_s, u"F"_s, 0, BarPattern::solid},
                {u"backward"_s, u"B"_s, 1, BarPattern::rising},
                {u"update"_s, u"U"_s, 2, BarPattern::dotted},
                {u"wait"_s, {}, 7, BarPattern::hollow}};
  for (int group = 0; group < 3; ++group) {
    for (const bool pale : {true, false}) {
      TimelineRow row{
          u"Rank %1"_s.arg(group), pale ? u"expected"_s : u"happened"_s, pale, 2 * group + (pale ? 1 : 0), {}};
      double at = 0.01 * group;
      for (int i = 0; i < 8; ++i) {
        const double slow = pale ? 1 : 1 + 0.2 * std::sin(i + group);
        row.bars.push_back({i % 2, i / 2, group, at, at + 0.012 * slow});
        at += 0.0125 * slow;
        if (i == 3 && !pale) row.bars.push_back({3, -1, -1, at, at + 0.006}), at += 0.0065;
      }
      row.bars.push_back({2, -1, group, at, at + 0.004});
      data.rows.push_back(row);
    }
  }
  data.marks = {{0.06, u"rank 1 was replaced"_s, Role::bad}};
  return data;
}

void fill(QGridLayout* grid, QWidget* window) {
  auto* plot = new MetricPlot(u"Loss"_s, window);
  plot->set_curves({wave(u"training"_s, 0, 1), wave(u"evaluation"_s, 1, 1.6)});
  grid->addWidget(plot, 0, 0);
  auto* nothing = new MetricPlot(u"Temperature"_s, window);
  grid->addWidget(nothing, 0, 1);
  auto* strip = new UtilisationStrip(u"CPU"_s, 0, window);
  std::vector<StripSample> samples;
  for (int i = 0; i < 200; ++i) samples.push_back({double(i), 0.6 + 0.35 * std::sin(i * 0.1)});
  strip->set_samples(samples);
  strip->set_detail(u"308 MiB of 8 GiB"_s);
  grid->addWidget(strip, 1, 0);
  auto* bar = new StackedBar(window);
  bar->set_shares(
      {{u"Parameters"_s, 5, u"5 MiB"_s}, {u"Activations"_s, 146, u"146 MiB"_s}, {u"Program"_s, 88, u"88 MiB"_s}}, 400);
  grid->addWidget(bar, 1, 1);
  static Discs discs;
  auto* board = new RetrievalBoard(&discs, window);
  board->set_steps({50});
  board->set_queries({query(true, 2), query(false, 1)});
  grid->addWidget(board, 2, 0, 1, 2);
  auto* row = new FieldRow({u"train.steps"_s,
                            u"train"_s,
                            u"Steps"_s,
                            FieldKind::integer,
                            u"steps"_s,
                            u"400"_s,
                            {},
                            {},
                            u"How many batches are learnt from."_s,
                            false,
                            false},
                           window);
  row->set_text(u"0"_s);
  row->set_verdict(u"must be between 1 and 100000000, not 0"_s);
  grid->addWidget(row, 3, 0);
  auto* message = new MessageBar(window);
  message->show_message({MessageKind::error,
                         u"could not start the run"_s,
                         u"the disk is full"_s,
                         u"free some space"_s,
                         u"Try again"_s,
                         {},
                         0});
  grid->addWidget(message, 3, 1);
  static LogRing ring(1000);
  ring.append({{1, 0, LogLevel::info, u"First loss 4.86"_s},
               {2, 1000, LogLevel::warning, u"loader waited"_s},
               {3, 2000, LogLevel::error, u"no space left"_s}});
  grid->addWidget(new LogView(&ring, window), 4, 0);
  auto* chips = new QWidget(window);
  auto* line = new QHBoxLayout(chips);
  const std::pair<QString, Role> states[] = {
      {u"Running"_s, Role::accent}, {u"Finished"_s, Role::good}, {u"Failed"_s, Role::bad}};
  for (const auto& [text, role] : states) {
    auto* chip = new BusyChip(chips);
    chip->set_state(
        text, role,
        role == Role::accent ? std::nullopt : std::optional(role == Role::good ? Glyph::check : Glyph::error), true);
    line->addWidget(chip);
  }
  grid->addWidget(chips, 4, 1);
  auto* legend = new TimelineLegend(window);
  legend->set_kinds(relay().kinds, u"expected"_s, u"happened"_s);
  grid->addWidget(legend, 5, 0, 1, 2);
  auto* timeline = new TimelineView(u"A relay"_s, window);
  timeline->set_data(relay());
  grid->addWidget(timeline, 6, 0, 1, 2);
}

void look(bool dark) { QApplication::setPalette((dark ? dark_theme() : light_theme()).palette()); }

}  // namespace

int main(int count, char** words) {
  QApplication application(count, words);
  QApplication::setStyle(u"Fusion"_s);
  const QStringList asked = QApplication::arguments().mid(2);
  look(asked.contains(u"dark"_s));
  QWidget window;
  window.resize(1200, 1000);
  auto* grid = new QGridLayout(&window);
  grid->setSpacing(2 * kGrid);
  grid->setContentsMargins(3 * kGrid, 3 * kGrid, 3 * kGrid, 3 * kGrid);
  if (asked.contains(u"plots"_s))
    fill_with_plots(grid, &window);
  else
    fill(grid, &window);
  QObject::connect(new QShortcut(Qt::Key_F2, &window), &QShortcut::activated, &window,
                   [] { look(!current_theme().is_dark()); });
  window.show();
  if (count > 1)
    QTimer::singleShot(200, &window, [&] {
      const bool saved = window.grab().save(QString::fromLocal8Bit(words[1]));
      QApplication::exit(saved ? 0 : 1);
    });
  return QApplication::exec();
}
