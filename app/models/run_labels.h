// What runs are called where several stand together: their names, with their numbers where a name comes twice. A value;
// GUI thread.
#pragma once

#include "app/stores/run_store.h"
#include "core/store/types.h"

#include <QString>

#include <unordered_map>
#include <vector>

namespace athanor::app {

class RunLabels {
 public:
  RunLabels() = default;
  RunLabels(const RunStore& runs, const std::vector<store::RunId>& of);
  [[nodiscard]] QString of(store::RunId run) const;  // its number where nothing else is known of it

 private:
  std::unordered_map<store::RunId, QString> labels_;
};

}  // namespace athanor::app
