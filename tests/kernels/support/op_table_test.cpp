// Every op there is has cases of every kind, and every gradient a check against differences. The ops are those with a
// CUDA kernel, which are all; what their cases are for is asked of this program itself, run without running them.
#include "cuda_op_headers.h"  // generated: the headers of all ops
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace athanor::kernels::test {
namespace {

const std::vector<std::string>& all_ops() {
  static const std::vector<std::string> ops = {
#define ATH_CUDA_TWIN(type, op) #op,
#include "cuda_twins.inc"  // generated: one line per CUDA kernel
#undef ATH_CUDA_TWIN
  };
  return ops;
}

template <class Args>
bool takes_strides() {
  if constexpr (ListsArrays<Args>)
    for (const auto& role : Args::arrays())
      if (role.takes_strides) return true;
  return false;
}

// Ops that say of an array that it may be strided.
const std::set<std::string>& strided_ops() {
  static const std::set<std::string> ops = [] {
    std::set<std::string> out;
#define ATH_CUDA_TWIN(type, op) \
  if (takes_strides<type>()) out.insert(#op);
#include "cuda_twins.inc"  // generated: one line per CUDA kernel
#undef ATH_CUDA_TWIN
    return out;
  }();
  return ops;
}

// What is not asked of an op, and why.
struct Exemption {
  const char *op, *kind, *why;
};
constexpr Exemption kExemptions[] = {
    {"cast", "cases", "every code and random numbers: base/number_format_test and cpu/widening_test"},
    {"attention", "mean", "scores of such queries and keys pick one key; softmax has the case"},
    {"attention_grad", "mean", "as attention"},
    {"contrastive_loss", "mean", "its rows are unit vectors"},
    {"contrastive_loss", "empty", "a loss of no pairs is refused by the front-end"},
    {"contrastive_loss_grad", "mean", "its rows are unit vectors"},
    {"contrastive_loss_grad", "empty", "a loss of no pairs is refused by the front-end"},
    {"conv2d", "mean", "the products of linear, whose case it is"},
    {"conv2d_grad", "mean", "the products of linear, whose case it is"},
    {"scaled_matmul", "mean", "its numbers are codes within the range of their format"},
    {"linear_cross_entropy", "mean", "the products of linear and the sums of cross_entropy, whose cases they are"},
    {"avg_pool2d_grad", "mean", "a quarter of one number"},
    {"max_pool2d_grad", "mean", "copies"},
    {"copy", "mean", "copies"},
    {"top_k_grad", "mean", "copies"},
    {"nearest_code", "mean", "a comparison of distances; its margin is measured in its own test"},
    {"nearest_code_grad", "mean", "copies and one product"},
    {"nearest_code", "blocks", "its cases count codes times rows"},
    {"nearest_code_grad", "blocks", "its cases count codes times rows"},
    {"giou_loss", "mean", "boxes lie within the unit square"},
    {"giou_loss_grad", "mean", "boxes lie within the unit square"},
    {"fill", "mean", "reads nothing"},
    {"fill_random", "mean", "reads nothing"},
    {"dropout", "mean", "one product of each number"},
    {"dequantize", "mean", "one product of each number"},
    {"quantize", "empty", "its own test Quantize.OddSizesAndNothing"},
    {"dequantize", "empty", "its own test"},
    {"adamw", "mean", "element by element, no sums"},
    {"lamb", "mean", "the sums of gradient_stats, whose case it is"},
    {"sgd", "mean", "element by element, no sums"},
};

bool exempt(const std::string& op, const std::string& kind) {
  for (const Exemption& exemption : kExemptions)
    if (op == exemption.op && kind == exemption.kind) return true;
  return false;
}

using Kinds = std::map<std::string, std::set<std::string>>;  // by op

const Kinds& listed_kinds() {
  static const Kinds kinds = [] {
    const testing_support::TemporaryFolder folder;
    const std::string file = (folder / "cases").string();
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    const std::string command =
        "ATHANOR_OP_CASES='" + file + "' '" + program + "' --gtest_filter=-OpTable.* > /dev/null 2>&1";
    static_cast<void>(std::system(command.c_str()));
    Kinds out;
    std::ifstream lines(file);
    std::string op, kind;
    while (lines >> op >> kind) out[op].insert(kind);
    return out;
  }();
  return kinds;
}

// "softmax_grad" -> "SoftmaxGrad"
std::string camel_case(const std::string& op) {
  std::string out;
  bool upper = true;
  for (const char letter : op) {
    if (letter != '_') out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter))) : letter;
    upper = letter == '_';
  }
  return out;
}

bool has_test(const std::string& suite_name, const std::string& test_name) {
  const auto& unit = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < unit.total_test_suite_count(); ++i) {
    const auto& suite = *unit.GetTestSuite(i);
    for (int j = 0; suite.name() == suite_name && j < suite.total_test_count(); ++j)
      if (suite.GetTestInfo(j)->name() == test_name) return true;
  }
  return false;
}

TEST(OpTable, EveryOpHasCasesOfEveryKind) {
  for (const std::string& op : all_ops()) {
    const auto found = listed_kinds().find(op);
    if (found == listed_kinds().end()) {
      EXPECT_TRUE(exempt(op, "cases")) << op << " has no cases";
      continue;
    }
    for (const char* kind : {"one", "odd", "blocks", "empty", "mean"})
      EXPECT_NE(found->second.contains(kind), exempt(op, kind))
          << op << (exempt(op, kind) ? " has a case although it is exempt: " : " has no case of kind ") << kind;
  }
}

TEST(OpTable, OpsThatTakeStridedArraysAndOnlyTheyHaveAStridedCase) {
  EXPECT_TRUE(strided_ops().contains("copy"));
  for (const std::string& op : all_ops()) {
    const auto found = listed_kinds().find(op);
    EXPECT_EQ(found != listed_kinds().end() && found->second.contains("strided"), strided_ops().contains(op)) << op;
  }
}

TEST(OpTable, EveryGradientIsHeldAgainstDifferences) {
  for (const std::string& op : all_ops()) {
    if (!op.ends_with("_grad")) continue;
    const std::string suite = camel_case(op);
    EXPECT_TRUE(has_test(suite, "AgreesWithDifferences")) << "TEST(" << suite << ", AgreesWithDifferences) is missing";
  }
}

}  // namespace
}  // namespace athanor::kernels::test
