// Queries with their best answers at one evaluation, beside those of an earlier one: values, ranks and order. Pure.
#pragma once

#include <QString>

#include <cstdint>
#include <optional>
#include <vector>

namespace athanor::widgets {

struct BoardAnswer {
  std::int64_t id = 0;
  QString label;
  QString picture;  // key for the picture source; empty for a text
  double score = 0;
  [[nodiscard]] bool operator==(const BoardAnswer&) const = default;
};

struct BoardQuery {
  std::int64_t id = 0;
  bool text_query = true;  // a text asks for pictures; otherwise a picture asks for texts
  QString label;
  QString picture;
  std::int64_t truth_rank = 0;  // 1 is best
  std::int64_t gallery_size = 0;
  std::vector<BoardAnswer> answers;  // best first
  std::optional<std::int64_t> earlier_rank;
  std::vector<BoardAnswer> earlier_answers;  // empty: nothing to compare with
  QString earlier_name{};                    // whose they are; empty: of the same thing, before
  [[nodiscard]] bool operator==(const BoardQuery&) const = default;
};

enum class BoardOrder { as_given, regressions_first, best_first, worst_first };

// By how many places the truth fell; negative when it rose. Zero when there is nothing to compare with.
[[nodiscard]] std::int64_t rank_fall(const BoardQuery& query);
// Stable: queries that compare equal keep their order.
[[nodiscard]] std::vector<BoardQuery> ordered(std::vector<BoardQuery> queries, BoardOrder order);
// Attaches the ranks and answers of `earlier` to the queries of the same id and direction; `name` says whose they are.
[[nodiscard]] std::vector<BoardQuery> compared(std::vector<BoardQuery> now, const std::vector<BoardQuery>& earlier,
                                               const QString& name = {});

}  // namespace athanor::widgets
