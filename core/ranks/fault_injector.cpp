#include "core/ranks/fault_injector.h"

#include "core/base/files.h"
#include "core/journal/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace athanor::runner {
namespace {

// More than any machine has, and still a number of bytes.
constexpr std::int64_t kTooMuch = std::int64_t{1} << 50U;

std::optional<FaultMoment> moment_after(journal::SpanKind kind) {
  switch (kind) {
    case journal::SpanKind::data: return FaultMoment::data;
    case journal::SpanKind::forward: return FaultMoment::forward;
    case journal::SpanKind::backward: return FaultMoment::backward;
    case journal::SpanKind::optimizer: return FaultMoment::optimizer;
    case journal::SpanKind::evaluate: return FaultMoment::evaluate;
    case journal::SpanKind::checkpoint: return FaultMoment::checkpoint;
    default: return std::nullopt;
  }
}

void damage(comm::Stamp& stamp, FaultKind kind) {
  if (kind == FaultKind::message) stamp.sequence ^= 0x4000'0000U;
  if (kind == FaultKind::size) stamp.call_bytes += 4;
  if (kind == FaultKind::order)
    stamp.op = stamp.op == comm::Op::all_reduce ? comm::Op::all_gather : comm::Op::all_reduce;
}

}  // namespace

FaultInjector::FaultInjector(FaultPlan plan, int rank, std::filesystem::path marks, Say say)
    : plan_(std::move(plan)),
      rank_(rank),
      marks_(std::move(marks)),
      say_(std::move(say)),
      damage_(std::make_shared<std::atomic<int>>(-1)) {}

train::Ports FaultInjector::around(train::Ports ports, Context& context) {
  train::Ports out = ports;
  out.tell = [this, &context, tell = ports.tell, now_ns = ports.now_ns](const journal::Payload& payload) {
    const auto* figures = std::get_if<journal::MetricSamples>(&payload);
    if (figures && is_of_a_step(*figures)) at(FaultMoment::tell, figures->step, context);
    const auto* span = std::get_if<journal::Span>(&payload);
    tell(span ? journal::Payload(dragged(*span, now_ns)) : payload);
    const auto moment = span ? moment_after(span->kind) : std::nullopt;
    if (moment) at(*moment, span->step, context);
  };
  out.save = [this, &context, save = ports.save](std::int64_t step) {
    at(FaultMoment::save, step, context);
    save(step);
  };
  return out;
}

std::function<void(comm::Stamp&)> FaultInjector::damager() const {
  return [pending = damage_](comm::Stamp& stamp) {
    if (pending->load(std::memory_order_relaxed) < 0) return;
    if (const int kind = pending->exchange(-1); kind >= 0) damage(stamp, static_cast<FaultKind>(kind));
  };
}

void FaultInjector::at(FaultMoment moment, std::int64_t step, Context& context) {
  if (moment == FaultMoment::data) look_for_more();
  const auto due = std::ranges::stable_partition(asked_, [&](const auto& fault) { return fault.at != moment; });
  const std::vector<PlannedFault> now(due.begin(), due.end());
  asked_.erase(due.begin(), due.end());
  for (const PlannedFault& fault : now) suffer(fault, step, context);
  for (std::size_t fault = 0; fault < plan_.faults.size(); ++fault)
    if (plan_.is_due(fault, rank_, step, moment) && is_first_time(fault, step))
      suffer(plan_.faults[fault], step, context);
}

void FaultInjector::look_for_more() {
  if (marks_.empty()) return;
  const std::filesystem::path file = asked_file(marks_, rank_);
  const auto text = read_file(file);
  if (!text) return;
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  const auto plan = read_fault_plan(*text);
  if (!plan) return say_(plan.error().message());
  for (const PlannedFault& fault : plan->faults) {
    auto& faults = fault.kind == FaultKind::drag ? plan_.faults : asked_;
    faults.push_back(fault);
  }
}

journal::Span FaultInjector::dragged(journal::Span span, const std::function<std::int64_t()>& now_ns) const {
  using enum journal::SpanKind;
  const double factor = plan_.drag(rank_, span.step);
  const bool computes =
      span.kind == forward || span.kind == backward || span.kind == input_gradient || span.kind == weight_gradient;
  if (factor <= 1 || !computes) return span;
  const auto more = static_cast<double>(span.end_ns - span.begin_ns) * (factor - 1);
  std::this_thread::sleep_for(std::chrono::nanoseconds(static_cast<std::int64_t>(more)));
  span.end_ns = now_ns();
  return span;
}

bool FaultInjector::is_first_time(std::size_t fault, std::int64_t step) {
  if (plan_.faults[fault].again) return true;
  if (marks_.empty()) return happened_.emplace(fault, step).second;
  const auto mark = marks_ / fmt::format("fault-{}-{}-{}", fault, rank_, step);
  const int file = ::open(mark.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
  return file >= 0;
}

void FaultInjector::suffer(const PlannedFault& fault, std::int64_t step, Context& context) {
  say_(fmt::format("Injected into rank {} at step {}, in {}: {}", rank_, step, to_string(fault.at),
                   to_string(fault.kind)));
  switch (fault.kind) {
    case FaultKind::kill: ::raise(SIGKILL); return;
    case FaultKind::stop: ::raise(SIGSTOP); return;
    case FaultKind::hang:
    case FaultKind::loader: hang();
    case FaultKind::slow: std::this_thread::sleep_for(std::chrono::milliseconds(fault.pause_ms)); return;
    case FaultKind::drag: return;
    case FaultKind::memory: (void)context.empty({kTooMuch}, DType::u8); return;
    case FaultKind::message:
    case FaultKind::size:
    case FaultKind::order: damage_->store(static_cast<int>(fault.kind)); return;
    case FaultKind::disk:
      throw Failure(ErrorKind::io, fmt::format("save step {}", step), "No space left on device (injected)",
                    "free some disk space and go on with --resume");
  }
}

std::unique_ptr<FaultInjector> make_injector(const std::string& faults, const RankPlace& place,
                                             FaultInjector::Say say) {
  FaultPlan plan = value_or_throw(read_fault_plan(faults));
  if (plan.faults.empty() && place.meeting.empty()) return nullptr;
  return std::make_unique<FaultInjector>(std::move(plan), place.rank, place.meeting, std::move(say));
}

// Deaf to everything but a signal that kills.
void FaultInjector::hang() const {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

}  // namespace athanor::runner
