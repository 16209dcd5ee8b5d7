// What is typed above the runs, as a question to each of them: words to be found, or a query (core/query). What cannot
// be understood asks nothing and says why. The stores are not owned and outlive it. GUI thread only.
#pragma once

#include "app/models/run_query_table.h"
#include "core/query/query.h"

#include <QString>

#include <memory>
#include <optional>

namespace athanor::app {

class RunQuery {
 public:
  RunQuery() = default;  // every run
  RunQuery(const QString& typed, const RunStore* runs, FigureStore* figures);

  [[nodiscard]] bool matches(std::size_t row) const { return !filter_ || filter_->matches(row); }
  // Before rows are asked again.
  void set_now(double now_s) {
    if (filter_) filter_->set_now(now_s);
  }
  [[nodiscard]] const query::Faults& faults() const { return faults_; }

 private:
  std::unique_ptr<RunQueryTable> table_;  // before the filter that is bound to it
  std::optional<query::Filter> filter_;
  query::Faults faults_;
};

}  // namespace athanor::app
