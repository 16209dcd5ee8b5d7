#include "core/runner/rank_link.h"

#include "core/assembly/assembly.h"
#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/runner/interrupt.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

// Until all ranks have come and agreed: one may still be reading data, evaluating or saving. A rank that is lost
// meanwhile ends the wait.
constexpr std::chrono::minutes kMeeting{60};
constexpr std::chrono::milliseconds kGlance{2};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

fs::path group_folder(const fs::path& meeting, int epoch) { return meeting / fmt::format("e{}", epoch); }
fs::path over_file(const fs::path& meeting) { return meeting / "over"; }

fs::path reached_file(const fs::path& meeting) { return meeting / "reached"; }

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
  while (!is_given_up()) {
    if (is_there(group_folder(place_.meeting, epoch_ + 1))) return true;
    std::this_thread::sleep_for(kGlance);
  }
  return false;
}

bool RankLink::is_given_up() const {
  return stop_requested() || is_there(over_file(place_.meeting)) || !is_there(place_.meeting);
}

void RankLink::begin_work(std::int64_t done) {
  group_->world().set_timeout(deadline_);
  if (place_.rank == 0) (void)write_file_atomically(reached_file(place_.meeting), std::to_string(done));
}

void RankLink::join() {
  group_ = comm::join_processes(group_folder(place_.meeting, epoch_), size_, place_.rank,
                                {.timeout = kMeeting, .digest = digest_, .given_up = [this] {
                                   return is_given_up() || is_there(group_folder(place_.meeting, epoch_ + 1));
                                 }});
}

}  // namespace athanor::runner
