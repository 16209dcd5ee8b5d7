// How texts become trees.
#include "core/query/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::query {
namespace {

// With a bracket for every node.
std::string shape(const Tree& tree, NodeId id) {
  const Node& node = tree[id];
  switch (node.kind) {
    case NodeKind::name: return node.quoted ? '`' + node.text + '`' : node.text;
    case NodeKind::literal: return '#' + node.text;
    case NodeKind::text: return '\'' + node.text + '\'';
    case NodeKind::truth: return node.text;
    case NodeKind::broken: return "?";
    default: break;
  }
  std::string text = "(" + (node.kind == NodeKind::call ? node.text : std::string(sign_of(node.kind)));
  for (const NodeId part : node.parts) text += ' ' + shape(tree, part);
  return text + ')';
}
std::string read(std::string_view text) {
  const Parsed parsed = parse_condition(text);
  std::string out = parsed.tree.empty() ? "" : shape(parsed.tree, parsed.tree.root_id());
  for (const Fault& fault : parsed.faults) {
    out.append(" | ").append(std::to_string(fault.position)).append("+").append(std::to_string(fault.length));
    out.append(" ").append(to_string(fault));
  }
  return out;
}

TEST(Parse, BindsOperatorsAsUsual) {
  EXPECT_EQ(read("a = 1 or b = 2 and not c = 3"), "(or (= a #1) (and (= b #2) (not (= c #3))))");
  EXPECT_EQ(read("a + b * -c - d < 1"), "(< (- (+ a (* b (- c))) d) #1)");
  EXPECT_EQ(read("(a + b) / 2 >= c"), "(>= (/ (+ a b) #2) c)");
  EXPECT_EQ(read("a = 1 b = 2 c"), "(and (= a #1) (= b #2) c)");
  EXPECT_EQ(read("a not in (1, x) or b"), "(or (not (in a #1 x)) b)");
}

TEST(Parse, TakesEverythingUpToSpacesAndOperatorsForOneWord) {
  EXPECT_EQ(read("two-tower train/loss is:running #12 3rd v1.2 don't R&D great! a|b [x] a-"),
            "(and two-tower train/loss is:running #12 3rd v1.2 don't R&D great! a|b [x] a-)");
  EXPECT_EQ(read("3e-4 40% 2h 1h30min 1.5k 2026-11-01"), "(and #3e-4 #40% #2h #1h30min #1.5k #2026-11-01)");
  EXPECT_EQ(read("grüße 日本語\xE3\x80\x80モデル"), "(and grüße 日本語 モデル)");
  EXPECT_EQ(read("a!=1"), "(!= a #1)");
  EXPECT_EQ(read("min(a)-1 > min(b)/2"), "(> (- (min a) #1) (/ (min b) #2))");
}

TEST(Parse, SearchesForArithmeticThatIsNoneButWords) {
  EXPECT_EQ(read("b16+aug"), "'b16+aug'");
  EXPECT_EQ(read("two -tower"), "(and two '-tower')");
  EXPECT_EQ(read("--set x"), "(and '--set' x)");
  EXPECT_EQ(read("run /data/x"), "(and run '/data/x')");
  EXPECT_EQ(read("/data/x run"), "(and '/data/x' run)");
  EXPECT_EQ(read("a - b and c"), "(and a '-' b c)");
  EXPECT_EQ(read("not -x"), "(not '-x')");
}

TEST(Parse, TakesWordsOfTheLanguageForWordsWhereTheyCanBeNothingElse) {
  EXPECT_EQ(read("trained in june"), "(and trained in june)");
  EXPECT_EQ(read("in in (a)"), "(in in a)");
  EXPECT_EQ(read("min max"), "(and min max)");
  EXPECT_EQ(read("min (a) > 1"), "(> (min a) #1)");
}

TEST(Parse, ReadsQuotesWithQuotesDoubledInside) {
  EXPECT_EQ(read("\"say \"\"a\"\" it's\" 'it''s'"), "(and 'say \"a\" it's' 'it's')");
  EXPECT_EQ(read("`a``b` = 1"), "(= `a`b` #1)");
  EXPECT_EQ(read("\"\\d+\""), "'\\d+'");
}

TEST(Parse, TakesAPatternWithoutQuotesUpToASpaceOrAForeignBracket) {
  EXPECT_EQ(read("(tag ~ a(b|c)*\\)[)] or x)"), "(or (~ tag 'a(b|c)*\\)[)]') x)");
  EXPECT_EQ(read("tag !~^a, b"), "(and (!~ tag '^a,') b)");
}

TEST(Parse, TellsEveryFaultWithItsPlaceAndGoesOn) {
  EXPECT_EQ(read("a ="), "(= a ?) | 3+0 the query ends here; expected is a name, a value or a condition");
  EXPECT_EQ(
      read("a = and b < or c"),
      "(or (and (= a ?) (< b ?)) c) | 4+3 \"and\" cannot stand here; expected is a name, a value or a condition | "
      "12+2 \"or\" cannot stand here; expected is a name, a value or a condition");
  EXPECT_EQ(read("(a and b"), "(and a b) | 0+1 this bracket is never closed");
  EXPECT_EQ(read("a) b"), "(and a b) | 1+1 \")\" cannot stand here; expected is the end");
  EXPECT_EQ(read("\"abc"), "'abc' | 0+4 this quote is never closed");
  EXPECT_EQ(read("1 < a < 3"),
            "(< #1 a) | 6+1 \"<\" cannot stand here; expected is and, or or the end: comparisons do not chain");
  EXPECT_EQ(read("min(a, b) > 1"),
            "(> (min a) #1) | 5+1 \",\" cannot stand here; expected is a closing bracket: functions take one value");
  EXPECT_EQ(read("a in ()"), "(in a ?) | 6+1 \")\" cannot stand here; expected is a name, a value or a condition");
}

TEST(Parse, RefusesWhatIsNestedTooDeepOrTooLong) {
  const auto many = [](const std::string& piece) {
    std::string text;
    for (int i = 0; i < 5'000; ++i) text.append(piece);
    return text;
  };
  const auto too_deep = testing::HasSubstr("nested too deep");
  EXPECT_THAT(read(many("(").append("a")), too_deep);
  EXPECT_THAT(read(many("a + ").append("1 > 0")), too_deep);
  EXPECT_THAT(read(many("-").append("a > 0")), too_deep);
  EXPECT_THAT(read(many("not ").append("a")), too_deep);
  EXPECT_TRUE(parse_condition(many("word ")).faults.empty()) << "side by side is not nested";
  EXPECT_THAT(read(std::string(100'000, 'a')), testing::HasSubstr("at most 65536 bytes"));
}

}  // namespace
}  // namespace athanor::query
