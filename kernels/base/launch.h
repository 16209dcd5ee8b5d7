// How an op's implementations are listed and chosen; kernels/cpu/launch.h is the gate that calls them.
//
// An op lists its CPU candidates in order of preference, the plain reference last. The reference refuses nothing, so a
// choice always exists. Which candidate runs depends on the arguments and on the machine, never on the thread count.
#pragma once

#include "kernels/base/exec.h"

#include <span>
#include <string>

namespace athanor::kernels {

template <class Args>
struct Candidate {
  const char* name;  // "<op>_cpu_<how>", where <how> is a fact about the method
  // The reason this candidate cannot take these arguments, or null when it can. A null function refuses nothing.
  const char* (*why_not)(const Exec& exec, const Args& args);
  void (*run)(const Exec& exec, const Args& args);
  // Scratch this candidate needs; null where it needs none, or what the op's own *_workspace_bytes says.
  std::size_t (*workspace_bytes)(const Exec& exec, const Args& args) = nullptr;
};

template <class Args>
using Candidates = std::span<const Candidate<Args>>;

// Tells the sink, if there is one, of a launch for as long as it lives.
class TraceScope {
 public:
  TraceScope(const Exec& exec, const char* op) : sink_(exec.trace), op_(op) {
    if (sink_) sink_->begin(op_);
  }
  ~TraceScope() {
    if (sink_) sink_->end(op_);
  }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  TraceSink* sink_;
  const char* op_;
};

template <class Args>
[[nodiscard]] const Candidate<Args>& choose(const Exec& exec, const Args& args, Candidates<Args> candidates) {
  for (const auto& candidate : candidates)
    if (!candidate.why_not || !candidate.why_not(exec, args)) return candidate;
  return candidates.back();
}

// One line per candidate up to the one taken: "<name>: taken" or "<name>: <why not>". For diagnosis.
template <class Args>
[[nodiscard]] std::string describe_choice(const Exec& exec, const Args& args,
                                          std::span<const Candidate<Args>> candidates) {
  std::string text;
  for (const auto& candidate : candidates) {
    const char* reason = candidate.why_not ? candidate.why_not(exec, args) : nullptr;
    text += std::string(candidate.name) + ": " + (reason ? reason : "taken") + "\n";
    if (!reason) break;
  }
  return text;
}

}  // namespace athanor::kernels
