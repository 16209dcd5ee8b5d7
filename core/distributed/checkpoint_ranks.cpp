#include "core/distributed/checkpoint_ranks.h"

#include "kernels/base/error.h"

#include <utility>

namespace athanor::distributed {
namespace {

View view_of(std::string& text) { return {text.data(), DType::u8, Shape{static_cast<std::int64_t>(text.size())}}; }

std::vector<std::string> gather(comm::Communicator& ranks, std::string text) {
  auto size = static_cast<std::int64_t>(text.size());
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(ranks.size()));
  ranks.all_gather({&size, DType::i64, Shape{1}}, {sizes.data(), DType::i64, Shape{ranks.size()}});
  if (ranks.rank() != 0) {
    if (size > 0) ranks.send(view_of(text), 0);
    return {};
  }
  std::vector<std::string> out{std::move(text)};
  for (int rank = 1; rank < ranks.size(); ++rank) {
    std::string& other = out.emplace_back(static_cast<std::size_t>(sizes[static_cast<std::size_t>(rank)]), '\0');
    if (!other.empty()) ranks.receive(view_of(other), rank);
  }
  return out;
}

std::string broadcast(comm::Communicator& ranks, std::string text) {
  auto size = static_cast<std::int64_t>(text.size());
  ranks.broadcast({&size, DType::i64, Shape{1}}, 0);
  text.resize(static_cast<std::size_t>(size));
  if (size > 0) ranks.broadcast(view_of(text), 0);
  return text;
}

template <class Work>
auto attempt(Work&& work) -> Result<decltype(work())> {
  try {
    return work();
  } catch (const Failure& failure) {
    return tl::unexpected(failure.error());
  }
}

}  // namespace

checkpoint::Ranks checkpoint_ranks(comm::Communicator& ranks) {
  return {
      .rank = ranks.rank(),
      .count = ranks.size(),
      .gather = [&ranks](std::string text) { return attempt([&] { return gather(ranks, std::move(text)); }); },
      .broadcast = [&ranks](std::string text) { return attempt([&] { return broadcast(ranks, std::move(text)); }); }};
}

}  // namespace athanor::distributed
