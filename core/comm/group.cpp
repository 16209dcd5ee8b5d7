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

// What ranks of this host say of themselves is in `folder` while they meet.
std::unique_ptr<Group> join(const std::shared_ptr<Connector>& connector, const fs::path& folder, int size, int rank,
                            const GroupOptions& options) {
  const fs::path file = folder / "board";
  auto board = std::make_shared<Board>(Region::of_file(file, Board::bytes_for(size)), size, rank);
  auto world = make_host_communicator({connector, board}, "world", everyone(size), rank, options.timeout);
  check_digests(*world, options.digest);
  std::error_code ignored;
  fs::remove(file, ignored);  // all have it; nothing is left in the folder
  return std::make_unique<Group>(std::move(board), std::move(world));
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
  return join(connect_processes(folder), folder, size, rank, options);
}

std::unique_ptr<Group> join_hosts(const Network& network, const fs::path& folder, const std::vector<std::string>& hosts,
                                  int rank, const GroupOptions& options) {
  return join(connect_hosts(network, folder, hosts), folder, static_cast<int>(hosts.size()), rank, options);
}

}  // namespace athanor::comm
