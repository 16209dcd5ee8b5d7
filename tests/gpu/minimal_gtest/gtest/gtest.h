// As much of GoogleTest as the op cases use, for machines without it: TEST, the common EXPECT_ and ASSERT_ macros,
// SCOPED_TRACE, --gtest_filter with stars. Failures are printed as they happen; see main.cpp beside this folder.
#pragma once

#include <cmath>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace testing {

struct TestCase {
  std::string name;
  std::function<void()> body;
};

struct Registry {
  std::vector<TestCase> tests;
  std::vector<std::string> traces;
  int failures = 0;

  static Registry& instance() {
    static Registry registry;
    return registry;
  }
};

struct Registration {
  Registration(const char* suite, const char* name, std::function<void()> body) {
    Registry::instance().tests.push_back({std::string(suite) + "." + name, std::move(body)});
  }
};

class ScopedTrace {
 public:
  explicit ScopedTrace(const std::string& text) { Registry::instance().traces.push_back(text); }
  ~ScopedTrace() { Registry::instance().traces.pop_back(); }
  ScopedTrace(const ScopedTrace&) = delete;
  ScopedTrace& operator=(const ScopedTrace&) = delete;
};

// Collects what follows << and prints the failure with its traces when the statement ends.
class Report {
 public:
  Report(const char* file, int line, const char* what) { text_ << file << ":" << line << ": " << what << "\n  "; }
  ~Report() {
    Registry& registry = Registry::instance();
    ++registry.failures;
    std::cout << text_.str() << "\n";
    for (const auto& trace : registry.traces) std::cout << "  in " << trace << "\n";
  }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  template <class T>
  Report& operator<<(const T& value) {
    text_ << value;
    return *this;
  }

 private:
  std::ostringstream text_;
};

// Gives `return Voidify() & (Report << …)` the type void.
struct Voidify {
  void operator&(const Report&) const {}
};

}  // namespace testing

#define ATH_TEST_NAME(suite, name) suite##_##name##_body
#define TEST(suite, name)                                                                                        \
  static void ATH_TEST_NAME(suite, name)();                                                                      \
  static const ::testing::Registration suite##_##name##_registration(#suite, #name, ATH_TEST_NAME(suite, name)); \
  static void ATH_TEST_NAME(suite, name)()

#define ATH_EXPECT(condition, what) \
  if (condition) {                  \
  } else                            \
    ::testing::Report(__FILE__, __LINE__, what)
#define ATH_ASSERT(condition, what) \
  if (condition) {                  \
  } else                            \
    return ::testing::Voidify() & ::testing::Report(__FILE__, __LINE__, what)

#define EXPECT_TRUE(a) ATH_EXPECT(static_cast<bool>(a), "not true: " #a)
#define EXPECT_FALSE(a) ATH_EXPECT(!static_cast<bool>(a), "not false: " #a)
#define EXPECT_EQ(a, b) ATH_EXPECT((a) == (b), "not equal: " #a ", " #b)
#define EXPECT_NE(a, b) ATH_EXPECT((a) != (b), "equal: " #a ", " #b)
#define EXPECT_LT(a, b) ATH_EXPECT((a) < (b), "not less: " #a ", " #b)
#define EXPECT_LE(a, b) ATH_EXPECT((a) <= (b), "greater: " #a ", " #b)
#define EXPECT_GT(a, b) ATH_EXPECT((a) > (b), "not greater: " #a ", " #b)
#define EXPECT_GE(a, b) ATH_EXPECT((a) >= (b), "less: " #a ", " #b)
#define EXPECT_NEAR(a, b, distance) ATH_EXPECT(std::abs((a) - (b)) <= (distance), "not near: " #a ", " #b)
#define EXPECT_STREQ(a, b) ATH_EXPECT(std::string(a) == std::string(b), "not the same text: " #a ", " #b)
#define ASSERT_TRUE(a) ATH_ASSERT(static_cast<bool>(a), "not true: " #a)
#define ASSERT_EQ(a, b) ATH_ASSERT((a) == (b), "not equal: " #a ", " #b)
#define ASSERT_LT(a, b) ATH_ASSERT((a) < (b), "not less: " #a ", " #b)
#define ADD_FAILURE() ::testing::Report(__FILE__, __LINE__, "failure")
#define ATH_JOIN_NOW(a, b) a##b
#define ATH_JOIN(a, b) ATH_JOIN_NOW(a, b)
#define SCOPED_TRACE(text) const ::testing::ScopedTrace ATH_JOIN(ath_trace_, __LINE__)(text)
