#include "core/distributed/node_exchange.h"

#include "core/distributed/rank_numbers.h"

#include <algorithm>
#include <utility>

namespace athanor::distributed {
namespace {

// What changes no number that it is added to, whatever its sign.
constexpr float kNothing = -0.0F;

View view_of(std::span<float> numbers) {
  return {numbers.data(), DType::f32, Shape{static_cast<std::int64_t>(numbers.size())}};
}

void add_to(std::span<float> sum, std::span<const float> addend) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += addend[i];
}

}  // namespace

NodeExchange::NodeExchange(comm::Communicator& ranks, std::span<const train::MicroBatches> shares) : ranks_(ranks) {
  for (const train::MicroBatches& each : shares) {
    nodes_.push_back(train::nodes_of(each));
    most_ = std::max(most_, nodes_.back().size());
  }
}

Tensor NodeExchange::add(Context& context, std::vector<Tensor> parts) {
  const auto found = std::ranges::find_if(parts, [](const Tensor& part) { return part.present(); });
  if (found == parts.end()) return {};
  const Tensor sum = *found;
  numbers_ += sum.numel();
  bucket_.push_back({std::move(parts), sum});
  if (numbers_ >= kBucketNumbers) exchange(context);
  return sum;
}

void NodeExchange::finish(Context& context) {
  if (!bucket_.empty()) exchange(context);
}

void NodeExchange::exchange(Context& context) {
  const auto ranks = static_cast<std::size_t>(ranks_.size());
  const std::size_t each = (static_cast<std::size_t>(numbers_) + ranks - 1) / ranks;
  sent_.assign(ranks * most_ * each, kNothing);
  received_.resize(sent_.size());
  for (std::size_t node = 0; node < nodes_[static_cast<std::size_t>(ranks_.rank())].size(); ++node) {
    std::size_t at = 0;  // among the bucket's numbers, of which each replica has a piece
    for (const Member& member : bucket_) {
      const auto count = static_cast<std::size_t>(member.sum.numel());
      if (const Tensor& part = member.parts[node]; part.present()) {
        RankNumbers host(context, part);
        const std::span<const float> numbers = host.span<float>();
        for (std::size_t i = 0; i < count; ++i)
          sent_[((at + i) / each * most_ + node) * each + (at + i) % each] = numbers[i];
      }
      at += count;
    }
  }
  ranks_.all_to_all(view_of(sent_), view_of(received_));
  const std::span<float> own = combine(static_cast<std::int64_t>(each));
  whole_.resize(ranks * each);
  ranks_.all_gather(view_of(own), view_of(whole_));
  auto from = whole_.begin();
  for (const Member& member : bucket_) {
    RankNumbers numbers(context, member.sum);
    std::copy_n(from, member.sum.numel(), numbers.span<float>().begin());
    from += member.sum.numel();
    numbers.write_back();
  }
  bucket_.clear();
  numbers_ = 0;
}

std::span<float> NodeExchange::combine(std::int64_t each) {
  struct Sum {
    train::SumNode place;
    std::span<float> numbers;
  };
  std::vector<Sum> sums;
  const auto add_last = [&sums] {
    add_to(sums[sums.size() - 2].numbers, sums.back().numbers);
    sums.pop_back();
  };
  const auto count = static_cast<std::size_t>(each);
  for (std::size_t rank = 0; rank < nodes_.size(); ++rank)
    for (std::size_t node = 0; node < nodes_[rank].size(); ++node) {
      sums.push_back({nodes_[rank][node], std::span(received_).subspan((rank * most_ + node) * count, count)});
      while (sums.size() > 1 && sums[sums.size() - 2].place.joins(sums.back().place)) {
        add_last();
        sums.back().place = sums.back().place.joined();
      }
    }
  while (sums.size() > 1) add_last();
  return sums.front().numbers;
}

}  // namespace athanor::distributed
