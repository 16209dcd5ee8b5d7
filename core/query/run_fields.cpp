#include "core/query/run_fields.h"

namespace athanor::query {

const std::vector<Column>& run_fields() {
  static const std::vector<Column> fields = {
      {"id", Type::number, Origin::field, "number of the run", true},
      {"name", Type::text, Origin::field, "what the run is called", true},
      {"status", Type::text, Origin::field, "how far it has come: queued, running, finished …", true},
      {"model", Type::text, Origin::field, "what is trained", true},
      {"tag", Type::texts, Origin::field, "its tags; what holds for any of them holds", true},
      {"note", Type::text, Origin::field, "what was noted about it", true},
      {"step", Type::number, Origin::field, "steps that are done", false},
      {"steps", Type::number, Origin::field, "steps that there will be", false},
      {"progress", Type::number, Origin::field, "share of its steps that is done, 0 to 1", false},
      {"created", Type::time, Origin::field, "when it was queued", false},
      {"started", Type::time, Origin::field, "when it began", false},
      {"ended", Type::time, Origin::field, "when it ended", false},
      {"duration", Type::duration, Origin::field, "from its beginning to its end, or to now", false},
      {"parent", Type::number, Origin::field, "number of the run it was forked from", false},
      {"live", Type::truth, Origin::field, "queued, starting, running or stopping", true},
      {"pinned", Type::truth, Origin::field, "pinned in the table of runs", true},
      {"archived", Type::truth, Origin::field, "deleted, but not for ever", true},
      {"cause", Type::text, Origin::field, "why it stopped, failed or broke", false},
  };
  return fields;
}

}  // namespace athanor::query
