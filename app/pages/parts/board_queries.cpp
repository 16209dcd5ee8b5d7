#include "app/pages/parts/board_queries.h"

#include "app/feedback/notice.h"

#include <utility>

namespace athanor::app {

std::vector<widgets::BoardQuery> board_queries(const std::vector<journal::RetrievalSample>& samples,
                                               const QString& before) {
  const auto key = [&](const std::string& picture) { return picture.empty() ? QString() : before + q(picture); };
  std::vector<widgets::BoardQuery> out;
  for (const journal::RetrievalSample& sample : samples) {
    widgets::BoardQuery query;
    query.id = sample.query_id;
    query.text_query = sample.text_to_image;
    query.label = q(sample.query_label);
    query.picture = key(sample.query_picture);
    query.truth_rank = sample.truth_rank;
    query.gallery_size = sample.gallery_size;
    for (const journal::RetrievalHit& hit : sample.top)
      query.answers.push_back({hit.id, q(hit.label), key(hit.picture), hit.score});
    out.push_back(std::move(query));
  }
  return out;
}

}  // namespace athanor::app
