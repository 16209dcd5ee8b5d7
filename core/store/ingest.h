// Turns a stretch of a journal into rows. Used inside the writer's transactions; throws SQLite::Exception and Failure.
#pragma once

#include "core/store/series.h"
#include "core/store/span_lanes.h"
#include "core/store/writer.h"

#include <map>
#include <string>

namespace athanor::store {

class Connection;

// Series and spans that were touched lately, so that a live run does not load their tails at every commit. Cleared when
// a transaction fails, since it then says more than the store.
class SeriesCache {
 public:
  Series& at(Connection& connection, RunId run, const std::string& name);
  RankSpans& spans(Connection& connection, RunId run, int rank);
  void flush(Connection& connection, RunId run);
  void cut(Connection& connection, RunId run, std::int64_t step);
  // Packs the rows of a run that has ended and lets go of its series.
  void pack(Connection& connection, RunId run);
  void forget(RunId run) {
    runs_.erase(run);
    spans_.erase(run);
  }
  void clear() {
    runs_.clear();
    spans_.clear();
  }

 private:
  void load_all(Connection& connection, RunId run);
  std::map<RunId, std::map<std::string, Series, std::less<>>> runs_;
  std::map<RunId, std::map<int, RankSpans>> spans_;  // by rank
};

void note_damage(Connection& connection, RunId run, const JournalDamage& damage);
Touched ingest(Connection& connection, SeriesCache& cache, const Stretch& stretch);

}  // namespace athanor::store
