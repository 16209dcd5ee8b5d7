// A query over the newest points of a run's metrics. One thread.
#pragma once

#include "core/alerts/window.h"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace athanor::alerts {

class Condition {
 public:
  // Over these metrics. Null where it names others, or can not be read.
  [[nodiscard]] static std::unique_ptr<Condition> bind(const std::string& text, int window,
                                                       std::span<const std::string> names);
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  ~Condition();

  // Of the metrics it names.
  [[nodiscard]] std::map<std::string, Window>& windows();
  [[nodiscard]] bool holds(std::int64_t step) const;

 private:
  struct State;
  explicit Condition(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace athanor::alerts
