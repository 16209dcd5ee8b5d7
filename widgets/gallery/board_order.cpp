#include "widgets/gallery/board_order.h"

#include <algorithm>

namespace athanor::widgets {

std::int64_t rank_fall(const BoardQuery& query) {
  return query.earlier_rank ? query.truth_rank - *query.earlier_rank : 0;
}

std::vector<BoardQuery> ordered(std::vector<BoardQuery> queries, BoardOrder order) {
  const auto by = [&](auto key) {
    std::stable_sort(queries.begin(), queries.end(),
                     [&](const BoardQuery& a, const BoardQuery& b) { return key(a) < key(b); });
  };
  switch (order) {
    case BoardOrder::regressions_first: by([](const BoardQuery& q) { return -rank_fall(q); }); break;
    case BoardOrder::best_first: by([](const BoardQuery& q) { return q.truth_rank; }); break;
    case BoardOrder::worst_first: by([](const BoardQuery& q) { return -q.truth_rank; }); break;
    case BoardOrder::as_given: break;
  }
  return queries;
}

std::vector<BoardQuery> compared(std::vector<BoardQuery> now, const std::vector<BoardQuery>& earlier,
                                 const QString& name) {
  for (BoardQuery& query : now) {
    const auto found = std::find_if(earlier.begin(), earlier.end(), [&](const BoardQuery& other) {
      return other.id == query.id && other.text_query == query.text_query;
    });
    if (found == earlier.end()) continue;
    query.earlier_rank = found->truth_rank;
    query.earlier_answers = found->answers;
    query.earlier_name = name;
  }
  return now;
}

}  // namespace athanor::widgets
