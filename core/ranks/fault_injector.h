// Makes a rank suffer the faults that were asked for, at its beginning or while it goes on (asked_file()). It stands
// between the loop and its ports, and before what carries messages.
#pragma once

#include "core/comm/message.h"
#include "core/ranks/fault_plan.h"
#include "core/ranks/meeting_place.h"
#include "core/tensor/context.h"
#include "core/train/trainer.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace athanor::runner {

class FaultInjector {
 public:
  // `marks` is a folder where it is noted what has happened, so that a process which takes this one's place knows it;
  // empty where there will be none. Others may ask there for more. What is injected is said.
  using Say = std::function<void(const std::string&)>;
  FaultInjector(FaultPlan plan, int rank, std::filesystem::path marks, Say say);

  // The same ports, with faults between the parts of a step. This and the context outlive them.
  [[nodiscard]] train::Ports around(train::Ports ports, Context& context);
  // What damages messages, for comm::GroupOptions; any thread may call it, also after this is gone.
  [[nodiscard]] std::function<void(comm::Stamp&)> damager() const;

 private:
  void at(FaultMoment moment, std::int64_t step, Context& context);
  void look_for_more();
  // What a span has become that takes longer on purpose.
  [[nodiscard]] journal::Span dragged(journal::Span span, const std::function<std::int64_t()>& now_ns) const;
  [[nodiscard]] bool is_first_time(std::size_t fault, std::int64_t step);
  void suffer(const PlannedFault& fault, std::int64_t step, Context& context);
  [[noreturn]] void hang() const;

  FaultPlan plan_;
  std::vector<PlannedFault> asked_;  // meanwhile; each is suffered once, at its next moment
  int rank_;
  std::filesystem::path marks_;
  Say say_;
  std::set<std::pair<std::size_t, std::int64_t>> happened_;  // fault and step, of this process
  std::shared_ptr<std::atomic<int>> damage_;                 // FaultKind of the next message; negative: none
};

// From what was asked for (fault_plan.h); null where that is nothing and nobody can ask for more. Throws
// Failure(invalid_input).
[[nodiscard]] std::unique_ptr<FaultInjector> make_injector(const std::string& faults, const RankPlace& place,
                                                           FaultInjector::Say say);

}  // namespace athanor::runner
