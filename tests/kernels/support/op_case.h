// One row of a table of op cases yields everything: every candidate, on every device there is, against the reference,
// the same bits for 1, 2 and 3 threads, guards around all memory, inputs untouched, and a tolerance that would have
// refused a wrong answer.
#pragma once

#include "kernels/base/error.h"
#include "kernels/base/launch.h"
#include "tests/kernels/support/cuda_twin.h"
#include "tests/kernels/support/op_memory.h"

#include <functional>
#include <string>
#include <vector>

namespace athanor::kernels::test {

template <class Args>
struct OpCase {
  std::string name;
  std::function<Args(OpMemory&)> build;  // called anew for every run; must give the same values each time
};

template <class Args>
struct OpUnderTest {
  Candidates<Args> candidates;
  std::size_t (*workspace_bytes)(const Exec&, const Args&) = nullptr;
};

// One call, with type and arguments bound: the part of the check that is not a template.
struct BoundCandidate {
  std::string name;
  bool on_cuda = false;
  // Runs on fresh memory with this many threads. False when the candidate refuses the arguments.
  std::function<bool(OpMemory& memory, int threads)> run;
};

// Reports failures through GoogleTest. The last candidate is the reference.
void check_candidates(const std::string& case_name, const std::vector<BoundCandidate>& candidates);

// Workspace with guards; the destructor reports an overrun through GoogleTest.
class GuardedWorkspace {
 public:
  GuardedWorkspace(std::size_t bytes, std::string owner);
  ~GuardedWorkspace();
  GuardedWorkspace(const GuardedWorkspace&) = delete;
  GuardedWorkspace& operator=(const GuardedWorkspace&) = delete;
  [[nodiscard]] void* data();

 private:
  std::vector<std::byte, SharedAllocator<std::byte>> bytes_;
  std::string owner_;
};

// Calls one candidate with the workspace that it, or else the op, asks for.
template <class Args>
void run_candidate(const OpUnderTest<Args>& op, const Candidate<Args>& candidate, const Args& args, int threads) {
  Exec exec;
  exec.threads = threads;
  if (is_cuda(candidate.name)) exec.device.kind = DeviceKind::cuda;
  const auto workspace_bytes = candidate.workspace_bytes ? candidate.workspace_bytes : op.workspace_bytes;
  exec.workspace_bytes = workspace_bytes ? workspace_bytes(exec, args) : 0;
  GuardedWorkspace workspace(exec.workspace_bytes, candidate.name);
  exec.workspace = workspace.data();
  candidate.run(exec, args);
}

// False when the build lacks a library that the candidate calls.
template <class Args>
bool runs(const OpUnderTest<Args>& op, const Candidate<Args>& candidate, const Args& args, int threads) {
  try {
    run_candidate(op, candidate, args, threads);
    return true;
  } catch (const Failure& failure) {
    if (failure.error().kind == ErrorKind::unavailable) return false;
    throw;
  }
}

// For a test that looks at one call itself: false, and nothing done, where this machine cannot run the candidate.
template <class Args>
bool could_run(const OpUnderTest<Args>& op, const Candidate<Args>& candidate, const Args& args) {
  if (candidate.why_not && candidate.why_not(Exec{}, args)) return false;
  return runs(op, candidate, args, 1);
}

template <class Args>
std::vector<BoundCandidate> bind_candidates(const OpUnderTest<Args>& op, const OpCase<Args>& op_case) {
  std::vector<BoundCandidate> bound;
  for (const Candidate<Args>& candidate : with_cuda(op.candidates))
    bound.push_back({candidate.name, is_cuda(candidate.name),
                     [op, candidate, build = op_case.build](OpMemory& memory, int threads) {
                       const Args args = build(memory);
                       if (candidate.why_not && candidate.why_not(Exec{}, args)) return false;
                       return runs(op, candidate, args, threads);
                     }});
  return bound;
}

// With ATHANOR_OP_CASES=<file> in the environment, cases are not run: what each one is for is appended to the file, as
// "<op> <kind>" (see op_table_test.cpp).
[[nodiscard]] bool listing_cases();
void list_case(std::string_view reference, const OpMemory& memory, bool strided);

template <class Args>
[[nodiscard]] bool has_strided_array(const Args& args) {
  bool strided = false;
  if constexpr (ListsArrays<Args>)
    for (const auto& role : Args::arrays()) {
      const View& view = args.*role.view;
      strided = strided || (view.present() && !view.contiguous());
    }
  return strided;
}

template <class Args>
void check_cases(const OpUnderTest<Args>& op, const std::vector<OpCase<Args>>& cases) {
  for (const OpCase<Args>& op_case : cases) {
    if (!listing_cases()) {
      check_candidates(op_case.name, bind_candidates(op, op_case));
      continue;
    }
    OpMemory memory;
    const bool strided = has_strided_array(op_case.build(memory));
    list_case(op.candidates.back().name, memory, strided);
  }
}

}  // namespace athanor::kernels::test
