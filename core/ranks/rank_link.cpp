#include "core/ranks/rank_link.h"

#include "core/base/digest.h"
#include "core/base/files.h"

#include <chrono>
#include <thread>
#include <unistd.h>
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

// Of a loss that was followed by another one before the ranks worked again.
GroupNotice joined(const GroupNotice& first, GroupNotice next) {
  next.cause = first.cause + "; " + next.cause;
  if (first.lost >= 0) next.lost = first.lost;
  next.ranks_before = first.ranks_before;
  next.last_sign_ns = first.last_sign_ns;
  next.noticed_ns = first.noticed_ns;
  return next;
}

}  // namespace

RankLink::RankLink(RankPlace place, const SoundRecipe& sound, std::function<bool()> stops,
                   std::function<void(comm::Stamp&)> damage)
    : place_(std::move(place)),
      digest_(sha256_hex(recipe::to_toml(sound.recipe, recipe::Detail::everything))),
      stops_(std::move(stops)),
      damage_(std::move(damage)),
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

// Who is asked to stop meets the others again all the same, so that they can keep what they have learnt; not where
// nobody is left who would call them together.
bool RankLink::is_given_up() const {
  const bool learnt_nothing = !has_worked_ && !takes_over();
  return (learnt_nothing && stops_()) || ::getppid() != place_.parent || is_there(over_file(place_.meeting)) ||
         !is_there(place_.meeting);
}

std::string RankLink::why_over() const { return read_file(over_file(place_.meeting)).value_or(""); }

void RankLink::begin_pause() { group_->world().set_timeout(kMeeting); }

void RankLink::begin_work(std::int64_t done) {
  has_worked_ = true;
  is_recovering_ = false;
  group_->world().set_timeout(deadline_);
  if (group_->world().rank() == 0) (void)write_file_atomically(reached_file(place_.meeting), std::to_string(done));
}

void RankLink::join() {
  GroupNotice notice = value_or_throw(read_notice(place_.meeting, epoch_));
  if (is_recovering_) notice = joined(notice_, std::move(notice));
  is_recovering_ = notice.ranks_before > 0;
  notice_ = std::move(notice);
  if (notice_.place_of(place_.rank) < 0)
    throw Failure(ErrorKind::unavailable, "go on with the other ranks", "they go on without this one: " + notice_.cause,
                  "see the log of the run");
  group_ = comm::join_processes(
      group_folder(place_.meeting, epoch_), static_cast<int>(notice_.members.size()), notice_.place_of(place_.rank),
      {.timeout = kMeeting,
       .digest = digest_,
       .given_up = [this] { return is_given_up() || is_there(group_folder(place_.meeting, epoch_ + 1)); },
       .damage = damage_});
  joined_ns_ = steady_now_ns();
}

}  // namespace athanor::runner
