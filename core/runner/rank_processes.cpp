#include "core/runner/rank_processes.h"

#include "core/assembly/assembly.h"
#include "core/base/files.h"
#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "core/ranks/fault_plan.h"
#include "core/ranks/meeting_place.h"
#include "core/runner/interrupt.h"
#include "core/runner/rank_process.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <numeric>
#include <optional>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace athanor::runner {
namespace {

using Clock = std::chrono::steady_clock;

// How long the others have to end by themselves once one rank is gone for good: rank 0 may be saving.
constexpr std::chrono::minutes kPatience{2};
constexpr std::chrono::milliseconds kGlance{200};
// Losses of a rank without a step between them after which it is replaced no more.
constexpr int kFruitless = 3;
// How long a rank may stay in a group that others have left because of a fault, unless it is seen at work.
constexpr std::chrono::seconds kHangs{2};
// Of what rank 0 does alone, which has no deadline.
constexpr std::chrono::minutes kLongestAlone{60};
// In the run's folder: faults that are asked for, as fault_plan.h has them.
constexpr const char* kWishFile = "inject";
constexpr std::int64_t kSilent = 1'000'000'000;  // ns without a sign of life

std::int64_t ns_of(Clock::duration duration) { return std::chrono::nanoseconds(duration).count(); }

// The last thing that went wrong, as a rank has told it; empty where it has told nothing.
std::string last_words(const std::filesystem::path& journal) {
  std::string out;
  std::int64_t offset = 0;
  while (true) {
    const auto batch = journal::read(journal, offset);
    if (!batch || batch->next_offset == offset) return out;
    offset = batch->next_offset;
    for (const journal::Event& event : batch->events)
      if (const auto* fault = std::get_if<journal::FaultSeen>(&event.payload))
        out = fmt::format("could not {}: {}", fault->intention, fault->cause);
  }
}

class Ranks {
 public:
  Ranks(const RunDirectory& directory, const SoundRecipe& sound, const TrainOptions& options, Console& console)
      : directory_(directory),
        sound_(sound),
        options_(options),
        console_(console),
        deadline_(sound.recipe.integer("parallel.deadline")) {
    const auto count = static_cast<std::size_t>(parallel::world_size(mesh_of(sound.recipe)));
    ranks_.resize(count);
    losses_.resize(count);
    last_sign_ns_.resize(count);
    members_.resize(count);
    std::iota(members_.begin(), members_.end(), 0);
  }

  void start() {
    std::error_code ignored;
    std::filesystem::remove(directory_.folder() / kWishFile, ignored);  // it was for another session
    open_group({});
    for (const int rank : members_) start(rank);
  }
  // Until all have ended.
  void wait() {
    while (std::ranges::any_of(ranks_, &RankProcess::is_alive)) {
      if (stop_requested() && !stopping_) {
        stopping_ = true;
        signal_all(SIGTERM);
      }
      glance();
      obey_wish();
      pass_on();
      reap();
      if (give_up_ && Clock::now() > *give_up_) signal_all(SIGKILL);
      if (!first_bad_) look_after();
    }
  }
  // The first that ended badly and was not replaced.
  [[nodiscard]] std::optional<int> first_bad() const { return first_bad_; }
  [[nodiscard]] const RankProcess& process(int rank) const { return at(rank); }

 private:
  void open_group(GroupNotice notice) {
    ++epoch_;
    hang_seen_.reset();
    notice.members = members_;
    notice.opened_ns = steady_now_ns();
    opened_ = Clock::now();
    board_ = meeting_.open(epoch_, notice);
    std::ranges::fill(last_sign_ns_, 0);
  }

  void start(int rank) {
    at(rank) = RankProcess(directory_, sound_, options_,
                           {.rank = rank, .meeting = meeting_.folder(), .parent = ::getpid(), .epoch = epoch_});
  }

  // Faults that are asked for while the run goes on. What ends or stops a process comes from outside; the others each
  // rank brings upon itself.
  void obey_wish() {
    const std::filesystem::path file = directory_.folder() / kWishFile;
    const auto text = read_file(file);
    if (!text) return;
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    const auto plan = read_fault_plan(*text);
    if (!plan) return console_.warn(plan.error().message());
    for (std::size_t i = 0; i < plan->faults.size(); ++i) {
      const PlannedFault& fault = plan->faults[i];
      const int rank = fault.rank.value_or(members_[(plan->seed + i) % members_.size()]);
      if (fault.step || fault.probability != 1 || fault.again) {
        console_.warn("A run that goes on suffers what is asked for at once: step, p and again are for its beginning");
      } else if (!is_member(rank)) {
        console_.warn(fmt::format("There is no rank {} to suffer {}", rank, to_string(fault.kind)));
      } else if (fault.kind == FaultKind::kill || fault.kind == FaultKind::stop) {
        console_.warn(fmt::format("Injected into rank {}: {}", rank, to_string(fault.kind)));
        at(rank).signal(fault.kind == FaultKind::kill ? SIGKILL : SIGSTOP);
      } else {
        asked_[rank] += to_string(fault) + "; ";
      }
    }
  }

  // Each file is whole until its rank has read and removed it.
  void pass_on() {
    for (auto& [rank, faults] : asked_) {
      const std::filesystem::path file = asked_file(meeting_.folder(), rank);
      std::error_code ignored;
      if (faults.empty() || std::filesystem::exists(file, ignored)) continue;
      if (const auto written = write_file_atomically(file, faults); !written) console_.warn(written.error().message());
      faults.clear();
    }
  }

  // Until one ends or a signal comes, or a moment has passed.
  void glance() const {
    std::vector<pollfd> watched;
    for (const RankProcess& rank : ranks_)
      if (rank.is_alive()) watched.push_back({rank.watch(), POLLIN, 0});
    ::poll(watched.data(), watched.size(), static_cast<int>(kGlance.count()));
  }

  void reap() {
    std::vector<int> lost;
    for (int rank = 0; rank < static_cast<int>(ranks_.size()); ++rank) {
      if (!at(rank).reap() || !is_member(rank)) continue;
      const auto status = at(rank).exit_status();
      if (status == 0 || status == kInterrupted) {
        any_finished_ = true;
      } else if (!first_bad_) {
        lost.push_back(rank);
      }
    }
    if (!lost.empty()) answer_loss(lost);
  }

  void answer_loss(const std::vector<int>& lost) {
    GroupNotice notice = notice_of(lost.front());
    const auto failed = std::ranges::find_if(lost, [&](int rank) { return at(rank).exit_status().has_value(); });
    // What a rank says of itself by its exit status, the next one would say as well.
    if (failed != lost.end()) return give_up(*failed);
    if (any_finished_) return give_up(lost.front());
    note_progress();
    std::vector<int> for_good;
    for (const int rank : lost)
      if (++losses_[static_cast<std::size_t>(rank)] > kFruitless) for_good.push_back(rank);
    if (!for_good.empty()) return go_on_without(for_good, lost, std::move(notice));
    replace(lost, std::move(notice));
  }

  [[nodiscard]] GroupNotice notice_of(int rank) {
    GroupNotice notice;
    notice.ranks_before = static_cast<int>(members_.size());
    notice.lost = rank;
    notice.cause = fmt::format("rank {} {}", rank, at(rank).ending());
    const std::int64_t now = steady_now_ns();
    const std::int64_t seen = board_->fault_ns();
    notice.noticed_ns = seen > 0 ? std::min(seen, now) : now;
    notice.last_sign_ns = last_sign_ns_[static_cast<std::size_t>(rank)];
    if (notice.last_sign_ns == 0) notice.last_sign_ns = status_of(rank).beat_ns;
    if (notice.last_sign_ns == 0) notice.last_sign_ns = notice.noticed_ns;  // it had not come yet
    notice.last_sign_ns = std::min(notice.last_sign_ns, notice.noticed_ns);
    return notice;
  }

  void replace(const std::vector<int>& lost, GroupNotice notice) {
    for (const int rank : lost)
      console_.warn(fmt::format("Rank {} {}; another process takes its place", rank, at(rank).ending()));
    try {
      open_group(std::move(notice));
      for (const int rank : lost) start(rank);
    } catch (const std::exception& refusal) {
      console_.error(refusal.what());
      give_up(lost.front());
    }
  }

  // With as many of those that are left as can share the micro-batches evenly. Without rank 0 nobody tells the run.
  void go_on_without(const std::vector<int>& for_good, const std::vector<int>& lost, GroupNotice notice) {
    std::vector<int> left;
    std::ranges::copy_if(members_, std::back_inserter(left),
                         [&](int rank) { return std::ranges::find(for_good, rank) == for_good.end(); });
    const auto parts = sound_.recipe.integer("parallel.micro_batches");
    while (!left.empty() && parts % static_cast<std::int64_t>(left.size()) != 0) left.pop_back();
    if (left.empty() || left.front() != 0 || !shares_batches_only()) return give_up(for_good.front());
    console_.warn(fmt::format("Rank {} {} again and again; {} of {} replicas go on", for_good.front(),
                              at(for_good.front()).ending(), left.size(), members_.size()));
    members_ = std::move(left);
    std::vector<int> again;
    std::ranges::copy_if(lost, std::back_inserter(again), [this](int rank) { return is_member(rank); });
    replace(again, std::move(notice));
  }

  // Whether every rank has a whole model.
  [[nodiscard]] bool shares_batches_only() const {
    return mesh_of(sound_.recipe).data == static_cast<int>(ranks_.size()) &&
           shard_of(sound_.recipe) == parallel::Shard::none;
  }

  void give_up(int rank) {
    first_bad_ = rank;
    give_up_ = Clock::now() + kPatience;
    const std::string words = at(rank).exit_status() ? last_words(directory_.journal(rank)) : "";
    meeting_.close(words.empty() ? "" : fmt::format("rank {} {}", rank, words));
  }

  // A step that kills whoever takes it would kill the next one, too.
  void note_progress() {
    const std::string reached = meeting_.reached();
    if (reached == reached_) return;
    reached_ = reached;
    std::ranges::fill(losses_, 0);
    meetings_ = 0;
  }

  // Some have left the group and wait for the others, who live and do not come.
  void look_after() {
    const auto is_waiting = [&](int rank) { return at(rank).is_alive() && meeting_.has_left(epoch_, rank); };
    const bool any_left = std::ranges::any_of(members_, is_waiting);
    if (any_left && std::ranges::all_of(members_, is_waiting)) return meet_without_loss();
    if (any_left && !hang_seen_) hang_seen_ = Clock::now();
    const bool has_waited = hang_seen_ && Clock::now() - *hang_seen_ > kHangs;
    for (const int rank : members_)
      if (at(rank).is_alive() && !meeting_.has_left(epoch_, rank) && hangs(rank, has_waited)) end_hung(rank);
    // Who is needed no more ends by itself where it can.
    if (Clock::now() - opened_ < kHangs) return;
    for (int rank = 0; rank < static_cast<int>(ranks_.size()); ++rank)
      if (!is_member(rank)) at(rank).signal(SIGKILL);
  }

  [[nodiscard]] bool is_member(int rank) const { return std::ranges::find(members_, rank) != members_.end(); }

  // Stopped for so long that nobody waits for it any longer; or seen in something that has a deadline, for longer.
  [[nodiscard]] bool hangs(int rank, bool others_have_waited) const {
    const comm::Status status = status_of(rank);
    if (!status.has_come) return false;
    const std::int64_t now = steady_now_ns();
    const std::int64_t silent = now - status.beat_ns;
    if (silent > kSilent && at(rank).is_stopped())
      return others_have_waited || (silent > ns_of(deadline_) && is_anybody_awake());
    if (!others_have_waited || status.section.empty()) return false;
    const bool is_alone = status.section == "evaluate" || status.section == "checkpoint";
    return now - std::max(status.section_ns, status.returned_ns) > ns_of(is_alone ? kLongestAlone : deadline_);
  }

  [[nodiscard]] bool is_anybody_awake() const {
    return std::ranges::any_of(members_, [this](int rank) { return at(rank).is_alive() && !at(rank).is_stopped(); });
  }

  void end_hung(int rank) {
    const comm::Status status = status_of(rank);
    last_sign_ns_[static_cast<std::size_t>(rank)] =
        at(rank).is_stopped() ? status.beat_ns : std::max(status.section_ns, status.returned_ns);
    console_.warn(fmt::format("Rank {} hangs in {} and is ended", rank, board_->where(place_of(rank))));
    at(rank).signal(SIGKILL);
  }

  // All are there and could not go on together, as after a deadline that passed for another reason.
  void meet_without_loss() {
    note_progress();
    if (any_finished_ || ++meetings_ > kFruitless * static_cast<int>(members_.size())) return give_up(0);
    GroupNotice notice;
    notice.ranks_before = static_cast<int>(members_.size());
    notice.cause = board_->fault().value_or("");
    notice.noticed_ns = board_->fault_ns();
    notice.last_sign_ns = notice.noticed_ns;
    open_group(std::move(notice));
  }

  void signal_all(int signal) const {
    for (const RankProcess& rank : ranks_) rank.signal(signal);
  }
  [[nodiscard]] const RankProcess& at(int rank) const { return ranks_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] RankProcess& at(int rank) { return ranks_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] int place_of(int rank) const {
    return static_cast<int>(std::ranges::find(members_, rank) - members_.begin());
  }
  [[nodiscard]] comm::Status status_of(int rank) const { return board_->status(place_of(rank)); }

  const RunDirectory& directory_;
  const SoundRecipe& sound_;
  const TrainOptions& options_;
  Console& console_;
  std::chrono::seconds deadline_;
  MeetingPlace meeting_;
  std::vector<RankProcess> ranks_;
  std::vector<int> members_;  // of the group, ascending
  int epoch_ = -1;
  std::unique_ptr<comm::Board> board_;  // of the group
  bool stopping_ = false;
  bool any_finished_ = false;
  std::string reached_;                     // when a rank was last lost
  std::vector<int> losses_;                 // of each rank since then
  std::map<int, std::string> asked_;        // faults, by rank, that are still to be passed on
  int meetings_ = 0;                        // without a loss since then
  std::vector<std::int64_t> last_sign_ns_;  // of those that were ended because they hang; else 0
  Clock::time_point opened_;
  std::optional<Clock::time_point> hang_seen_, give_up_;
  std::optional<int> first_bad_;
};

// The last word of a journal whose writer could not say it.
void tell_for_rank_0(const RunDirectory& directory, const Error& error) {
  const auto journal = journal::Writer::open(directory.journal());
  if (!journal) return;
  (void)(*journal)->append(journal::FaultSeen{0, to_string(error.kind), error.intention, error.cause, error.remedy});
  (void)(*journal)->append(journal::StateChanged{journal::RunState::failed, error.message()});
  (void)(*journal)->sync();
}

}  // namespace

int run_ranks(const RunDirectory& directory, const SoundRecipe& sound, const TrainOptions& options, Console& console) {
  value_or_throw(directory.create());
  // Also before rank 0 writes it: who takes over rank 0 needs it.
  value_or_throw(write_file_atomically(directory.recipe(), recipe::to_toml(sound.recipe, recipe::Detail::everything)));
  console.info(fmt::format("Starting {} ranks", parallel::world_size(mesh_of(sound.recipe))));
  Ranks ranks(directory, sound, options, console);
  ranks.start();
  ranks.wait();
  const int bad = ranks.first_bad().value_or(0);
  if (const auto status = ranks.process(bad).exit_status()) return *status;
  if (const auto status = ranks.process(0).exit_status()) return *status;
  Error error{ErrorKind::communication, fmt::format("train in {}", directory.folder().string()),
              fmt::format("rank {} {}", bad, ranks.process(bad).ending()),
              fmt::format("see {} for its last words, and go on with --resume", directory.log(bad).string())};
  tell_for_rank_0(directory, error);
  throw Failure(std::move(error));
}

}  // namespace athanor::runner
