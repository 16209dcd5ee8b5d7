// One row of a table of op cases yields everything: every candidate, on every device there is, against the reference,
// CUDA kernels also on narrow arrays, the same bits for 1, 2 and 3 threads, guards around all memory, inputs untouched,
// and a tolerance that would have refused a wrong answer.
#pragma once

#include "kernels/base/error.h"
#include "kernels/base/launch.h"
#include "tests/kernels/support/cuda_twin.h"
#include "tests/kernels/support/narrow_twin.h"
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

// The op on the CPU with the arrays in whatever format they have.
template <class Args>
void run_twin(const OpUnderTest<Args>& op, const Args& args) {
  Exec exec;
  const auto& taken = choose<Args>(exec, args, op.candidates);
  if (const auto bytes = taken.workspace_bytes ? taken.workspace_bytes : op.workspace_bytes)
    exec.workspace_bytes = bytes(exec, args);
  exec.workspace_bytes += widening_bytes(exec, args);
  std::vector<std::byte> workspace(exec.workspace_bytes);
  exec.workspace = workspace.data();
  launch<Args>("twin", exec, args, op.candidates, nullptr);
}

// What the CUDA kernel does with the first `groups` groups of arrays in f16 or bf16.
template <class Args>
void check_narrow(const OpUnderTest<Args>& op, const Candidate<Args>& kernel, const OpCase<Args>& op_case, DType format,
                  int groups) {
  SCOPED_TRACE(op_case.name + " in " + to_string(format));
  OpMemory device, host;
  NarrowMemory on_device(format, format == DType::f16 ? 1 : 0), on_host(format, 0);
  const Args wide = op_case.build(device), args = narrowed(wide, groups, on_device);
  const Args twin = narrowed(op_case.build(host), groups, on_host);
  EXPECT_EQ(widening_bytes(Exec{.device = {DeviceKind::cuda, 0}}, args), 0u) << "the gate would widen it";
  if (!runs(op, kernel, args, 1)) return;
  run_twin(op, twin);
  expect_twins(args, twin, wide, device, format);
  EXPECT_TRUE(on_device.guards_intact()) << "something was written outside an array";
}

template <class Args>
void check_narrow_twins(const OpUnderTest<Args>& op, const OpCase<Args>& op_case) {
  for (const auto& kernel : with_cuda(op.candidates)) {
    if (!is_cuda(kernel.name) || kernel.why_not(Exec{}, Args{})) continue;
    for (const DType format : {DType::f16, DType::bf16})
      for (int groups = 1; groups <= narrow_groups<Args>(); ++groups) check_narrow(op, kernel, op_case, format, groups);
  }
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
      if constexpr (narrow_groups<Args>() > 0) check_narrow_twins(op, op_case);
      continue;
    }
    OpMemory memory;
    const bool strided = has_strided_array(op_case.build(memory));
    list_case(op.candidates.back().name, memory, strided);
  }
}

}  // namespace athanor::kernels::test
