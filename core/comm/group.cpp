#include "core/comm/group.h"

#include "core/comm/host_communicator.h"
#include "core/comm/memory_transport.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

namespace athanor::comm {
namespace fs = std::filesystem;
namespace {

std::vector<int> everyone(int size) {
  std::vector<int> ranks(static_cast<std::size_t>(size));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

// Each compares all with rank 0's, so that every rank says the same.
void check_digests(Communicator& world, const std::string& digest) {
  constexpr std::size_t kLongest = 64;
  std::array<char, kLongest> mine{};
  std::memcpy(mine.data(), digest.data(), std::min(digest.size(), kLongest));
  std::vector<char> all(kLongest * static_cast<std::size_t>(world.size()));
  const auto as_view = [](char* data, std::size_t bytes) {
    return View(data, DType::u8, Shape{static_cast<std::int64_t>(bytes)});
  };
  world.all_gather(as_view(mine.data(), kLongest), as_view(all.data(), all.size()));
  for (int rank = 1; rank < world.size(); ++rank) {
    if (std::memcmp(all.data(), all.data() + kLongest * static_cast<std::size_t>(rank), kLongest) == 0) continue;
    throw Failure(ErrorKind::invalid_input, "join the group",
                  fmt::format("rank {} comes with another recipe than rank 0", rank),
                  "start all ranks with the same recipe");
  }
}

}  // namespace

void run_threads(int size, const GroupOptions& options, const std::function<void(Group&)>& work) {
  const auto region = Region::of_process(Board::bytes_for(size));
  const std::shared_ptr<Connector> connector = connect_threads();
  std::mutex mutex;
  std::exception_ptr first;
  const auto note = [&](const std::exception_ptr& failure) {
    const std::lock_guard lock(mutex);
    if (!first) first = failure;
  };
  std::vector<std::jthread> ranks;
  for (int rank = 0; rank < size; ++rank) {
    ranks.emplace_back([&, rank] {
      try {
        auto board = std::make_shared<Board>(region, size, rank);
        Group group(board, make_host_communicator({connector, board}, "world", everyone(size), rank, options.timeout));
        try {
          work(group);
        } catch (const std::exception& exception) {
          note(std::current_exception());
          group.world().cancel(fmt::format("rank {} has failed: {}", rank, exception.what()));
        }
      } catch (...) {
        note(std::current_exception());
      }
    });
  }
  ranks.clear();
  if (first) std::rethrow_exception(first);
}

std::unique_ptr<Group> join_processes(const fs::path& folder, int size, int rank, const GroupOptions& options) {
  const std::shared_ptr<Connector> connector = connect_processes(folder);
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  const fs::path file = folder / "board";
  auto region = rank == 0 ? Region::create(file, Board::bytes_for(size)) : nullptr;
  while (!region && !(region = Region::open(file, Board::bytes_for(size)))) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw Failure(ErrorKind::communication, "join the group", "rank 0 has not come in time", "see the log of rank 0");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  auto board = std::make_shared<Board>(region, size, rank);
  auto world = make_host_communicator({connector, board}, "world", everyone(size), rank, options.timeout);
  check_digests(*world, options.digest);
  std::error_code ignored;
  if (rank == 0) fs::remove(file, ignored);  // all have it; nothing is left in the folder
  return std::make_unique<Group>(std::move(board), std::move(world));
}

}  // namespace athanor::comm
