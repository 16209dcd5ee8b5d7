#include "app/models/run_search.h"

#include "app/models/run_words.h"

#include <algorithm>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

bool is_in(const std::string& text, const QString& word) {
  return QString::fromStdString(text).contains(word, Qt::CaseInsensitive);
}

bool is_state(const store::Run& run, const QString& state) {
  if (state.compare("live"_L1, Qt::CaseInsensitive) == 0) return store::is_live(run.status);
  if (state.compare("pinned"_L1, Qt::CaseInsensitive) == 0) return run.pinned;
  return state.compare(QLatin1StringView(store::to_string(run.status)), Qt::CaseInsensitive) == 0;
}

}  // namespace

RunSearch::RunSearch(const QString& typed) {
  for (const QString& word : typed.split(u' ', Qt::SkipEmptyParts)) words_.push_back(word);
}

bool RunSearch::matches(const store::Run& run) const {
  return std::ranges::all_of(words_, [&](const QString& word) { return has(run, word); });
}

bool RunSearch::has(const store::Run& run, const QString& word) const {
  if (word.startsWith("is:"_L1, Qt::CaseInsensitive)) return is_state(run, word.sliced(3));
  return is_in(run.name, word) || QString::number(run.id).contains(word) ||
         std::ranges::any_of(run.tags, [&](const std::string& tag) { return is_in(tag, word); }) ||
         look_of(run.status).word.contains(word, Qt::CaseInsensitive) || (!run.note.empty() && is_in(run.note, word)) ||
         is_in(run.model, word);
}

}  // namespace athanor::app
