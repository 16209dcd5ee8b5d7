// What is typed into the search line above the runs, as a question to each of them. Values; any thread.
#pragma once

#include "core/store/types.h"

#include <QString>

#include <string>
#include <vector>

namespace athanor::app {

// Words that must all be found in name, number, tags, state, note or model, ignoring case. "is:live", "is:failed",
// "is:pinned" narrow by state.
class RunSearch {
 public:
  RunSearch() = default;
  explicit RunSearch(const QString& typed);
  [[nodiscard]] bool is_empty() const { return words_.empty(); }
  [[nodiscard]] bool matches(const store::Run& run) const;

 private:
  [[nodiscard]] bool has(const store::Run& run, const QString& word) const;
  std::vector<QString> words_;
};

}  // namespace athanor::app
