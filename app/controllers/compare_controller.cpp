#include "app/controllers/compare_controller.h"

#include "app/settings/settings.h"

#include <algorithm>
#include <utility>

namespace athanor::app {
namespace {

constexpr std::size_t kFirstMetrics = 4;
constexpr int kNamesPauseMs = 2000;

// What people look at first.
int rank_of(const std::string& metric) {
  constexpr std::string_view kFirst[] = {"train/loss", "eval/loss", "eval/t2i_r1", "eval/i2t_r1", "eval/accuracy"};
  const auto found = std::ranges::find(kFirst, metric);
  if (found != std::end(kFirst)) return static_cast<int>(found - std::begin(kFirst));
  if (metric.starts_with("eval/")) return 10;
  return metric.starts_with("train/") ? 20 : 30;
}

}  // namespace

CompareController::CompareController(HistoryReader* reader, AgentLink* link, RunStore* runs, FigureStore* figures,
                                     Settings* settings, QObject* parent)
    : QObject(parent), reader_(reader), runs_(runs), figures_(figures), settings_(settings) {
  compared_.restore(settings_->value(Setting::compared_runs).toStringList());
  for (const QString& name : settings_->value(Setting::compared_metrics).toStringList()) metrics_.push_back(s(name));
  chosen_ = !metrics_.empty();
  const auto name = [this] { labels_ = RunLabels(*runs_, compared_.ids()); };
  name();
  connect(&compared_, &ComparedRuns::runs_changed, this, name);
  connect(runs_, &RunStore::changed, this, name);
  connect(&compared_, &ComparedRuns::looks_changed, this, [this] { keep(); });
  connect(&compared_, &ComparedRuns::runs_changed, this, [this] {
    is_read_ = false;
    read_runs();
  });
  connect(runs_, &RunStore::applied, this, [this] { leave_deleted(); });
  connect(link, &AgentLink::changed, this, [this](const std::vector<agent::Change>& changes) { tell_grown(changes); });
  connect(reader_, &HistoryReader::committed, this, [this] {
    std::vector<store::RunId> live;
    for (const ComparedRun& each : compared_.all())
      if (const store::Run* run = runs_->find(each.run); run && store::is_live(run->status)) live.push_back(each.run);
    note_grown(live);
  });
  names_pause_.setSingleShot(true);
  names_pause_.setInterval(kNamesPauseMs);
  connect(&names_pause_, &QTimer::timeout, this, [this] { read_runs(); });
  read_runs();
}

void CompareController::keep() { settings_->set(Setting::compared_runs, compared_.texts()); }

// A run that was deleted leaves the comparison; it is not looked for before the runs are known.
void CompareController::leave_deleted() {
  if (!runs_->is_loaded()) return;
  std::vector<store::RunId> gone;
  for (const ComparedRun& each : compared_.all())
    if (!runs_->find(each.run)) gone.push_back(each.run);
  compared_.remove(gone);
}

void CompareController::set_metrics(std::vector<std::string> metrics) {
  if (metrics == metrics_) return;
  metrics_ = std::move(metrics);
  chosen_ = !metrics_.empty();
  QStringList names;
  for (const std::string& name : metrics_) names << q(name);
  settings_->set(Setting::compared_metrics, names);
  if (!chosen_) choose_metrics();
  Q_EMIT metrics_changed();
}

const CompareController::RecipeFields* CompareController::fields(store::RunId run) const {
  const auto found = known_.fields.find(run);
  return found == known_.fields.end() ? nullptr : &found->second;
}

RunMatrix CompareController::matrix(bool only_shown) const {
  std::vector<NamedMetric> metrics;
  for (const std::string& name : metrics_) metrics.emplace_back(name, &figures_->metric(name));
  std::vector<store::RunId> ids;
  for (const ComparedRun& each : compared_.all())
    if (each.visible || !only_shown) ids.push_back(each.run);
  return matrix_of(
      ids, [this](store::RunId run) { return fields(run); }, metrics);
}

void CompareController::read_runs() {
  reader_->ask<Known>(
      this, QStringLiteral("compare/runs"),
      [ids = compared_.ids()](store::Reader& reader) -> Result<Known> {
        Known known;
        auto fields = reader.settings(ids);
        if (!fields) return tl::unexpected<Error>(fields.error());
        for (std::size_t i = 0; i < ids.size(); ++i) {
          known.fields[ids[i]] = std::move((*fields)[i]);
          auto names = reader.metric_names(ids[i]);
          if (!names) return tl::unexpected<Error>(names.error());
          for (const std::string& name : *names) ++known.metric_counts[name];
        }
        return known;
      },
      [this](Result<Known> known) {
        if (!known) Q_EMIT notice(notice_of(known.error()));
        take(known ? std::move(*known) : Known());
      });
}

void CompareController::want_boards(store::RunId shown, store::RunId against) {
  reader_->ask<Boards>(
      this, QStringLiteral("compare/boards"),
      [shown, against](store::Reader& reader) -> Result<Boards> {
        Boards boards{shown, against, {}, {}};
        for (const auto& [run, samples] : {std::pair(shown, &boards.shown), std::pair(against, &boards.against)}) {
          auto steps = reader.retrieval_steps(run);
          if (!steps) return tl::unexpected<Error>(steps.error());
          if (steps->empty()) continue;
          auto newest = reader.retrieval(run, steps->back());
          if (!newest) return tl::unexpected<Error>(newest.error());
          *samples = std::move(*newest);
        }
        return boards;
      },
      [this](Result<Boards> boards) {
        if (!boards) Q_EMIT notice(notice_of(boards.error()));
        boards_ = boards ? std::move(*boards) : Boards();
        Q_EMIT boards_changed();
      });
}

void CompareController::take(Known known) {
  if (std::exchange(is_read_, true) && known == known_) return;  // a run went on, and measured nothing new
  known_ = std::move(known);
  const auto before = metrics_;
  if (!chosen_) choose_metrics();
  Q_EMIT read();
  if (metrics_ != before) Q_EMIT metrics_changed();
}

void CompareController::choose_metrics() {
  std::vector<std::string> names;
  for (const auto& [name, count] : known_.metric_counts)
    if (rank_of(name) < 20) names.push_back(name);
  std::ranges::stable_sort(names, [this](const std::string& a, const std::string& b) {
    return std::pair(rank_of(a), -known_.metric_counts.at(a)) < std::pair(rank_of(b), -known_.metric_counts.at(b));
  });
  if (names.size() > kFirstMetrics) names.resize(kFirstMetrics);
  metrics_ = std::move(names);
}

void CompareController::tell_grown(const std::vector<agent::Change>& changes) {
  std::vector<store::RunId> grown;
  for (const agent::Change& change : changes)
    if (change.what == agent::Change::What::metrics && compared_.find(change.run)) grown.push_back(change.run);
  note_grown(grown);
}

// A run that goes on may have metrics that it had not before.
void CompareController::note_grown(const std::vector<store::RunId>& runs) {
  if (runs.empty()) return;
  Q_EMIT grew(runs);
  if (!names_pause_.isActive()) names_pause_.start();
}

}  // namespace athanor::app
