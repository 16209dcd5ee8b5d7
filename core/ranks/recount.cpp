#include "core/ranks/recount.h"

#include "core/journal/codec.h"
#include "core/ranks/meeting_place.h"

#include <utility>

namespace athanor::runner {
namespace {

constexpr double kNanosecondsPerMillisecond = 1e6;

}  // namespace

void Recount::tell(const journal::Payload& payload) {
  const auto* figures = std::get_if<journal::MetricSamples>(&payload);
  const bool is_step = figures != nullptr && is_of_a_step(*figures);
  if (is_step) last_ = *figures;
  if (recovery_ && !std::holds_alternative<journal::Span>(payload)) release(is_step);
  tell_(payload);
}

void Recount::hold(journal::Recovery recovery, std::optional<journal::MetricSamples> owed) {
  recovery_ = std::move(recovery);
  owed_ = std::move(owed);
  held_since_ns_ = steady_now_ns();
}

void Recount::settle() {
  if (recovery_) release(/*is_step=*/false);
}

void Recount::release(bool is_step) {
  journal::Recovery recovery = *std::exchange(recovery_, std::nullopt);
  if (is_step) recovery.replay_ms = static_cast<double>(steady_now_ns() - held_since_ns_) / kNanosecondsPerMillisecond;
  tell_(recovery);
  if (const auto owed = std::exchange(owed_, std::nullopt)) tell_(*owed);
}

std::string Recount::figures() const { return last_ ? journal::encode(*last_) : std::string(); }

void Recount::set_figures(const std::string& bytes) {
  auto payload = journal::decode(journal::FrameType::metrics, bytes);
  auto* figures = payload ? std::get_if<journal::MetricSamples>(&*payload) : nullptr;
  last_ = figures ? std::optional(std::move(*figures)) : std::nullopt;
}

}  // namespace athanor::runner
