#include "app/models/run_wishes.h"

#include "app/models/run_words.h"

#include <QCoreApplication>

namespace athanor::app {
namespace {
struct RunWishes {
  Q_DECLARE_TR_FUNCTIONS(RunWishes)
};
}  // namespace

QString why_not_stop(const store::Run& run) {
  if (!store::is_live(run.status)) return RunWishes::tr("The run is over.");
  return run.status == store::RunStatus::stopping ? RunWishes::tr("The run is stopping.") : QString();
}

QString why_not_resume(const store::Run& run) {
  if (store::is_live(run.status)) return RunWishes::tr("The run is going on.");
  return run.status == store::RunStatus::finished ? RunWishes::tr("The run is finished.") : QString();
}

bool resuming_starts_again(const store::Run& run) { return !store::is_live(run.status) && own_steps(run) <= 0; }

}  // namespace athanor::app
