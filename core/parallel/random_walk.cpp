#include "core/parallel/random_walk.h"

#include <algorithm>

namespace athanor::parallel::detail {
namespace {

constexpr int kFarthest = 8;            // places that one move goes; near ones are tried more often
constexpr double kCriticalShare = 0.5;  // of the moves

}  // namespace

RandomWalk::RandomWalk(const FlatPipeline& pipeline, Evaluator& evaluator, std::vector<OpId> order, Random random)
    : pipeline_(pipeline),
      evaluator_(evaluator),
      order_(std::move(order)),
      place_(order_.size()),
      makespan_(evaluator.makespan(order_)),
      random_(random) {
  for (std::size_t place = 0; place < order_.size(); ++place)
    place_[static_cast<std::size_t>(order_[place])] = static_cast<std::int32_t>(place);
  critical_.reserve(order_.size());
  find_critical_path();
}

// Back from the op that ends last, through what each op waited for: the op before it on its rank, or one of another
// stage.
void RandomWalk::find_critical_path() {
  const auto& begin = evaluator_.begins();
  OpId last = kNoOp;
  double end = -1;
  for (std::size_t rank = 0; rank < static_cast<std::size_t>(pipeline_.ranks); ++rank) {
    if (pipeline_.first[rank] == pipeline_.first[rank + 1]) continue;
    const OpId op = order_[static_cast<std::size_t>(pipeline_.first[rank + 1] - 1)];
    const double ends = begin[static_cast<std::size_t>(op)] + pipeline_.duration[static_cast<std::size_t>(op)];
    if (ends <= end) continue;
    end = ends;
    last = op;
  }
  critical_.clear();
  for (OpId op = last; op != kNoOp;) {
    const auto at = static_cast<std::size_t>(op);
    const std::int32_t place = place_[at];
    critical_.push_back(place);
    const OpId need = pipeline_.awaited[at];
    double arrival = -1;
    if (need != kNoOp) {
      const auto from = static_cast<std::size_t>(need);
      arrival = begin[from] + pipeline_.duration[from] + pipeline_.travel[at];
    }
    const bool is_first = place == pipeline_.first[static_cast<std::size_t>(pipeline_.rank_of(op))];
    const bool waited = need != kNoOp && arrival >= begin[at];
    op = waited ? need : is_first ? kNoOp : order_[static_cast<std::size_t>(place - 1)];
  }
}

RandomWalk::Move RandomWalk::pick() {
  const bool is_critical = random_.uniform() < kCriticalShare;
  const std::int32_t from =
      is_critical ? critical_[static_cast<std::size_t>(random_.below(static_cast<std::int32_t>(critical_.size())))]
                  : random_.below(static_cast<std::int32_t>(order_.size()));
  const auto rank = static_cast<std::size_t>(pipeline_.rank_of(order_[static_cast<std::size_t>(from)]));
  const auto far = 1 + static_cast<std::int32_t>(random_.uniform() * random_.uniform() * kFarthest);
  const bool earlier = is_critical || random_.uniform() < 0.5;
  return {from, std::clamp(earlier ? from - far : from + far, pipeline_.first[rank], pipeline_.first[rank + 1] - 1)};
}

// Whether the op passes none of its own stage and micro-batch; what it needs of other stages shows in the timing.
bool RandomWalk::is_allowed(const Move& move) const {
  const OpId moved = order_[static_cast<std::size_t>(move.from)] / kFlatKinds;
  const auto [low, high] = std::minmax(move.from, move.to);
  for (std::int32_t place = low; place <= high; ++place)
    if (place != move.from && order_[static_cast<std::size_t>(place)] / kFlatKinds == moved) return false;
  return move.from != move.to;
}

void RandomWalk::apply(const Move& move) {
  const auto at = [this](std::int32_t place) { return order_.begin() + place; };
  if (move.from < move.to)
    std::rotate(at(move.from), at(move.from + 1), at(move.to + 1));
  else
    std::rotate(at(move.to), at(move.from), at(move.from + 1));
}

std::int64_t RandomWalk::run(std::int64_t moves, double enough) {
  std::int64_t timed = 0;
  for (std::int64_t i = 0; i < moves && makespan_ > enough; ++i) {
    const Move move = pick();
    if (!is_allowed(move)) continue;
    apply(move);
    ++timed;
    const double makespan = evaluator_.makespan(order_, makespan_);
    if (makespan == kNever) {
      apply({move.to, move.from});
      continue;
    }
    makespan_ = makespan;
    const auto [low, high] = std::minmax(move.from, move.to);
    for (std::int32_t place = low; place <= high; ++place)
      place_[static_cast<std::size_t>(order_[static_cast<std::size_t>(place)])] = place;
    find_critical_path();
  }
  return timed;
}

}  // namespace athanor::parallel::detail
