#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

namespace athanor::kernels::test {

namespace {

constexpr std::byte kGuard{0x5A};
// Cases for one of everything, for odd sizes and for more than one block.
constexpr std::int64_t kFew = 16, kVector = 8, kManyElements = 4096;
constexpr std::size_t kGuardBytes = 256;  // keeps the alignment that real workspaces have

// Numbers that lie close together and far from 0, where sums of squares cancel.
bool far_from_zero(const std::vector<double>& values) {
  if (values.size() < 2) return false;
  double low = values.front(), high = low;
  for (const double value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return std::min(std::abs(low), std::abs(high)) >= 1e3 && low * high > 0.0 && low != high;
}

std::string first_difference(const Tolerance& tolerance, const std::vector<double>& got,
                             const std::vector<double>& want) {
  for (std::size_t i = 0; i < want.size(); ++i)
    if (!tolerance.accepts(got[i], want[i]))
      return "element " + std::to_string(i) + " is " + std::to_string(got[i]) + ", the reference says " +
             std::to_string(want[i]) + " (difference " + std::to_string((got[i] - want[i]) * 1e6) + "e-6)";
  return "none";
}

void expect_memory_respected(const OpMemory& memory) {
  for (const auto& block : memory.blocks()) {
    EXPECT_TRUE(block.guards_intact()) << block.name << ": something was written outside the view";
    if (block.role != OpMemory::Role::input) continue;
    EXPECT_TRUE(block.unchanged()) << block.name << ": an input was written to";
  }
}

void expect_same_values(const OpMemory& got, const OpMemory& want, bool on_cuda) {
  for (std::size_t i = 0; i < want.blocks().size(); ++i) {
    const auto& expected = want.blocks()[i];
    if (expected.role == OpMemory::Role::input) continue;
    const Tolerance tolerance = on_cuda ? expected.cuda_tolerance.value_or(expected.tolerance) : expected.tolerance;
    const std::vector<double> values = got.blocks()[i].values(), wanted = expected.values();
    EXPECT_TRUE(tolerance.accepts(values, wanted))
        << expected.name << ": " << first_difference(tolerance, values, wanted);
    EXPECT_TRUE(rejects_zeros(tolerance, wanted)) << expected.name << ": zeros would have passed";
    EXPECT_TRUE(rejects_shuffled(tolerance, wanted)) << expected.name << ": a shuffled result would have passed";
  }
}

void expect_same_bits(const OpMemory& got, const OpMemory& want, int threads) {
  for (std::size_t i = 0; i < want.blocks().size(); ++i)
    EXPECT_EQ(got.blocks()[i].payload(), want.blocks()[i].payload())
        << want.blocks()[i].name << ": other bits with " << threads << " threads than with one";
}

}  // namespace

bool listing_cases() { return std::getenv("ATHANOR_OP_CASES") != nullptr; }

void list_case(std::string_view reference, const OpMemory& memory, bool strided) {
  std::ofstream file(std::getenv("ATHANOR_OP_CASES"), std::ios::app);
  const std::string_view op = reference.substr(0, reference.find("_cpu_"));
  const auto tell = [&](const char* kind, bool holds) {
    if (holds) file << op << ' ' << kind << '\n';
  };
  std::int64_t largest = 0;
  bool one_of_a_list = false;
  bool empty = false, far = false, odd = false;
  for (const OpMemory::Block& block : memory.blocks()) {
    const std::int64_t count = block.view.numel();
    empty = empty || count == 0;
    largest = std::max(largest, count);
    odd = odd || (count > kVector && count % kVector != 0);
    one_of_a_list = one_of_a_list || (block.role == OpMemory::Role::updated && count == 1);
    far = far ||
          (block.role != OpMemory::Role::output && block.view.dtype == DType::f32 && far_from_zero(block.values()));
  }
  tell("cases", true);
  tell("one", one_of_a_list || (largest > 0 && largest <= kFew));
  tell("odd", odd);
  tell("blocks", largest >= kManyElements);
  tell("empty", empty);
  tell("mean", far);
  tell("strided", strided);
}

GuardedWorkspace::GuardedWorkspace(std::size_t bytes, std::string owner)
    : bytes_(bytes + 2 * kGuardBytes, kGuard), owner_(std::move(owner)) {}

GuardedWorkspace::~GuardedWorkspace() {
  const auto intact = [](auto begin, auto end) {
    return std::all_of(begin, end, [](std::byte b) { return b == kGuard; });
  };
  EXPECT_TRUE(intact(bytes_.begin(), bytes_.begin() + kGuardBytes)) << owner_ << " wrote before its workspace";
  EXPECT_TRUE(intact(bytes_.end() - static_cast<std::ptrdiff_t>(kGuardBytes), bytes_.end()))
      << owner_ << " wrote beyond its workspace";
}

void* GuardedWorkspace::data() { return bytes_.size() == 2 * kGuardBytes ? nullptr : bytes_.data() + kGuardBytes; }

void check_candidates(const std::string& case_name, const std::vector<BoundCandidate>& candidates) {
  SCOPED_TRACE(case_name);
  OpMemory want;
  ASSERT_TRUE(candidates.back().run(want, 1)) << "the reference refuses nothing";
  expect_memory_respected(want);
  for (const BoundCandidate& candidate : candidates) {
    SCOPED_TRACE(candidate.name);
    OpMemory one_thread;
    if (!candidate.run(one_thread, 1)) continue;
    expect_memory_respected(one_thread);
    expect_same_values(one_thread, want, candidate.on_cuda);
    if (candidate.on_cuda) {
      // Other code runs where vectors of four may be read.
      OpMemory aligned(OpMemory::Placement::aligned);
      candidate.run(aligned, 1);
      expect_memory_respected(aligned);
      expect_same_values(aligned, want, true);
    }
    for (const int threads : {2, 3}) {
      OpMemory more_threads;
      candidate.run(more_threads, threads);
      expect_memory_respected(more_threads);
      expect_same_bits(more_threads, one_thread, threads);
    }
  }
}

}  // namespace athanor::kernels::test
