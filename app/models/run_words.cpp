#include "app/models/run_words.h"

#include "app/stores/curve_store.h"
#include "widgets/common/numbers.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace athanor::app {
namespace {

using widgets::Glyph;
using widgets::Role;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

TimeStyle style_in_force = TimeStyle::age;

struct RunWords {
  Q_DECLARE_TR_FUNCTIONS(RunWords)
};

}  // namespace

StatusLook look_of(store::RunStatus status) {
  switch (status) {
    case store::RunStatus::queued: return {RunWords::tr("Queued"), Role::muted, Glyph::clock};
    case store::RunStatus::starting: return {RunWords::tr("Starting"), Role::info, Glyph::play};
    case store::RunStatus::running: return {RunWords::tr("Running"), Role::accent, Glyph::play};
    case store::RunStatus::stopping: return {RunWords::tr("Stopping"), Role::warning, Glyph::square};
    case store::RunStatus::finished: return {RunWords::tr("Finished"), Role::good, Glyph::check};
    case store::RunStatus::stopped: return {RunWords::tr("Stopped"), Role::warning, Glyph::square};
    case store::RunStatus::failed: return {RunWords::tr("Failed"), Role::bad, Glyph::error};
    case store::RunStatus::broken: break;
  }
  return {RunWords::tr("Broken off"), Role::bad, Glyph::warning};
}

const std::vector<std::string>& listed_metrics() {
  static const std::vector<std::string> metrics = {"train/loss", "train/samples_per_s", "eval/t2i_r1", "eval/t2i_r10"};
  return metrics;
}

double last_value(const store::Run& run, const char* metric) {
  const auto found = run.last.find(metric);
  return found == run.last.end() ? kUnknown : found->second;
}

std::int64_t own_steps(const store::Run& run) {
  return std::max<std::int64_t>(0, run.step - (run.parent ? run.fork_step : 0));
}

double duration_of(const store::Run& run, std::int64_t now_ns) {
  if (run.started_ns <= 0) return -1;
  const std::int64_t end = run.ended_ns > 0 && !store::is_live(run.status) ? run.ended_ns : now_ns;
  return static_cast<double>(end - run.started_ns) * 1e-9;
}

double pace_of(const store::Run& run, const CurveStore& curves, std::int64_t now_ns) {
  const CurveStore::Entry* read = curves.find(run.id);
  if (!read || std::isfinite(read->pace)) return read ? read->pace : kUnknown;
  const double seconds = duration_of(run, now_ns);
  const std::int64_t steps = own_steps(run);
  return steps > 0 && seconds > 0 ? static_cast<double>(steps) / seconds : kUnknown;
}

QString pace_text(double steps_per_second) {
  return std::isfinite(steps_per_second) ? QString::number(steps_per_second, 'f', 2) : QStringLiteral("–");
}

double seconds_left(const store::Run& run, double pace) {
  if (run.status != store::RunStatus::running || own_steps(run) <= 0 || run.steps <= run.step) return -1;
  return pace > 0 ? static_cast<double>(run.steps - run.step) / pace : -1;
}

QString damage_words(const store::Run& run) {
  int stretches = 0;
  double bytes = 0;
  for (const store::JournalDamage& damage : run.damage) {
    if (damage.tail) continue;
    ++stretches;
    bytes += static_cast<double>(damage.bytes);
  }
  if (stretches == 0) return {};
  return RunWords::tr("%n place(s) of its journal are damaged; what %1 told is missing here", nullptr, stretches)
      .arg(widgets::bytes_text(bytes));
}

QString traffic_words(const std::string& axis, double bytes) {
  const QString between = axis == "data"       ? RunWords::tr("replicas")
                          : axis == "tensor"   ? RunWords::tr("tensor shards")
                          : axis == "pipeline" ? RunWords::tr("stages")
                                               : QString::fromStdString(axis);
  return RunWords::tr("%1 between %2").arg(widgets::bytes_text(bytes), between);
}

QString freed_words(std::int64_t bytes) {
  return RunWords::tr("%1 are free again").arg(widgets::bytes_text(static_cast<double>(bytes)));
}

TimeStyle time_style(const QString& text) { return text == QStringLiteral("date") ? TimeStyle::date : TimeStyle::age; }

void set_time_style(TimeStyle style) { style_in_force = style; }

QString when_text(std::int64_t time_ns, std::int64_t now_ns) {
  if (time_ns <= 0) return QStringLiteral("–");
  if (style_in_force == TimeStyle::date)
    return QDateTime::fromMSecsSinceEpoch(time_ns / 1'000'000).toString(QStringLiteral("yyyy-MM-dd HH:mm"));
  const double ago = static_cast<double>(now_ns - time_ns) * 1e-9;
  if (ago >= 0 && ago < 60) return RunWords::tr("just now");
  if (ago >= 0 && ago < 3600) return RunWords::tr("%1 min ago").arg(static_cast<int>(ago / 60));
  const QDateTime then = QDateTime::fromMSecsSinceEpoch(time_ns / 1'000'000);
  const QDateTime now = QDateTime::fromMSecsSinceEpoch(now_ns / 1'000'000);
  const qint64 days = then.date().daysTo(now.date());
  const QLocale locale;
  const QString clock = locale.toString(then.time(), QStringLiteral("HH:mm"));
  if (days == 0) return RunWords::tr("today %1").arg(clock);
  if (days == 1) return RunWords::tr("yesterday %1").arg(clock);
  if (days > 1 && days < 7) return locale.toString(then.date(), QStringLiteral("ddd ")) + clock;
  if (then.date().year() == now.date().year())
    return locale.toString(then.date(), RunWords::tr("d MMM")) + u' ' + clock;
  return locale.toString(then.date(), RunWords::tr("d MMM yyyy"));
}

std::int64_t wall_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace athanor::app
