#include "app/pages/live/live_words.h"

#include "app/feedback/notice.h"
#include "app/models/run_words.h"
#include "app/pages/live/recovery_words.h"
#include "core/recipe/prediction.h"
#include "widgets/common/numbers.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <cmath>
#include <iterator>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

struct LiveWords {
  Q_DECLARE_TR_FUNCTIONS(LiveWords)
};
QString step_text(std::int64_t step) { return widgets::count_text(step); }
QString clock_text(std::int64_t time_ns) {
  return QDateTime::fromMSecsSinceEpoch(time_ns / 1'000'000).toString(u"HH:mm:ss"_s);
}

QString state_text(journal::RunState state) {
  switch (state) {
    case journal::RunState::preparing: return LiveWords::tr("Preparing");
    case journal::RunState::running: return LiveWords::tr("Running");
    case journal::RunState::stopping: return LiveWords::tr("Stopping");
    case journal::RunState::finished: return LiveWords::tr("Finished");
    case journal::RunState::stopped: return LiveWords::tr("Stopped");
    case journal::RunState::failed: break;
  }
  return LiveWords::tr("Failed");
}

// Text and step of one event; an empty text leaves it out.
struct Worder {
  EventWords operator()(const journal::StateChanged& e) const {
    return {{}, {}, e.cause.empty() ? state_text(e.state) : state_text(e.state) + u": "_s + q(e.cause)};
  }
  EventWords operator()(const journal::Evaluation& e) const {
    QStringList figures;
    for (const auto& [name, value] : e.metrics)
      if (name == "t2i_r1" || name == "t2i_r10")
        figures << (name == "t2i_r1" ? u"R@1 "_s : u"R@10 "_s) + widgets::percent_text(value, 1);
    if (figures.isEmpty()) return {{}, step_text(e.step), LiveWords::tr("Evaluated")};
    return {{}, step_text(e.step), LiveWords::tr("Evaluated: T→P %1").arg(figures.join(u", "_s))};
  }
  EventWords operator()(const journal::CheckpointWritten& e) const {
    return {{},
            step_text(e.step),
            LiveWords::tr("Checkpoint of %1 written in %2")
                .arg(widgets::bytes_text(static_cast<double>(e.bytes)), widgets::duration_text(e.seconds))};
  }
  EventWords operator()(const journal::PrecisionDecision& e) const {
    return {{},
            step_text(e.step),
            LiveWords::tr("Computes in %1 instead of %2: %3").arg(q(e.actual), q(e.requested), q(e.reason))};
  }
  EventWords operator()(const journal::PrecisionChange& e) const {
    const QString words = e.pass == "forward"    ? LiveWords::tr("%1, forward: %2 → %3")
                          : e.pass == "backward" ? LiveWords::tr("%1, backward: %2 → %3")
                                                 : u"%1, "_s + q(e.pass) + u": %2 → %3"_s;
    const QString text = words.arg(q(e.layer), q(e.from), q(e.to));
    return {{}, step_text(e.step), e.reason.empty() ? text : text + u" ("_s + q(e.reason) + u')'};
  }
  EventWords operator()(const journal::PredictionMade&) const { return {{}, {}, LiveWords::tr("Plan recorded")}; }
  EventWords operator()(const journal::PredictionChecked& e) const {
    return {{}, step_text(e.step), LiveWords::tr("Plan held against the steps so far")};
  }
  EventWords operator()(const journal::Alert& e) const {
    if (!e.rule.starts_with("alert/")) return {{}, step_text(e.step), q(e.text)};
    const bool is_over = e.severity == journal::Severity::info;
    return {
        {}, step_text(e.step), (is_over ? LiveWords::tr("Alert over: %1") : LiveWords::tr("Alert: %1")).arg(q(e.text))};
  }
  EventWords operator()(const journal::FaultSeen& e) const {
    return {{}, step_text(e.step), LiveWords::tr("Could not %1: %2").arg(q(e.intention), q(e.cause))};
  }
  EventWords operator()(const journal::Recovery& e) const {
    const QString text = LiveWords::tr("Went on from %1").arg(q(e.from));
    const QString spent = spent_text(e);
    return {{}, step_text(e.step), spent.isEmpty() ? text : u"%1 (%2)"_s.arg(text, spent)};
  }
  EventWords operator()(const journal::StragglerSeen& e) const { return {{}, step_text(e.step), straggler_words(e)}; }
  EventWords operator()(const journal::WorkShifted& e) const {
    const QString text = e.is_of_layers
                             ? LiveWords::tr("Layers of the stages: %1 instead of %2, for a step %3 shorter")
                             : LiveWords::tr("Micro-batches of the replicas: %1 instead of %2, for a step %3 shorter");
    return {{}, step_text(e.step), text.arg(q(e.to), q(e.from), widgets::percent_text(e.gain))};
  }
  // These have places of their own: the plots, the strips, the answers and the log.
  EventWords operator()(const journal::MetricSamples&) const { return {}; }
  EventWords operator()(const journal::Span&) const { return {}; }
  EventWords operator()(const journal::DeviceSample&) const { return {}; }
  EventWords operator()(const journal::RetrievalSample&) const { return {}; }
  EventWords operator()(const journal::LogLine&) const { return {}; }
};

// Many products change their number format at once: one row for those of a step, with the list behind it.
bool joins(const store::Occurrence& one, const store::Occurrence& other) {
  const auto* a = std::get_if<journal::PrecisionChange>(&one.payload);
  const auto* b = std::get_if<journal::PrecisionChange>(&other.payload);
  return a && b && a->step == b->step;
}

QString off_by(double planned, double measured) {
  const auto share = recipe::deviation(planned, measured);
  if (!share) return u"–"_s;
  if (std::abs(*share) < 0.005) return widgets::percent_text(0);
  return (*share >= 0 ? u"+"_s : u"−"_s) + widgets::percent_text(std::abs(*share));
}

}  // namespace

QString straggler_words(const journal::StragglerSeen& seen) {
  if (seen.is_over)
    return LiveWords::tr("Rank %1 has caught up since step %2").arg(seen.rank).arg(widgets::count_text(seen.since));
  const QString words = seen.against_past
                            ? LiveWords::tr("Rank %1 takes %2 longer than at the beginning since step %3: %4")
                            : LiveWords::tr("Rank %1 takes %2 longer than ranks with the same work since step %3: %4");
  return words.arg(QString::number(seen.rank), widgets::percent_text(seen.slower), widgets::count_text(seen.since),
                   q(seen.remedy));
}

std::vector<PlotSpec> live_plots() {
  return {
      {"loss",
       LiveWords::tr("Loss"),
       {},
       LiveWords::tr("The first step brings the first loss"),
       {{"train/loss", LiveWords::tr("training")}, {"eval/loss", LiveWords::tr("evaluation")}},
       true,
       false},
      {"recall",
       LiveWords::tr("Retrieval on unseen styles"),
       {},
       LiveWords::tr("The first evaluation brings the first figures"),
       {{"eval/t2i_r1", LiveWords::tr("text → picture R@1")},
        {"eval/t2i_r10", LiveWords::tr("text → picture R@10")},
        {"eval/i2t_r1", LiveWords::tr("picture → text R@1")},
        {"eval/i2t_r10", LiveWords::tr("picture → text R@10")}},
       true,
       true},
      {"learning_rate",
       LiveWords::tr("Learning rate"),
       {},
       LiveWords::tr("Nothing measured yet"),
       {{"train/learning_rate", {}}},
       false,
       false},
      {"gradient_norm",
       LiveWords::tr("Gradient norm"),
       {},
       LiveWords::tr("Nothing measured yet"),
       {{"train/gradient_norm", {}}},
       false,
       false},
      {"temperature",
       LiveWords::tr("Temperature"),
       {},
       LiveWords::tr("Nothing measured yet"),
       {{"train/temperature", {}}},
       false,
       false},
      {"throughput",
       LiveWords::tr("Throughput"),
       LiveWords::tr("samples/s"),
       LiveWords::tr("Nothing measured yet"),
       {{"train/samples_per_s", {}}},
       false,
       false,
       true},
      {"loss_scale", LiveWords::tr("Loss scale"), {}, {}, {{"train/loss_scale", {}}}, false, false, false, true},
      {"fp8_share", LiveWords::tr("Products in FP8"), {}, {}, {{"train/fp8_share", {}}}, false, true, false, true},
      {"lost_updates",
       LiveWords::tr("Updates lost in rounding"),
       {},
       {},
       {{"train/lost_update_share", {}}},
       false,
       true,
       false,
       true},
  };
}

widgets::Curve curve_of(const PlotMetric& metric, int colour, const std::vector<DrawnColumn>& columns,
                        double samples_per_step) {
  widgets::Curve curve;
  curve.name = q(metric.name);
  curve.label = metric.label;
  curve.colour = colour;
  widgets::CurveColumns made;
  made.reserve(columns.size());
  for (const DrawnColumn& c : columns) {
    const bool finite = c.count > c.non_finite;
    made.append({c.step, c.seconds, finite ? c.minimum : std::nan(""), finite ? c.maximum : std::nan(""), c.last,
                 c.line, static_cast<std::uint32_t>(c.non_finite),
                 samples_per_step > 0 ? c.step * samples_per_step : std::nan("")});
  }
  curve.columns = widgets::share(std::move(made));
  return curve;
}

std::map<std::string, double> last_values(const std::map<std::string, std::vector<DrawnColumn>>& curves) {
  std::map<std::string, double> last;
  for (const auto& [metric, columns] : curves)
    if (!columns.empty()) last.emplace(metric, columns.back().last);
  return last;
}

std::vector<DeviceCurves> device_curves(const std::map<std::string, std::vector<DrawnColumn>>& curves) {
  std::vector<DeviceCurves> out;
  for (const auto& [name, columns] : curves) {
    constexpr std::string_view kHead = "device/";
    constexpr std::string_view kTail = "/utilisation";
    if (!name.starts_with(kHead) || !name.ends_with(kTail)) continue;
    DeviceCurves device;
    device.name = name.substr(kHead.size(), name.size() - kHead.size() - kTail.size());
    device.label = device.name == "cpu"               ? LiveWords::tr("CPU")
                   : device.name.starts_with("cuda:") ? LiveWords::tr("GPU %1").arg(q(device.name.substr(5)))
                                                      : q(device.name);
    for (const DrawnColumn& c : columns) device.samples.push_back({c.seconds, c.last});
    const auto last = [&](const char* what) {
      const auto found = curves.find("device/" + device.name + "/" + what);
      return found == curves.end() || found->second.empty() ? -1.0 : found->second.back().last;
    };
    const double used = last("memory_bytes");
    const double total = last("memory_total_bytes");
    if (used >= 0)
      device.detail = total > 0 ? LiveWords::tr("%1 of %2").arg(widgets::bytes_text(used), widgets::bytes_text(total))
                                : widgets::bytes_text(used);
    if (const double power = last("power_w"); power > 0)
      device.detail += QStringLiteral(" · %1 W").arg(std::lround(power));
    out.push_back(std::move(device));
  }
  return out;
}

QStringList progress_words(const store::Run& run, std::int64_t now_ns, double pace) {
  QStringList parts;
  const bool begun = own_steps(run) > 0;
  if (run.status == store::RunStatus::queued)
    parts << LiveWords::tr("Waiting for its turn");
  else if (run.status == store::RunStatus::starting)
    parts << LiveWords::tr("Preparing");
  else if (!begun && !store::is_live(run.status))
    parts << LiveWords::tr("Over before its first step");
  else if (!begun && run.parent)
    parts << LiveWords::tr("Going on from step %1 of run %2").arg(step_text(run.fork_step)).arg(*run.parent);
  else if (run.steps > 0)
    parts << LiveWords::tr("Step %1 of %2").arg(step_text(run.step), step_text(run.steps));
  else
    parts << LiveWords::tr("Step %1").arg(step_text(run.step));
  if (const double left = seconds_left(run, pace); left >= 0)
    parts << LiveWords::tr("%1 left").arg(widgets::duration_text(left));
  if (begun && std::isfinite(pace)) parts << LiveWords::tr("%1 steps/s").arg(pace_text(pace));
  if (const double taken = duration_of(run, now_ns); taken >= 0)
    parts << (store::is_live(run.status) ? LiveWords::tr("%1 so far").arg(widgets::duration_text(taken))
                                         : LiveWords::tr("took %1").arg(widgets::duration_text(taken)));
  return parts;
}

std::vector<EventWords> event_words(const std::vector<store::Occurrence>& occurrences) {
  std::vector<EventWords> out;
  constexpr std::size_t kMost = 500;
  for (auto occurrence = occurrences.rbegin(); occurrence != occurrences.rend(); ++occurrence) {
    EventWords words = std::visit(Worder{}, occurrence->payload);
    if (words.text.isEmpty()) continue;
    if (out.size() == kMost) {
      const QString rest = LiveWords::tr("What came before is told by: athanor-run show RUN --events");
      out.push_back({{}, {}, rest, rest});
      break;
    }
    words.detail = words.text;
    int together = 1;
    for (; std::next(occurrence) != occurrences.rend() && joins(*occurrence, *std::next(occurrence)); ++occurrence) {
      words.detail = std::visit(Worder{}, std::next(occurrence)->payload).text + u'\n' + words.detail;
      ++together;
    }
    if (together > 1) words.text = LiveWords::tr("%n product(s) change their number format", nullptr, together);
    words.time = clock_text(occurrence->time_ns);
    out.push_back(std::move(words));
  }
  return out;
}

std::vector<CheckWords> check_words(const std::vector<store::Occurrence>& occurrences, store::RunStatus status) {
  for (auto occurrence = occurrences.rbegin(); occurrence != occurrences.rend(); ++occurrence) {
    const auto* e = std::get_if<journal::PredictionChecked>(&occurrence->payload);
    if (!e) continue;
    const auto bytes = [](std::int64_t n) { return n > 0 ? widgets::bytes_text(static_cast<double>(n)) : u"–"_s; };
    std::vector<CheckWords> rows = {
        {LiveWords::tr("Pace"), LiveWords::tr("%1 steps/s").arg(pace_text(e->predicted_steps_per_second)),
         LiveWords::tr("%1 steps/s").arg(pace_text(e->measured_steps_per_second)),
         off_by(e->predicted_steps_per_second, e->measured_steps_per_second)},
        {LiveWords::tr("Peak memory"), bytes(e->predicted_peak_bytes), bytes(e->measured_peak_bytes),
         off_by(static_cast<double>(e->predicted_peak_bytes), static_cast<double>(e->measured_peak_bytes))},
    };
    // A run that ended early will not finish: nothing can be said of when.
    if (store::is_live(status) || status == store::RunStatus::finished)
      rows.push_back({LiveWords::tr("Time to finish"), widgets::duration_text(e->predicted_seconds_to_finish),
                      widgets::duration_text(e->measured_seconds_to_finish),
                      off_by(e->predicted_seconds_to_finish, e->measured_seconds_to_finish)});
    return rows;
  }
  return {};
}

std::vector<widgets::PlotMarker> markers_of(const store::Run& run, const std::vector<store::Occurrence>& occurrences) {
  std::vector<widgets::PlotMarker> out;
  bool ever_ran = false;
  auto state = journal::RunState::preparing;
  for (const store::Occurrence& occurrence : occurrences) {
    if (const auto* changed = std::get_if<journal::StateChanged>(&occurrence.payload)) {
      state = changed->state;
      ever_ran = ever_ran || state == journal::RunState::running;
    }
    const auto* recovery = std::get_if<journal::Recovery>(&occurrence.payload);
    if (!recovery) continue;
    const QString word = recovery->rank >= 0                     ? LiveWords::tr("rank %1 lost").arg(recovery->rank)
                         : state != journal::RunState::preparing ? LiveWords::tr("went back")
                         : run.parent && !ever_ran               ? LiveWords::tr("forked")
                                                                 : LiveWords::tr("resumed");
    out.push_back(
        {static_cast<double>(recovery->step), static_cast<double>(occurrence.time_ns - run.started_ns) * 1e-9, word});
  }
  return out;
}

widgets::Message trouble_of(const store::Run& run, const std::vector<store::Occurrence>& occurrences) {
  widgets::Message message;
  message.kind = widgets::MessageKind::error;
  for (auto occurrence = occurrences.rbegin(); occurrence != occurrences.rend(); ++occurrence)
    if (const auto* fault = std::get_if<journal::FaultSeen>(&occurrence->payload)) {
      message.intention = LiveWords::tr("The run failed: it could not %1").arg(q(fault->intention));
      message.cause = q(fault->cause);
      message.remedy = q(fault->remedy);
      return message;
    }
  message.intention =
      run.status == store::RunStatus::broken ? LiveWords::tr("The run broke off") : LiveWords::tr("The run failed");
  message.cause = q(run.cause);
  if (run.status == store::RunStatus::broken)
    message.remedy = own_steps(run) > 0 ? LiveWords::tr("Resume goes on from its last whole checkpoint")
                                        : LiveWords::tr("It can be started again");
  return message;
}

std::vector<widgets::LogRow> log_rows(const std::vector<store::LogEntry>& entries) {
  std::vector<widgets::LogRow> out;
  out.reserve(entries.size());
  for (const store::LogEntry& entry : entries)
    out.push_back({entry.id, entry.time_ns / 1'000'000,
                   entry.severity == journal::Severity::error     ? widgets::LogLevel::error
                   : entry.severity == journal::Severity::warning ? widgets::LogLevel::warning
                                                                  : widgets::LogLevel::info,
                   q(entry.text)});
  return out;
}

}  // namespace athanor::app
