// Runs the registered tests whose names match one of the patterns of --gtest_filter (separated by colons, stars match
// anything) and prints one line for each.
// Status 0: all passed. 1: some failed. 77: no CUDA device, nothing ran.
#include "tests/kernels/support/device_hooks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <string_view>

namespace {

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  return !name.empty() && pattern[0] == name[0] && matches(pattern.substr(1), name.substr(1));
}

bool matches_any(std::string_view patterns, std::string_view name) {
  const auto colon = patterns.find(':');
  if (matches(patterns.substr(0, colon), name)) return true;
  return colon != std::string_view::npos && matches_any(patterns.substr(colon + 1), name);
}

bool passes(const testing::TestCase& test) {
  auto& registry = testing::Registry::instance();
  const int before = registry.failures;
  const auto begin = std::chrono::steady_clock::now();
  try {
    test.body();
  } catch (const std::exception& fault) {
    testing::Report("exception", 0, fault.what());
  }
  registry.traces.clear();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  const bool passed = registry.failures == before;
  std::cout << (passed ? "passed  " : "FAILED  ") << test.name << "  (" << static_cast<long>(took.count()) << " ms)\n";
  return passed;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::string_view kOption = "--gtest_filter=";
  std::string_view filter = "*";
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]).starts_with(kOption)) filter = std::string_view(argv[i]).substr(kOption.size());
  if (const char* refusal = athanor::kernels::test::cuda_refusal()) {
    std::cout << "nothing ran: " << refusal << "\n";
    return 77;
  }
  int ran = 0, failed = 0;
  for (const auto& test : testing::Registry::instance().tests) {
    if (!matches_any(filter, test.name)) continue;
    ++ran;
    failed += passes(test) ? 0 : 1;
  }
  std::cout << ran << " tests, " << failed << " failed\n";
  return failed == 0 && ran > 0 ? 0 : 1;
}
