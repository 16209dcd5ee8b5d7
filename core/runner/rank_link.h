// What ties a rank to the others of its run. It outlives their groups: where one of them is lost, those that are left
// meet again, with the process that takes its place. The one that starts the ranks (rank_processes.h) says when and
// where, by folders below RankPlace::meeting: e0, e1, … for one group after another, and a file named over when there
// will be no other. Ranks say there when they have left one, so that it is seen who hangs.
#pragma once

#include "core/assembly/recipe_input.h"
#include "core/comm/group.h"
#include "core/runner/commands.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace athanor::runner {

[[nodiscard]] std::filesystem::path group_folder(const std::filesystem::path& meeting, int epoch);
[[nodiscard]] std::filesystem::path over_file(const std::filesystem::path& meeting);
// Holds the steps after which the ranks last began to work together.
[[nodiscard]] std::filesystem::path reached_file(const std::filesystem::path& meeting);
// There once a rank has left the group of an epoch to join the next.
[[nodiscard]] std::filesystem::path left_file(const std::filesystem::path& meeting, int epoch, int rank);

class RankLink {
 public:
  // Joins the group of the place's epoch, or of a later one. Throws Failure as comm::join_processes() does.
  RankLink(RankPlace place, const SoundRecipe& sound);

  [[nodiscard]] comm::Group& group() noexcept { return *group_; }
  [[nodiscard]] int rank() const noexcept { return place_.rank; }
  // Whether this process takes the place of one that was lost: the others know more than it does.
  [[nodiscard]] bool takes_over() const noexcept { return place_.epoch > 0; }
  // Leaves the group, which is at its end, and joins the next one. False when there is none, or a stop was asked for.
  // Nothing that refers to the group may be left.
  [[nodiscard]] bool regroup();
  // All ranks of the group have one state, that after `done` steps: from now on the recipe's deadline holds, and of
  // rank 0 it is noted that this was reached.
  void begin_work(std::int64_t done);

 private:
  [[nodiscard]] bool wait_for_next() const;
  [[nodiscard]] bool is_given_up() const;
  void join();

  RankPlace place_;
  int size_;
  std::string digest_;
  std::chrono::seconds deadline_;  // of each exchange
  int epoch_;
  std::unique_ptr<comm::Group> group_;
};

}  // namespace athanor::runner
