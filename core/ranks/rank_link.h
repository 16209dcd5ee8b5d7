// What ties a rank to the others of its run. It outlives their groups: where one of them is lost, those that are left
// meet again, with the process that takes its place or without it. The one that starts the ranks
// says when and where (meeting_place.h).
#pragma once

#include "core/assembly/recipe_input.h"
#include "core/comm/group.h"
#include "core/ranks/meeting_place.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace athanor::runner {

class RankLink {
 public:
  // Joins the group of the place's epoch, or of a later one. `stops` says whether a stop was asked for, `damage` is
  // that of comm::GroupOptions. Throws Failure as comm::join_processes() does.
  RankLink(RankPlace place, const SoundRecipe& sound, std::function<bool()> stops,
           std::function<void(comm::Stamp&)> damage = {});

  [[nodiscard]] comm::Group& group() noexcept { return *group_; }
  // As it was numbered at the beginning; in a group that others have left for good it may be a lower one.
  [[nodiscard]] int rank() const noexcept { return place_.rank; }
  // Whether this process takes the place of one that was lost: the others know more than it does.
  [[nodiscard]] bool takes_over() const noexcept { return place_.epoch > 0; }
  [[nodiscard]] const std::filesystem::path& meeting() const noexcept { return place_.meeting; }
  // Why the group it is in follows the one in which the ranks last worked, and when all of it had come (steady clock).
  [[nodiscard]] const GroupNotice& notice() const noexcept { return notice_; }
  [[nodiscard]] std::int64_t joined_ns() const noexcept { return joined_ns_; }
  // Leaves the group, which is at its end, and joins the next one. False when there is none, or a stop was asked for
  // before there was anything to lose. Nothing that refers to the group may be left.
  [[nodiscard]] bool regroup();
  // Why there is no other group, where that is known.
  [[nodiscard]] std::string why_over() const;
  // Ranks do now what takes some of them much longer than others; until begin_work().
  void begin_pause();
  // All ranks of the group have one state, that after `done` steps: from now on the recipe's deadline holds, and of
  // rank 0 it is noted that this was reached.
  void begin_work(std::int64_t done);

 private:
  [[nodiscard]] bool wait_for_next() const;
  [[nodiscard]] bool is_given_up() const;
  void join();

  RankPlace place_;
  std::string digest_;
  std::function<bool()> stops_;
  std::function<void(comm::Stamp&)> damage_;
  std::chrono::seconds deadline_;  // of each exchange
  int epoch_;
  bool has_worked_ = false;
  bool is_recovering_ = false;  // since a group came to its end, and until the ranks work again
  GroupNotice notice_;
  std::int64_t joined_ns_ = 0;
  std::unique_ptr<comm::Group> group_;
};

}  // namespace athanor::runner
