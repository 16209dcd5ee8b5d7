#include "core/parallel/validate.h"

#include "core/parallel/requirements.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace athanor::parallel {
namespace {

using detail::kNowhere;
using detail::Places;

class Validator {
 public:
  Validator(const Schedule& schedule, const MemoryLimit* limit, Purpose purpose)
      : schedule_(schedule),
        limit_(limit),
        transfers_(has_transfers(schedule)),
        goes_backward_(purpose == Purpose::step),
        places_(0, 0, kNowhere),
        elsewhere_(places_) {}

  std::vector<Fault> run() {
    if (!check_shape()) return std::move(faults_);
    places_ = elsewhere_ = Places(schedule_.stage_count(), schedule_.micro_batches, kNowhere);
    for (int rank = 0; rank < schedule_.rank_count(); ++rank) enter(rank);
    check_counts();
    if (transfers_) check_transfers();
    for (int rank = 0; rank < schedule_.rank_count(); ++rank) check_order(rank);
    for (int stage = 0; stage < schedule_.stage_count(); ++stage) check_whole_stage(stage);
    if (transfers_) check_channels();
    if (faults_.empty()) check_progress();
    if (limit_ != nullptr)
      for (int rank = 0; rank < schedule_.rank_count(); ++rank) check_memory(rank);
    return std::move(faults_);
  }

 private:
  [[nodiscard]] const std::vector<Op>& ops(int rank) const { return schedule_.ranks[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] int rank_of(const Op& op) const { return schedule_.stage_ranks[static_cast<std::size_t>(op.stage)]; }
  [[nodiscard]] bool exists(const Op& op) const {
    if (op.stage < 0 || op.stage >= schedule_.stage_count()) return false;
    if (!has_micro_batch(op.kind)) return op.micro_batch == kWholeStage;
    return op.micro_batch >= 0 && op.micro_batch < schedule_.micro_batches;
  }
  // Whether the op stands in the list as what it is: known, on its rank and for the first time.
  [[nodiscard]] bool is_entered(int rank, int place) const {
    const Op& op = ops(rank)[static_cast<std::size_t>(place)];
    return exists(op) && rank_of(op) == rank && places_[op] == place;
  }
  [[nodiscard]] std::string at(const Op& op) const { return fmt::format("{} (place {})", to_text(op), places_[op]); }
  void add(Fault fault) { faults_.push_back(std::move(fault)); }

  bool check_shape() {
    const auto malformed = [this](std::string sentence) {
      Fault fault;
      fault.sentence = std::move(sentence);
      add(std::move(fault));
    };
    if (schedule_.ranks.empty()) malformed("the schedule has no rank");
    if (schedule_.stage_ranks.empty()) malformed("the schedule has no stage");
    if (schedule_.micro_batches < 1) malformed(fmt::format("there are {} micro-batches", schedule_.micro_batches));
    for (int stage = 0; stage < schedule_.stage_count(); ++stage)
      if (const int rank = rank_of({OpKind::forward, stage, 0}); rank < 0 || rank >= schedule_.rank_count())
        malformed(fmt::format("stage {} lies on rank {}, but there are {} ranks", stage, rank, schedule_.rank_count()));
    std::size_t listed = 0;
    for (const auto& each : schedule_.ranks) listed += each.size();
    const std::size_t stages = schedule_.stage_ranks.size(),
                      micro_batches = static_cast<std::size_t>(std::max(schedule_.micro_batches, 0));
    if (listed < stages * micro_batches)  // also what keeps tables of a damaged file small
      malformed(fmt::format("the lists hold {} ops, which is less than one for each of {} stages and {} micro-batches",
                            listed, stages, micro_batches));
    return faults_.empty();
  }

  void enter(int rank) {
    for (int place = 0; place < static_cast<int>(ops(rank).size()); ++place) {
      const Op& op = ops(rank)[static_cast<std::size_t>(place)];
      Fault fault{.rank = rank, .peer = kNobody, .op = op, .other = {}, .place = place, .sentence = {}};
      if (!exists(op)) {
        fault.kind = FaultKind::foreign;
        fault.sentence = fmt::format("rank {} does {} (place {}), but there are {} stages and {} micro-batches", rank,
                                     to_text(op), place, schedule_.stage_count(), schedule_.micro_batches);
      } else if (rank_of(op) != rank) {
        fault.kind = FaultKind::misplaced;
        fault.peer = rank_of(op);
        elsewhere_[op] = place;
        fault.sentence = fmt::format("rank {} does {} (place {}), but stage {} lies on rank {}", rank, to_text(op),
                                     place, op.stage, fault.peer);
      } else if (places_[op] != kNowhere && !may_repeat(op.kind)) {
        fault.kind = FaultKind::duplicate;
        fault.other = op;
        fault.sentence =
            fmt::format("rank {} does {} at place {} and again at place {}", rank, to_text(op), places_[op], place);
      } else {
        places_[op] = place;
        continue;
      }
      add(std::move(fault));
    }
  }

  // Parameters may be gathered and let go of again and again.
  [[nodiscard]] static bool may_repeat(OpKind kind) { return kind == OpKind::unshard || kind == OpKind::reshard; }

  // An op that another rank does is called misplaced, and not missing too.
  void add_missing(const Op& op, int peer, std::string_view why) {
    const bool is_half = op.kind == OpKind::input_gradient || op.kind == OpKind::weight_gradient;
    if (elsewhere_[op] != kNowhere) return;
    if (is_half && elsewhere_[{OpKind::backward, op.stage, op.micro_batch}] != kNowhere) return;
    add({FaultKind::missing,
         rank_of(op),
         peer,
         op,
         {},
         kNowhere,
         fmt::format("rank {} never does {}{}", rank_of(op), to_text(op), why)});
  }

  void check_counts() {
    for (int stage = 0; stage < schedule_.stage_count(); ++stage)
      for (int j = 0; j < schedule_.micro_batches; ++j) {
        const Op forward{OpKind::forward, stage, j}, input{OpKind::input_gradient, stage, j},
            weight{OpKind::weight_gradient, stage, j}, joined{OpKind::backward, stage, j};
        if (places_[forward] == kNowhere) add_missing(forward, kNobody, "");
        if (goes_backward_ && places_[joined] == kNowhere) {
          const bool none = places_[input] == kNowhere && places_[weight] == kNowhere;
          if (places_[input] == kNowhere) add_missing(input, kNobody, none ? ", nor B" : ", of which it does W");
          if (places_[weight] == kNowhere && !none) add_missing(weight, kNobody, ", of which it does I");
        } else {
          for (const Op& half : {input, weight})
            if (places_[half] != kNowhere)
              add({FaultKind::duplicate, rank_of(half), kNobody, half, joined, places_[half],
                   fmt::format("rank {} does {} as a part of {} too", rank_of(half), at(half), at(joined))});
        }
        const Op offload{OpKind::offload, stage, j}, prefetch{OpKind::prefetch, stage, j};
        if ((places_[offload] == kNowhere) != (places_[prefetch] == kNowhere))
          add_missing(places_[offload] == kNowhere ? offload : prefetch, kNobody, ", but its counterpart");
      }
  }

  // Each compute op has just the transfers that it gives rise to, and no transfer stands there for nothing.
  void check_transfers() {
    Places needed(schedule_.stage_count(), schedule_.micro_batches, kNowhere);
    for (int rank = 0; rank < schedule_.rank_count(); ++rank)
      for (const Op& op : ops(rank)) {
        if (!exists(op)) continue;
        for (const auto& transfer : {send_of(schedule_, op), receive_of(schedule_, op)}) {
          if (!transfer || needed[*transfer] != kNowhere) continue;
          needed[*transfer] = 0;
          if (places_[*transfer] != kNowhere) continue;
          const int peer = peer_of(schedule_, *transfer);
          add_missing(*transfer, peer,
                      is_send(transfer->kind) ? fmt::format(", for which rank {} waits", peer)
                                              : fmt::format(", which rank {} sends", peer));
        }
      }
    for (int rank = 0; rank < schedule_.rank_count(); ++rank)
      for (int place = 0; place < static_cast<int>(ops(rank).size()); ++place) {
        const Op& op = ops(rank)[static_cast<std::size_t>(place)];
        if ((!is_send(op.kind) && !is_receive(op.kind)) || !exists(op) || needed[op] != kNowhere) continue;
        const int peer = peer_of(schedule_, op);
        add({FaultKind::foreign,
             rank,
             peer,
             op,
             {},
             place,
             fmt::format("rank {} does {} (place {}), but {}", rank, to_text(op), place,
                         peer == kNobody ? "there is no stage beyond" : "nothing on another rank needs it")});
      }
  }

  void check_order(int rank) {
    for (int place = 0; place < static_cast<int>(ops(rank).size()); ++place) {
      if (!is_entered(rank, place)) continue;
      const Op& op = ops(rank)[static_cast<std::size_t>(place)];
      detail::visit_local_needs(schedule_, places_, transfers_, op, [&](const Op& need) {
        if (places_[need] != kNowhere && places_[need] > place) add_order(op, need, "which it needs");
      });
    }
  }

  void add_order(const Op& early, const Op& late, std::string_view why) {
    add({FaultKind::order, rank_of(early), kNobody, early, late, places_[early],
         fmt::format("rank {} does {} before {}, {}", rank_of(early), at(early), at(late), why)});
  }

  void check_whole_stage(int stage) {
    const Op reduce{OpKind::reduce_gradient, stage, kWholeStage}, step{OpKind::step, stage, kWholeStage};
    for (const Op& op : {reduce, step}) {
      if (places_[op] == kNowhere) continue;
      for (int j = 0; j < schedule_.micro_batches; ++j)
        for (const OpKind kind : {OpKind::weight_gradient, OpKind::backward})
          if (const Op last{kind, stage, j}; places_[last] > places_[op])
            add_order(op, last, "whose gradient it needs");
    }
    if (places_[step] != kNowhere && places_[reduce] > places_[step]) add_order(step, reduce, "which it needs");
    const Op gather{OpKind::unshard, stage, kWholeStage};
    if (places_[gather] == kNowhere && places_[{OpKind::reshard, stage, kWholeStage}] == kNowhere) return;
    check_gathered(stage, gather);
  }

  void check_gathered(int stage, const Op& gather) {
    const int rank = rank_of(gather);
    bool gathered = false;
    for (int place = 0; place < static_cast<int>(ops(rank).size()); ++place) {
      const Op& op = ops(rank)[static_cast<std::size_t>(place)];
      if (op.stage != stage) continue;
      const bool wanted = op.kind != OpKind::unshard, toggles = may_repeat(op.kind);
      if ((toggles || (is_compute(op.kind) && op.kind != OpKind::weight_gradient)) && gathered != wanted)
        add({FaultKind::order, rank, kNobody, op, gather, place,
             fmt::format("rank {} does {} (place {}) while the parameters of stage {} are {}", rank, to_text(op), place,
                         stage, gathered ? "gathered already" : "not gathered")});
      if (toggles) gathered = op.kind == OpKind::unshard;
    }
  }

  // The receives of one ordered pair of ranks, as the sender and as the receiver order them.
  struct Channel {
    std::vector<Op> sent, received;
  };

  void check_channels() {
    std::map<std::pair<int, int>, Channel> channels;
    for (int rank = 0; rank < schedule_.rank_count(); ++rank)
      for (int place = 0; place < static_cast<int>(ops(rank).size()); ++place) {
        const Op& op = ops(rank)[static_cast<std::size_t>(place)];
        if ((!is_send(op.kind) && !is_receive(op.kind)) || !is_entered(rank, place)) continue;
        const int peer = peer_of(schedule_, op);
        if (peer == kNobody || places_[counterpart(op)] == kNowhere) continue;  // reported before
        if (is_send(op.kind))
          channels[{rank, peer}].sent.push_back(counterpart(op));
        else
          channels[{peer, rank}].received.push_back(op);
      }
    for (const auto& [ends, channel] : channels) {
      const auto [sent, received] = std::ranges::mismatch(channel.sent, channel.received);
      if (sent == channel.sent.end() || received == channel.received.end()) continue;
      add({FaultKind::channel, ends.second, ends.first, *received, counterpart(*sent), places_[*received],
           fmt::format("rank {} takes {} as message {} of rank {}, which sends {} there", ends.second, at(*received),
                       received - channel.received.begin(), ends.first, at(counterpart(*sent)))});
    }
  }

  // What a rank stands still for at `place`; nothing where it can go on.
  [[nodiscard]] std::optional<Op> blocked_on(int rank, int place, const std::vector<int>& reached) const {
    const Op& op = ops(rank)[static_cast<std::size_t>(place)];
    if (!is_compute(op.kind)) return {};
    const auto need = detail::awaited(schedule_, places_, transfers_, op);
    if (!need || places_[*need] < reached[static_cast<std::size_t>(rank_of(*need))]) return {};
    return need;
  }

  void check_progress() {
    std::vector<int> reached(schedule_.ranks.size(), 0);
    for (bool moved = true; moved;) {
      moved = false;
      for (int rank = 0; rank < schedule_.rank_count(); ++rank) {
        int& place = reached[static_cast<std::size_t>(rank)];
        const int begin = place;
        while (place < static_cast<int>(ops(rank).size()) && !blocked_on(rank, place, reached)) ++place;
        moved |= place > begin;
      }
    }
    for (int rank = 0; rank < schedule_.rank_count(); ++rank) {
      const int place = reached[static_cast<std::size_t>(rank)];
      if (place == static_cast<int>(ops(rank).size())) continue;
      const Op& op = ops(rank)[static_cast<std::size_t>(place)];
      const Op need = *blocked_on(rank, place, reached);
      const int peer = rank_of(need), stopped = reached[static_cast<std::size_t>(peer)];
      add({FaultKind::deadlock, rank, peer, op, need, place,
           fmt::format("rank {} stands still at {}: it waits for {} of rank {}, which stands still at {} before", rank,
                       at(op), at(need), peer, at(ops(peer)[static_cast<std::size_t>(stopped)]))});
    }
  }

  void check_memory(int rank) {
    constexpr double kRounding = 1e-9;  // of sums of activations
    const double cap = limit_->caps[static_cast<std::size_t>(rank)];
    double held = 0;
    for (int place = 0; place < static_cast<int>(ops(rank).size()); ++place) {
      const Op& op = ops(rank)[static_cast<std::size_t>(place)];
      if (!exists(op)) continue;
      held += memory_change(limit_->stages[static_cast<std::size_t>(op.stage)], op.kind);
      if (held <= cap * (1 + kRounding)) continue;
      return add({FaultKind::memory,
                  rank,
                  kNobody,
                  op,
                  {},
                  place,
                  fmt::format("rank {} holds {:.4g} at {} (place {}), but its cap is {:.4g}", rank, held, to_text(op),
                              place, cap)});
    }
  }

  const Schedule& schedule_;
  const MemoryLimit* limit_;
  bool transfers_, goes_backward_;
  Places places_;
  Places elsewhere_;  // of ops in the list of a rank that is not their stage's
  std::vector<Fault> faults_;
};

}  // namespace

std::vector<Fault> validate(const Schedule& schedule, const MemoryLimit* limit, Purpose purpose) {
  return Validator(schedule, limit, purpose).run();
}

}  // namespace athanor::parallel
