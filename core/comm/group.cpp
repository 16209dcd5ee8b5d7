#include "core/comm/group.h"

#include "core/base/digest.h"
#include "core/comm/memory_transport.h"
#include "core/comm/ordered_communicator.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <cstring>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

namespace athanor::comm {
namespace fs = std::filesystem;
namespace {

constexpr const char* kBoard = "board";

std::vector<int> everyone(int size) {
  std::vector<int> ranks(static_cast<std::size_t>(size));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

// Each compares all with rank 0's, so that every rank says the same.
void check_digests(Communicator& world, const std::string& digest) {
  std::string mine = sha256_hex(digest);  // of one length, whatever they give
  const std::size_t length = mine.size();
  std::vector<char> all(length * static_cast<std::size_t>(world.size()));
  const auto as_view = [](char* data, std::size_t bytes) {
    return View(data, DType::u8, Shape{static_cast<std::int64_t>(bytes)});
  };
  world.all_gather(as_view(mine.data(), length), as_view(all.data(), all.size()));
  for (int rank = 1; rank < world.size(); ++rank) {
    if (std::memcmp(all.data(), all.data() + length * static_cast<std::size_t>(rank), length) == 0) continue;
    throw Failure(ErrorKind::invalid_input, "join the group",
                  fmt::format("rank {} comes with another recipe than rank 0", rank),
                  "start all ranks with the same recipe");
  }
}

void check_place(int size, int rank) {
  if (size >= 1 && rank >= 0 && rank < size) return;
  throw Failure(ErrorKind::invalid_input, "join the group", fmt::format("there is no rank {} of {}", rank, size),
                "count ranks from 0");
}

// Ends the waits of a group that is meeting once it is given up.
class Patience {
 public:
  Patience(Board& board, const std::function<bool()>& given_up) {
    if (!given_up) return;
    watch_ = std::jthread([&board, &given_up](const std::stop_token& stop) {
      for (; !stop.stop_requested(); std::this_thread::sleep_for(kGlance))
        if (given_up()) return board.note_fault("the group was given up before all had come");
    });
  }

 private:
  static constexpr std::chrono::milliseconds kGlance{5};
  std::jthread watch_;
};

class DamagedTransport final : public Transport {
 public:
  DamagedTransport(std::unique_ptr<Transport> carrier, std::function<void(Stamp&)> damage)
      : carrier_(std::move(carrier)), damage_(std::move(damage)) {}
  void exchange(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in,
                Deadline deadline) override {
    Stamp said = stamp;
    damage_(said);
    carrier_->exchange(said, out, in, deadline);
  }
  [[nodiscard]] Traffic traffic() const noexcept override { return carrier_->traffic(); }

 private:
  std::unique_ptr<Transport> carrier_;
  std::function<void(Stamp&)> damage_;
};

class DamagedConnector final : public Connector {
 public:
  DamagedConnector(std::shared_ptr<Connector> connector, std::function<void(Stamp&)> damage)
      : connector_(std::move(connector)), damage_(std::move(damage)) {}
  std::unique_ptr<Transport> connect(const std::string& name, const std::vector<int>& members, int rank,
                                     const std::shared_ptr<Board>& board, Deadline deadline) override {
    return std::make_unique<DamagedTransport>(connector_->connect(name, members, rank, board, deadline), damage_);
  }

 private:
  std::shared_ptr<Connector> connector_;
  std::function<void(Stamp&)> damage_;
};

std::shared_ptr<Connector> damaged(std::shared_ptr<Connector> connector, const GroupOptions& options) {
  if (!options.damage) return connector;
  return std::make_shared<DamagedConnector>(std::move(connector), options.damage);
}

// What ranks of this host say of themselves is in `folder` while they meet.
std::unique_ptr<Group> join(const fs::path& folder, int size, int rank, const GroupOptions& options,
                            const std::function<std::shared_ptr<Connector>(const std::shared_ptr<Board>&)>& connect) {
  struct Unlink {
    fs::path file;
    ~Unlink() {
      std::error_code ignored;
      fs::remove(file, ignored);  // who came has it; nothing is left in the folder
    }
  };
  check_place(size, rank);
  const Unlink unlink{folder / kBoard};
  auto board = std::make_shared<Board>(Region::of_file(unlink.file, Board::bytes_for(size)), size, rank);
  const Patience patience(*board, options.given_up);
  auto world =
      make_communicator({damaged(connect(board), options), board}, "world", everyone(size), rank, options.timeout);
  check_digests(*world, options.digest);
  return std::make_unique<Group>(std::move(board), std::move(world));
}

}  // namespace

Group::Group(std::shared_ptr<Board> board, std::unique_ptr<Communicator> world)
    : board_(std::move(board)), world_(std::move(world)), exceptions_(std::uncaught_exceptions()) {}

Group::~Group() {
  if (std::uncaught_exceptions() == exceptions_) return;
  const int rank = board_->rank();
  board_->note_fault(fmt::format("rank {} has failed in {}; its log says why", rank, board_->where(rank)));
}

void run_threads(int size, const GroupOptions& options, const std::function<void(Group&)>& work) {
  const auto region = Region::of_process(Board::bytes_for(size));
  std::vector<std::shared_ptr<Board>> boards;
  for (int rank = 0; rank < size; ++rank) boards.push_back(std::make_shared<Board>(region, size, rank));
  const std::shared_ptr<Connector> connector = damaged(connect_threads(), options);
  std::mutex mutex;
  std::exception_ptr first;
  const auto note = [&](Board& board, const std::string& what) {
    const std::lock_guard lock(mutex);
    if (!first) first = std::current_exception();
    board.note_fault(fmt::format("rank {} has failed: {}", board.rank(), what));
  };
  const auto run_rank = [&](int rank) {
    const auto board = std::move(boards[static_cast<std::size_t>(rank)]);
    std::unique_ptr<Group> group;  // outlives what its work throws, so that the others see the cause before its end
    try {
      group = std::make_unique<Group>(
          board, make_communicator({connector, board}, "world", everyone(size), rank, options.timeout));
      work(*group);
    } catch (const std::exception& exception) {
      note(*board, exception.what());
    } catch (...) {
      note(*board, "something unknown was thrown");
    }
  };
  std::vector<std::jthread> ranks;
  for (int rank = 0; rank < size; ++rank) ranks.emplace_back(run_rank, rank);
  ranks.clear();
  if (first) std::rethrow_exception(first);
}

std::unique_ptr<Group> join_processes(const fs::path& folder, int size, int rank, const GroupOptions& options) {
  return join(folder, size, rank, options, [&](const auto&) { return connect_processes(folder); });
}

std::unique_ptr<Board> watch_processes(const fs::path& folder, int size) {
  return std::make_unique<Board>(Region::of_file(folder / kBoard, Board::bytes_for(size)), size);
}

std::unique_ptr<Group> join_hosts(const Network& network, const fs::path& folder, const std::vector<std::string>& hosts,
                                  int rank, const GroupOptions& options) {
  return join(folder, static_cast<int>(hosts.size()), rank, options, [&](const std::shared_ptr<Board>& board) {
    return connect_hosts(network, folder, hosts, board, options.timeout);
  });
}

}  // namespace athanor::comm
