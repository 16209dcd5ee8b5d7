// Takes the journals of one run directory into the history, from where it stands there. One thread.
#pragma once

#include "core/agent/alerting.h"
#include "core/base/result.h"
#include "core/store/writer.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

namespace athanor::agent {

class Follower {
 public:
  Follower(store::RunId run, std::filesystem::path directory)
      : run_(run), directory_(std::move(directory)), alerting_(run) {}

  struct Progress {
    store::Touched touched;
    bool more = false;               // another call would take in more at once
    std::uint32_t writer_pid = 0;    // of a writer that opened journal 0 meanwhile
    bool is_alert_due = false;       // an alert asks for something
    std::vector<Error> passed_over;  // journals of other ranks that cannot be read, told once
  };
  // One batch of each journal. The run is what rank 0 says: of another rank whatever cannot be read is passed over, and
  // tried again. Damaged stretches are noted with the run and become alerts of it. A journal that is
  // shorter than what was taken in (its file system lost its end) is taken in again from the beginning. Only of a run
  // that goes on alerts ask for anything.
  Result<Progress> step(store::Writer& writer, bool goes_on);
  // What no journal says. Whether an alert was told.
  Result<bool> look_at_clock(store::Writer& writer, std::int64_t now_ns) {
    return alerting_.look_at_clock(writer, now_ns);
  }
  // Whether the last step was refused by a journal, and not by the history.
  [[nodiscard]] bool journal_is_unreadable() const { return journal_is_unreadable_; }
  // Notes what a writer that is gone left unfinished at the end of each journal. Whether there was anything.
  Result<bool> note_tails(store::Writer& writer);
  // Whether a journal is longer than what was taken in.
  [[nodiscard]] bool is_behind(store::Writer& writer);
  [[nodiscard]] std::filesystem::path journal(int rank) const;

 private:
  Result<void> read_rank(store::Writer& writer, int rank, bool goes_on, Progress& progress);
  Result<std::int64_t> offset(store::Writer& writer, int rank);

  store::RunId run_;
  std::filesystem::path directory_;
  std::map<int, std::int64_t> offsets_;
  std::map<int, std::int64_t> tails_;  // bytes behind what was taken in, when last looked at
  std::set<int> unread_;               // ranks whose journal was passed over
  bool journal_is_unreadable_ = false;
  Alerting alerting_;
};

}  // namespace athanor::agent
