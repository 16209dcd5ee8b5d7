// The folder in memory where the ranks of a run meet: e0, e1, … for one group after another, each with a notice of why
// it follows the one before; and a file named over when there will be no other. Ranks say there when they have left a
// group, so that it is seen who hangs. The one that starts the ranks makes it; ranks only know its path.
#pragma once

#include "core/base/result.h"
#include "core/comm/board.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace athanor::runner {

// Who is in a group, and why it follows the one before. Times are of the steady clock of this host, in nanoseconds.
struct GroupNotice {
  std::vector<int> members;  // ranks as they were numbered at the beginning, ascending; their places are the new ranks
  int ranks_before = 0;      // of the group before; 0: the first group
  int lost = -1;             // a rank of the beginning, the first of those lost; negative: all were left
  std::string cause;         // "rank 2 was killed by signal 9 (Killed)"
  std::int64_t last_sign_ns = 0, noticed_ns = 0, opened_ns = 0;

  // The place of a rank of the beginning; negative where it is not in the group.
  [[nodiscard]] int place_of(int rank) const noexcept;
};

// Of a process that is one of several ranks.
struct RankPlace {
  int rank = 0;
  std::filesystem::path meeting;  // the folder where they find each other
  int parent = 0;                 // the process that calls them together
  int epoch = 0;                  // how many groups there were before the one to join
};

[[nodiscard]] std::filesystem::path group_folder(const std::filesystem::path& meeting, int epoch);
// Of a group whose folder is there. Errors: io, corrupt.
[[nodiscard]] Result<GroupNotice> read_notice(const std::filesystem::path& meeting, int epoch);
// Says why there will be no other group; may be empty.
[[nodiscard]] std::filesystem::path over_file(const std::filesystem::path& meeting);
// Holds the steps after which the ranks last began to work together.
[[nodiscard]] std::filesystem::path reached_file(const std::filesystem::path& meeting);
// Says where ranks that meet again are to cut the model (stage_balance.h); not there: as the recipe has it.
[[nodiscard]] std::filesystem::path cut_file(const std::filesystem::path& meeting);
// Holds faults that a rank is to suffer (fault_plan.h), until it has read them.
[[nodiscard]] std::filesystem::path asked_file(const std::filesystem::path& meeting, int rank);
// There once a rank of the beginning has left the group of an epoch to join the next.
[[nodiscard]] std::filesystem::path left_file(const std::filesystem::path& meeting, int epoch, int rank);

[[nodiscard]] std::int64_t steady_now_ns() noexcept;

// Made for one run, removed with it. Its name tells whose it is, so that those of the dead can be removed.
class MeetingPlace {
 public:
  MeetingPlace();
  ~MeetingPlace();
  MeetingPlace(const MeetingPlace&) = delete;
  MeetingPlace& operator=(const MeetingPlace&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  // The folder of a group appears with all that is in it. Returns the group's board, to be read. Throws Failure(io).
  std::unique_ptr<comm::Board> open(int epoch, const GroupNotice& notice) const;
  void close(const std::string& why) const;
  [[nodiscard]] bool has_left(int epoch, int rank) const;
  [[nodiscard]] std::string reached() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace athanor::runner
