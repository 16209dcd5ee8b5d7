#include "widgets/palette/fuzzy_match.h"

namespace athanor::widgets {

std::optional<int> fuzzy_score(const QString& typed, const QString& text) {
  int score = 0;
  qsizetype at = 0;
  qsizetype previous = -2;
  for (const QChar c : typed) {
    if (c.isSpace()) continue;
    // A beginning of a word is preferred over the first place the letter occurs.
    qsizetype found = -1;
    for (qsizetype i = at; i < text.size(); ++i) {
      if (text[i].toCaseFolded() != c.toCaseFolded()) continue;
      const bool start = i == 0 || !text[i - 1].isLetterOrNumber();
      if (i == previous + 1 || start) {
        found = i;
        break;
      }
      if (found < 0) found = i;
    }
    if (found < 0) return std::nullopt;
    const bool start = found == 0 || !text[found - 1].isLetterOrNumber();
    score += found == previous + 1 ? 12 : start ? 10 : 2;
    previous = found;
    at = found + 1;
  }
  return score * 16 - static_cast<int>(std::min<qsizetype>(text.size(), 15));
}

}  // namespace athanor::widgets
