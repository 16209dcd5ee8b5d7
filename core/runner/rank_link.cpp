#include "core/runner/rank_link.h"

#include "core/assembly/assembly.h"
#include "core/base/digest.h"
#include "core/base/files.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

// Until all ranks have come for the first time: rank 0 measures and predicts before.
constexpr std::chrono::minutes kFirstMeeting{10};
// Until the one that takes over has come, or the one that starts ranks has found it lost as well.
constexpr std::chrono::seconds kNextMeeting{30};
constexpr std::chrono::milliseconds kGlance{2};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

fs::path group_folder(const fs::path& meeting, int epoch) { return meeting / fmt::format("e{}", epoch); }
fs::path over_file(const fs::path& meeting) { return meeting / "over"; }

fs::path left_file(const fs::path& meeting, int epoch, int rank) {
  return meeting / fmt::format("left-e{}-{}", epoch, rank);
}

RankLink::RankLink(RankPlace place, const SoundRecipe& sound)
    : place_(std::move(place)),
      size_(parallel::world_size(mesh_of(sound.recipe))),
      digest_(sha256_hex(recipe::to_toml(sound.recipe, recipe::Detail::everything))),
      deadline_(sound.recipe.integer("parallel.deadline")),
      epoch_(place_.epoch) {
  try {
    join();
  } catch (const Failure& failure) {
    if (failure.error().kind != ErrorKind::communication || !regroup()) throw;
  }
}

bool RankLink::regroup() {
  group_.reset();
  while (wait_for_next()) {
    ++epoch_;
    try {
      join();
      return true;
    } catch (const Failure& failure) {
      if (failure.error().kind != ErrorKind::communication) throw;  // another one was lost on the way: once more
    }
  }
  return false;
}

bool RankLink::wait_for_next() const {
  (void)write_file_atomically(left_file(place_.meeting, epoch_, place_.rank), "");  // unsaid, the wait is longer
  const auto give_up = std::chrono::steady_clock::now() + kNextMeeting;
  while (std::chrono::steady_clock::now() < give_up) {
    if (is_there(group_folder(place_.meeting, epoch_ + 1))) return true;
    if (is_there(over_file(place_.meeting)) || !is_there(place_.meeting)) return false;
    std::this_thread::sleep_for(kGlance);
  }
  return false;
}

void RankLink::join() {
  std::chrono::milliseconds timeout = kFirstMeeting;
  if (epoch_ > 0) timeout = kNextMeeting;
  group_ = comm::join_processes(group_folder(place_.meeting, epoch_), size_, place_.rank,
                                {.timeout = timeout, .digest = digest_, .given_up = [this] {
                                   return is_there(group_folder(place_.meeting, epoch_ + 1)) ||
                                          is_there(over_file(place_.meeting));
                                 }});
  group_->world().set_timeout(deadline_);
}

}  // namespace athanor::runner
