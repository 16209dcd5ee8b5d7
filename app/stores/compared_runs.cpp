#include "app/stores/compared_runs.h"

#include <algorithm>
#include <set>
#include <utility>

namespace athanor::app {

using namespace Qt::Literals::StringLiterals;

std::vector<store::RunId> ComparedRuns::ids() const {
  std::vector<store::RunId> ids;
  ids.reserve(all_.size());
  for (const ComparedRun& each : all_) ids.push_back(each.run);
  return ids;
}

const ComparedRun* ComparedRuns::find(store::RunId run) const {
  const auto found = places_.find(run);
  return found == places_.end() ? nullptr : &all_[found->second];
}

void ComparedRuns::number() {
  places_.clear();
  for (std::size_t i = 0; i < all_.size(); ++i) places_[all_[i].run] = i;
  if (!places_.contains(baseline_)) baseline_ = 0;
}

void ComparedRuns::set(const std::vector<store::RunId>& runs) {
  std::vector<ComparedRun> before = std::exchange(all_, {});
  std::set<store::RunId> wanted(runs.begin(), runs.end());
  for (const ComparedRun& each : before)
    if (wanted.contains(each.run)) all_.push_back(each);
  number();
  int colour = 0;
  std::set<int> taken;
  for (const ComparedRun& each : all_) taken.insert(each.colour);
  for (const store::RunId run : runs) {
    if (places_.contains(run)) continue;
    while (taken.contains(colour)) ++colour;
    places_[run] = all_.size();
    all_.push_back({run, colour++});
  }
  // In the order asked for.
  std::vector<ComparedRun> ordered;
  for (const store::RunId run : runs)
    if (wanted.erase(run) > 0) ordered.push_back(all_[places_.at(run)]);
  all_ = std::move(ordered);
  number();
  Q_EMIT runs_changed();
  Q_EMIT looks_changed();
}

void ComparedRuns::add(const std::vector<store::RunId>& runs) {
  std::vector<store::RunId> wanted = ids();
  wanted.insert(wanted.end(), runs.begin(), runs.end());
  set(wanted);
}

void ComparedRuns::remove(const std::vector<store::RunId>& runs) {
  const std::set<store::RunId> leaving(runs.begin(), runs.end());
  const auto gone = std::erase_if(all_, [&](const ComparedRun& each) { return leaving.contains(each.run); });
  if (gone == 0) return;
  number();
  Q_EMIT runs_changed();
  Q_EMIT looks_changed();
}

void ComparedRuns::set_baseline(store::RunId run) {
  const store::RunId wanted = places_.contains(run) ? run : 0;
  if (wanted == std::exchange(baseline_, wanted)) return;
  Q_EMIT looks_changed();
}

void ComparedRuns::set_visible(const std::vector<store::RunId>& runs, bool visible) {
  bool changed = false;
  for (const store::RunId run : runs) {
    const auto found = places_.find(run);
    if (found == places_.end()) continue;
    changed |= std::exchange(all_[found->second].visible, visible) != visible;
  }
  if (changed) Q_EMIT looks_changed();
}

QStringList ComparedRuns::texts() const {
  QStringList texts;
  for (const ComparedRun& each : all_) {
    QString text = u"%1 %2"_s.arg(each.run).arg(each.colour);
    if (!each.visible) text += u" hidden"_s;
    if (each.run == baseline_) text += u" baseline"_s;
    texts << text;
  }
  return texts;
}

void ComparedRuns::restore(const QStringList& texts) {
  all_.clear();
  places_.clear();
  baseline_ = 0;
  store::RunId baseline = 0;
  for (const QString& text : texts) {
    const QStringList words = text.split(u' ');
    const store::RunId run = words.value(0).toLongLong();
    if (run <= 0 || places_.contains(run)) continue;
    places_[run] = all_.size();
    all_.push_back({run, std::max(0, words.value(1).toInt()), !words.contains(u"hidden"_s)});
    if (words.contains(u"baseline"_s)) baseline = run;
  }
  baseline_ = baseline;
  number();
  Q_EMIT runs_changed();
  Q_EMIT looks_changed();
}

}  // namespace athanor::app
