#include "app/models/run_labels.h"

#include "app/feedback/notice.h"

#include <QCoreApplication>

#include <map>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

struct RunLabelWords {
  Q_DECLARE_TR_FUNCTIONS(athanor::app::RunLabels)
};

}  // namespace

RunLabels::RunLabels(const RunStore& runs, const std::vector<store::RunId>& of) {
  std::map<std::string, int> counts;
  for (const store::RunId id : of)
    if (const store::Run* run = runs.find(id)) ++counts[run->name];
  for (const store::RunId id : of) {
    const store::Run* run = runs.find(id);
    if (!run) continue;
    labels_[id] = counts.at(run->name) > 1 ? u"%1 · %2"_s.arg(q(run->name)).arg(id) : q(run->name);
  }
}

QString RunLabels::of(store::RunId run) const {
  const auto found = labels_.find(run);
  return found == labels_.end() ? RunLabelWords::tr("No. %1").arg(run) : found->second;
}

}  // namespace athanor::app
