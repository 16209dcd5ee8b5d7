#include "core/distributed/pipeline_runner.h"

#include "core/base/digest.h"
#include "core/distributed/stopwatch.h"
#include "core/parallel/transfers.h"
#include "core/parallel/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace athanor::distributed {
namespace {

using parallel::Op;
using parallel::OpKind;
using parallel::Schedule;

[[noreturn]] void refuse(ErrorKind kind, const Schedule& schedule, const std::string& cause,
                         const std::string& remedy = {}) {
  throw Failure(kind, "execute the schedule " + schedule.name, cause, remedy);
}

bool is_executed(OpKind kind) {
  return kind <= OpKind::receive_backward || kind == OpKind::reduce_gradient || kind == OpKind::step;
}

}  // namespace

PipelineRunner::PipelineRunner(comm::Communicator& pipeline, const Schedule& schedule, std::vector<StageWork*> stages,
                               PipelinePorts ports)
    : pipeline_(pipeline),
      stages_(std::move(stages)),
      ports_(std::move(ports)),
      micro_batches_(schedule.micro_batches) {
  check(schedule);
  compare(schedule);
  buffers_ = buffers_needed(schedule);
  exchanges_.resize(stages_.size() * static_cast<std::size_t>(micro_batches_));
  make_lanes(schedule);
  make_actions(schedule);
}

// In one order on all ranks: a lane between GPUs ends with its peer.
PipelineRunner::~PipelineRunner() {
  std::ranges::sort(lanes_, {}, &Lane::channel);
  for (Lane& lane : lanes_) lane.thread.reset();
}

Tensor PipelineRunner::checked(const Op& op, Tensor tensor) const {
  const DeviceKind device = ports_.gpu != nullptr ? DeviceKind::cuda : DeviceKind::cpu;
  if (tensor.present() && tensor.contiguous() && tensor.device().kind == device) return tensor;
  throw Failure(ErrorKind::internal, "pass on what " + to_text(op) + " gives",
                tensor.present() ? "it is not contiguous where stages are" : "it gives nothing");
}

std::shared_ptr<Stream> PipelineRunner::stream_through_host(const comm::Communicator& lane) const {
  if (ports_.gpu == nullptr || ports_.gpu->dry() || lane.is_on_gpus()) return nullptr;
  return make_cuda_stream(ports_.gpu->device().index);
}

void PipelineRunner::post(Lane& lane, const Tensor& message) {
  lane.thread->post(message.view(), ports_.gpu != nullptr ? ports_.gpu->stream().mark() : nullptr);
}

void PipelineRunner::check(const Schedule& schedule) const {
  if (const auto faults = validate(schedule, nullptr, purpose_of(schedule)); !faults.empty())
    refuse(ErrorKind::invalid_input, schedule, faults.front().sentence);
  if (schedule.rank_count() != pipeline_.size())
    refuse(ErrorKind::invalid_input, schedule,
           fmt::format("it is for {} ranks, and there are {}", schedule.rank_count(), pipeline_.size()));
  if (stages_.size() != schedule.stage_ranks.size())
    refuse(ErrorKind::invalid_input, schedule,
           fmt::format("it is for {} stages, and there are {}", schedule.stage_count(), stages_.size()));
  for (std::size_t stage = 0; stage < stages_.size(); ++stage)
    if (is_here(static_cast<int>(stage)) != (schedule.stage_ranks[stage] == pipeline_.rank()))
      refuse(ErrorKind::invalid_input, schedule,
             fmt::format("it has stage {} on rank {}, and rank {} {} it", stage, schedule.stage_ranks[stage],
                         pipeline_.rank(), is_here(static_cast<int>(stage)) ? "comes with" : "comes without"));
  for (const auto& ops : schedule.ranks)
    for (const Op& op : ops) {
      if (!is_executed(op.kind))
        refuse(ErrorKind::unavailable, schedule, fmt::format("{} cannot be executed yet", to_text(op)));
      if (!has_transfers(schedule) && send_of(schedule, op))
        refuse(ErrorKind::invalid_input, schedule, "it has no sends and receives", "lower it by insert_transfers");
    }
}

// All ranks with all, so that every one of them says the same.
void PipelineRunner::compare(const Schedule& schedule) {
  std::string mine = sha256_hex(to_text(schedule));
  const auto length = static_cast<std::int64_t>(mine.size());
  std::string all(mine.size() * static_cast<std::size_t>(pipeline_.size()), 0);
  pipeline_.all_gather(View(mine.data(), DType::u8, Shape{length}),
                       View(all.data(), DType::u8, Shape{length * pipeline_.size()}));
  for (int rank = 1; rank < pipeline_.size(); ++rank)
    if (all.compare(0, mine.size(), all, mine.size() * static_cast<std::size_t>(rank), mine.size()) != 0)
      refuse(ErrorKind::invalid_input, schedule, fmt::format("rank {} comes with another schedule than rank 0", rank),
             "give all ranks the same schedule");
}

void PipelineRunner::make_lanes(const Schedule& schedule) {
  std::vector<Lane> receiving;
  for (const auto& [channel, sends] : channels_of(schedule)) {
    const auto [from, to] = channel;
    const bool sends_here = from == pipeline_.rank();
    auto communicator = pipeline_.split(sends_here || to == pipeline_.rank() ? 0 : -1, pipeline_.rank());
    if (!communicator) continue;
    Lane& lane = (sends_here ? lanes_ : receiving).emplace_back();
    lane.peer = sends_here ? to : from;
    lane.channel = channel;
    auto through_host = stream_through_host(*communicator);
    lane.thread = std::make_unique<PipelineLane>(
        std::move(communicator), sends_here ? PipelineLane::Direction::send : PipelineLane::Direction::receive,
        std::move(through_host));
    if (sends_here) continue;
    for (const Op& send : sends) lane.receives.push_back(counterpart(send));
  }
  std::ranges::move(receiving, std::back_inserter(lanes_));
}

void PipelineRunner::make_actions(const Schedule& schedule) {
  const auto lane_of = [&](const Op& transfer) {
    const int peer = peer_of(schedule, transfer);
    const auto found = std::ranges::find_if(
        lanes_, [&](const Lane& lane) { return lane.peer == peer && lane.receives.empty() == is_send(transfer.kind); });
    return static_cast<std::size_t>(found - lanes_.begin());
  };
  std::vector<std::uint64_t> received(lanes_.size());
  std::map<std::tuple<OpKind, int, int>, std::pair<std::size_t, std::uint64_t>> brought;  // by which action, as which
  for (const Op& op : schedule.ranks[static_cast<std::size_t>(pipeline_.rank())]) {
    Action action{.op = op, .text = to_text(op)};
    if (is_send(op.kind) || is_receive(op.kind)) action.lane = lane_of(op);
    if (is_receive(op.kind)) brought[{op.kind, op.stage, op.micro_batch}] = {actions_.size(), ++received[action.lane]};
    if (const auto receive = receive_of(schedule, op)) {
      action.lane = lane_of(*receive);
      std::tie(action.receive, action.message) = brought.at({receive->kind, receive->stage, receive->micro_batch});
    }
    actions_.push_back(std::move(action));
  }
}

void PipelineRunner::run() {
  if (fault_) throw Failure(*fault_);
  try {
    begin();
    for (const Action& action : actions_) {
      current_ = &action;
      perform(action);
    }
    finish();
  } catch (const Failure& failure) {
    end_with(failure.error());
  } catch (const std::exception& exception) {
    end_with({ErrorKind::internal, {}, exception.what(), {}});
  } catch (...) {
    end_with({ErrorKind::internal, {}, "something unknown was thrown", {}});
  }
}

void PipelineRunner::begin() {
  current_ = actions_.data();
  for (Lane& lane : lanes_) {
    lane.before = lane.thread->posted();
    lane.passed = lane.posted = 0;
    post_receives(lane);
  }
}

void PipelineRunner::perform(const Action& action) {
  const Op& op = action.op;
  if (is_send(op.kind)) return send(action);
  if (is_receive(op.kind)) {
    Lane& lane = lanes_[action.lane];
    ++lane.passed;
    return post_receives(lane);
  }
  if (ports_.enter) ports_.enter(action.text);
  if (action.receive != kNone) await(action);
  const std::int64_t begin = now();
  compute(op);
  if (ports_.settle) ports_.settle();
  tell(op, begin);
}

void PipelineRunner::await(const Action& action) {
  const std::int64_t begin = now();
  Lane& lane = lanes_[action.lane];
  wait_for(lane, actions_[action.receive], lane.before + action.message);
  tell(actions_[action.receive].op, begin);
}

void PipelineRunner::compute(const Op& op) {
  StageWork& stage = *stages_[static_cast<std::size_t>(op.stage)];
  if (op.kind == OpKind::reduce_gradient) return stage.reduce_gradients();
  if (op.kind == OpKind::step) return stage.step();
  if (op.kind == OpKind::weight_gradient) return stage.weight_gradient(op.micro_batch);
  Exchange& mine = exchange(op.stage, op.micro_batch);
  if (op.kind == OpKind::forward) {
    Tensor output = stage.forward(op.micro_batch, std::exchange(mine.input, {}));
    if (op.stage + 1 == static_cast<int>(stages_.size())) return;
    (is_here(op.stage + 1) ? exchange(op.stage + 1, op.micro_batch).input : mine.output) =
        checked(op, std::move(output));
    return;
  }
  const Tensor given = std::exchange(mine.output_gradient, {});
  Tensor gradient =
      op.kind == OpKind::backward ? stage.backward(op.micro_batch, given) : stage.input_gradient(op.micro_batch, given);
  if (op.stage == 0) return;
  (is_here(op.stage - 1) ? exchange(op.stage - 1, op.micro_batch).output_gradient : mine.input_gradient) =
      checked(op, std::move(gradient));
}

void PipelineRunner::send(const Action& action) {
  const std::int64_t begin = now();
  Exchange& mine = exchange(action.op.stage, action.op.micro_batch);
  Tensor message = std::exchange(action.op.kind == OpKind::send_forward ? mine.output : mine.input_gradient, {});
  Lane& lane = lanes_[action.lane];
  const auto buffers = static_cast<std::uint64_t>(buffers_);
  const std::uint64_t posted = lane.thread->posted();
  if (posted >= buffers) wait_for(lane, action, posted - buffers + 1);
  const std::uint64_t under_way = posted - lane.thread->carried();
  while (lane.sending.size() > under_way) lane.sending.pop_front();
  post(lane, message);
  lane.sending.push_back(std::move(message));
  lane.last_sent = &action;
  tell(action.op, begin);
}

void PipelineRunner::post_receives(Lane& lane) {
  for (; lane.posted < lane.receives.size() && lane.posted < lane.passed + static_cast<std::uint64_t>(buffers_);
       ++lane.posted) {
    const Op& op = lane.receives[lane.posted];
    StageWork& stage = *stages_[static_cast<std::size_t>(op.stage)];
    Exchange& mine = exchange(op.stage, op.micro_batch);
    const bool goes_forward = op.kind == OpKind::receive_forward;
    Tensor& space = goes_forward ? mine.input : mine.output_gradient;
    space = checked(
        op, goes_forward ? stage.make_input_space(op.micro_batch) : stage.make_output_gradient_space(op.micro_batch));
    post(lane, space);
  }
}

void PipelineRunner::finish() {
  for (Lane& lane : lanes_) {
    if (lane.last_sent == nullptr) continue;
    current_ = lane.last_sent;
    wait_for(lane, *lane.last_sent, lane.thread->posted());
    lane.sending.clear();
  }
}

void PipelineRunner::wait_for(Lane& lane, const Action& transfer, std::uint64_t carried) {
  const Stopwatch watch(waited_);
  awaited_ = &transfer;
  lane.thread->wait_for(carried);
  awaited_ = nullptr;
}

PipelineRunner::Cost PipelineRunner::cost() const {
  Cost sum{.waited_s = std::chrono::duration<double>(waited_).count()};
  for (const Lane& lane : lanes_) {
    const comm::Traffic traffic = lane.thread->traffic();
    sum.sent_bytes += traffic.payload_bytes + traffic.overhead_bytes;
  }
  return sum;
}

void PipelineRunner::end_with(Error error) {
  const int rank = pipeline_.rank();
  if (awaited_ != nullptr) {
    error.intention =
        fmt::format("do {} {} rank {} for {} on rank {} of the pipeline", awaited_->text,
                    is_send(awaited_->op.kind) ? "to" : "from", lanes_[awaited_->lane].peer, current_->text, rank);
  } else {
    if (!error.intention.empty()) error.cause = fmt::format("could not {}: {}", error.intention, error.cause);
    error.intention = fmt::format("do {} on rank {} of the pipeline", current_->text, rank);
  }
  pipeline_.cancel(fmt::format("rank {} of the pipeline has failed in {}: {}", rank, current_->text, error.cause));
  for (Lane& lane : lanes_) lane.thread->join();
  fault_ = std::move(error);
  throw Failure(*fault_);
}

void PipelineRunner::tell(const Op& op, std::int64_t begin_ns) {
  if (ports_.tell) ports_.tell({op, begin_ns, now()});
}

bool PipelineRunner::is_here(int stage) const { return stages_[static_cast<std::size_t>(stage)] != nullptr; }

PipelineRunner::Exchange& PipelineRunner::exchange(int stage, int micro_batch) {
  return exchanges_[static_cast<std::size_t>(stage) * static_cast<std::size_t>(micro_batches_) +
                    static_cast<std::size_t>(micro_batch)];
}

}  // namespace athanor::distributed
