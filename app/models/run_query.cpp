#include "app/models/run_query.h"

#include "app/models/run_words.h"

namespace athanor::app {

RunQuery::RunQuery(const QString& typed, const RunStore* runs, FigureStore* figures) {
  if (typed.trimmed().isEmpty()) return;
  table_ = std::make_unique<RunQueryTable>(runs, figures);
  auto compiled = query::Filter::compile(typed.toStdString(), *table_,
                                         {static_cast<double>(wall_now_ns()) * 1e-9, query::Zone::local});
  if (compiled)
    filter_ = std::move(*compiled);
  else
    faults_ = std::move(compiled.error());
}

}  // namespace athanor::app
