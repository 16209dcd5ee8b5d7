// What a rank tells, while others may be lost: it remembers the figures of the last step, which one that takes the
// place of rank 0 may need, and holds a recovery back until the first step after it is done, so that it says what each
// part of it took.
#pragma once

#include "core/journal/event.h"

#include <functional>
#include <optional>
#include <string>

namespace athanor::runner {

class Recount {
 public:
  using Tell = std::function<void(const journal::Payload&)>;
  explicit Recount(Tell tell) : tell_(std::move(tell)) {}

  void tell(const journal::Payload& payload);
  // Told before anything else that is not a span, and `owed` right after it.
  void hold(journal::Recovery recovery, std::optional<journal::MetricSamples> owed);

  // Nothing else will come: what is held back is told as it stands.
  void settle();

  // Of the last step done, as bytes; empty where there was none.
  [[nodiscard]] std::string figures() const;
  void set_figures(const std::string& bytes);
  [[nodiscard]] const std::optional<journal::MetricSamples>& last() const noexcept { return last_; }

 private:
  void release(bool is_step);

  Tell tell_;
  std::optional<journal::MetricSamples> last_;
  std::optional<journal::Recovery> recovery_;
  std::optional<journal::MetricSamples> owed_;
  std::int64_t held_since_ns_ = 0;
};

}  // namespace athanor::runner
