#include "core/agent/packing.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <tuple>

namespace athanor::agent {
namespace {

Room plus(const Room& a, const Room& b) { return {a.cores + b.cores, a.gpus + b.gpus, a.slots + b.slots}; }
Room minus(const Room& a, const Room& b) { return {a.cores - b.cores, a.gpus - b.gpus, a.slots - b.slots}; }

bool fits(const Room& wanted, const Room& free) {
  return wanted.cores <= free.cores && wanted.gpus <= free.gpus && wanted.slots <= free.slots;
}

struct Less {
  bool operator()(const Room& a, const Room& b) const {
    return std::tie(a.cores, a.gpus, a.slots) < std::tie(b.cores, b.gpus, b.slots);
  }
};

// Whether, after some of those that go on have ended, `first` would fit without `small` and does not fit beside it.
bool delays(const Room& small, const Room& first, const Room& free, const std::vector<Room>& taken) {
  // More than both need together makes no difference, which keeps the sums few.
  const Room enough = plus(first, small);
  const auto cut = [&](const Room& room) {
    return Room{std::min(room.cores, enough.cores), std::min(room.gpus, enough.gpus),
                std::min(room.slots, enough.slots)};
  };
  std::set<Room, Less> sums = {cut(free)};
  for (const Room& each : taken) {
    const std::vector<Room> before(sums.begin(), sums.end());
    for (const Room& sum : before) sums.insert(cut(plus(sum, each)));
  }
  return std::ranges::any_of(sums,
                             [&](const Room& sum) { return fits(first, sum) && !fits(first, minus(sum, small)); });
}

// What keeps a run from beginning whatever is free.
std::optional<Why> waits_anyway(const store::Job& job, const Offer& offer, std::vector<store::RunId>& waits_for) {
  using store::Hold;
  if (job.hold != Hold::none) return job.hold == Hold::asked ? Why::held : Why::fault;
  if (job.trial && job.trial->sweep_held) return Why::sweep_held;
  for (const store::Followed& followed : job.after) {
    const bool went_wrong = followed.has_ended && followed.status != store::RunStatus::finished;
    if (went_wrong && !job.continue_on_error) {
      waits_for = {followed.run};
      return Why::fault;
    }
    if (!followed.has_ended) waits_for.push_back(followed.run);
  }
  if (!waits_for.empty()) return Why::after;
  if (offer.is_held) return Why::queue_held;
  if (job.retry.not_before_ns > offer.now_ns) return Why::later;
  return std::nullopt;
}

Why what_lacks(const Room& room, const Room& free) {
  if (room.slots > free.slots) return Why::slots;
  return room.gpus > free.gpus ? Why::gpus : Why::cores;
}

std::string counted(int count, const char* what) { return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s"); }

std::string lacking(int wanted, int free, const char* what) {
  return fmt::format("it needs {}, {} {} free", counted(wanted, what), std::max(0, free), free == 1 ? "is" : "are");
}

std::string named(const std::vector<store::RunId>& runs) {
  return fmt::format("run{} {}", runs.size() == 1 ? "" : "s", fmt::join(runs, ", "));
}

}  // namespace

Room room_for(const store::Needs& needs, const Room& all) {
  const int ranks = std::max(1, needs.ranks);
  const bool on_gpus = needs.device != store::DeviceWish::cpu && all.gpus > 0;
  int threads = std::max(1, all.cores / ranks);
  if (needs.threads > 0) threads = needs.threads;
  if (on_gpus || needs.device == store::DeviceWish::cuda) threads = 1;
  const std::int64_t cores = std::int64_t{ranks} * threads;
  return {static_cast<int>(std::min<std::int64_t>(cores, all.cores)), on_gpus ? std::min(ranks, all.gpus) : 0, 1};
}

Room free_of(const Offer& offer) {
  Room free = offer.all;
  for (const Room& each : offer.taken) free = minus(free, each);
  return free;
}

std::vector<Standing> stand(std::span<const store::Job> queue, const Offer& offer) {
  std::vector<Standing> out;
  std::vector<Room> taken = offer.taken;
  Room free = free_of(offer);
  std::optional<Standing> first;  // that does not fit
  for (const store::Job& job : queue) {
    Standing& standing = out.emplace_back();
    standing.run = job.run;
    standing.room = room_for(job.needs, offer.all);
    if (const auto why = waits_anyway(job, offer, standing.waits_for)) {
      standing.why = *why;
    } else if (!fits(standing.room, free)) {
      standing.why = what_lacks(standing.room, free);
      if (!first) first = standing;
    } else if (first && delays(standing.room, first->room, free, taken)) {
      standing.why = Why::behind;
      standing.waits_for = {first->run};
    } else {
      taken.push_back(standing.room);
      free = minus(free, standing.room);
    }
  }
  return out;
}

std::string in_words(const Standing& standing, const store::Job& job, const Offer& offer) {
  const Room free = free_of(offer);
  switch (standing.why) {
    case Why::starts: return "it begins now";
    case Why::held: return "it is held";
    case Why::fault:
      return job.hold_reason.empty() ? fmt::format("{} has not finished", named(standing.waits_for)) : job.hold_reason;
    case Why::sweep_held: return fmt::format("its sweep {} is held", job.trial ? job.trial->sweep : 0);
    case Why::after: return "it follows " + named(standing.waits_for);
    case Why::later: {
      const std::chrono::seconds left((job.retry.not_before_ns - offer.now_ns) / 1'000'000'000 + 1);
      return fmt::format("attempt {} of {} begins in {} after: {}", job.retry.done + 1, job.retry.limit + 1, left,
                         job.retry.fault);
    }
    case Why::queue_held: return "the queue is held";
    case Why::cores: return lacking(standing.room.cores, free.cores, "core");
    case Why::gpus: return lacking(standing.room.gpus, free.gpus, "GPU");
    case Why::slots: return fmt::format("at most {} may go on at a time", counted(offer.all.slots, "run"));
    case Why::behind: return fmt::format("it would make {} wait longer", named(standing.waits_for));
  }
  return {};
}

}  // namespace athanor::agent
