#include "core/data/tokenizer.h"

#include "core/base/files.h"
#include "tests/core/data/synthetic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace athanor::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Normalization kLatin{.strip_accents = true, .lowercase = true};

Tokenizer small_tokenizer() {
  return value_or_throw(
      Tokenizer::from_vocabulary({"[PAD]", "[UNK]", "cat", "face", "##s", "c", "##a", "##t", "-"}, kLatin));
}

TEST(Words, AreCleanedFoldedAndSplitAtPunctuation) {
  EXPECT_THAT(split_words("  Piñata-Ball\t(ﬁne) ", kLatin), ElementsAre("pinata", "-", "ball", "(", "fine", ")"));
  EXPECT_THAT(split_words("猫の顔", {.strip_accents = false}), ElementsAre("猫", "の", "顔"));
  EXPECT_THAT(split_words(std::string_view("a\0b", 3), kLatin), ElementsAre("ab"));
  EXPECT_THAT(split_words(" \n\u200B ", kLatin), IsEmpty());
}

TEST(Words, KeepJapaneseVoicingMarksWhenAccentsStay) {
  EXPECT_THAT(split_words("ガ", {.strip_accents = false}), ElementsAre("ガ"));
  EXPECT_THAT(split_words("ガ", kLatin), ElementsAre("カ"));
}

TEST(Tokenizer, TakesTheLongestPieceFirst) {
  const Tokenizer tokenizer = small_tokenizer();
  EXPECT_THAT(tokenizer.encode("Cats face", 8), ElementsAre(2, 4, 3));
  EXPECT_THAT(tokenizer.encode("ca", 8), ElementsAre(5, 6));
  EXPECT_THAT(tokenizer.encode("cat-dog", 8), ElementsAre(2, 8, kUnknownToken));
  EXPECT_THAT(tokenizer.encode("cat face cat face", 3), ElementsAre(2, 3, 2));
  EXPECT_EQ(tokenizer.decode({2, 4, 3, 0}), "cats face");
}

TEST(Tokenizer, NeverReturnsAnEmptyRow) {
  const Tokenizer tokenizer = small_tokenizer();
  for (const char* text : {"", " ", "\t\n", "\u200B", "\xff\xfe", "★"}) {
    EXPECT_THAT(tokenizer.encode(text, 4), ElementsAre(kUnknownToken)) << text;
  }
  EXPECT_THAT(tokenizer.encode("cat", 0), ElementsAre(2));
  EXPECT_THAT(tokenizer.encode(std::string(101, 'c'), 4), ElementsAre(kUnknownToken));
}

TEST(Tokenizer, AcceptsAnyBytes) {
  const Tokenizer tokenizer = small_tokenizer();
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& c : text)
      c = static_cast<char>(round % 2 == 0 ? random() : "cat fs-\xc3\xa9\xe7\x8c\xab"[random() % 12]);
    const int limit = static_cast<int>(random() % 6);
    const auto ids = tokenizer.encode(text, limit);
    ASSERT_GE(ids.size(), 1U);
    ASSERT_LE(ids.size(), static_cast<std::size_t>(std::max(1, limit)));
    ASSERT_THAT(ids, Each(::testing::AllOf(::testing::Gt(kPadToken), ::testing::Lt(tokenizer.vocabulary_size()))));
  }
}

TEST(Tokenizer, ReadsBackWhatItWrites) {
  const TemporaryFolder folder;
  const Tokenizer before = value_or_throw(
      Tokenizer::from_vocabulary({"[PAD]", "[UNK]", "猫", "##\"", "é"}, {.strip_accents = false, .lowercase = true}));
  ASSERT_TRUE(write_file_flushed(folder.path() / "t.json", before.to_json()));
  const auto after = Tokenizer::load(folder.path() / "t.json");
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_EQ(after->vocabulary(), before.vocabulary());
  EXPECT_FALSE(after->normalization().strip_accents);
  EXPECT_TRUE(after->normalization().lowercase);
}

TEST(Tokenizer, NamesWhatIsWrongWithAFile) {
  const TemporaryFolder folder;
  const auto load = [&](std::string_view text) {
    (void)write_file_flushed(folder.path() / "t.json", text);
    return Tokenizer::load(folder.path() / "t.json");
  };
  EXPECT_EQ(load("{").error().kind, ErrorKind::corrupt);
  EXPECT_EQ(load(R"({"model": {"type": "BPE", "vocab": {}}})").error().kind, ErrorKind::invalid_input);
  EXPECT_EQ(load(R"({"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 7}}})").error().kind, ErrorKind::corrupt);
  EXPECT_EQ(load(R"({"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 1}}})").error().kind,
            ErrorKind::invalid_input);
}

// The expected ids come from the Hugging Face tokenizers library reading the same tokenizer.json.
TEST(Tokenizer, AgreesWithThePeerLibrary) {
  const std::filesystem::path here = std::filesystem::path(ATH_SOURCE_DIR) / "tests/core/data";
  const auto cases = nlohmann::json::parse(value_or_throw(read_file(here / "tokenizer_peer.json")));
  const TemporaryFolder folder;
  int compared = 0;
  for (const auto& [name, one] : cases.items()) {
    ASSERT_TRUE(write_file_flushed(folder.path() / "t.json", one.at("tokenizer").dump()));
    const Tokenizer tokenizer = value_or_throw(Tokenizer::load(folder.path() / "t.json"));
    for (const auto& row : one.at("rows")) {
      const auto text = row.at(0).get<std::string>();
      EXPECT_EQ(tokenizer.encode(text, 1000), row.at(1).get<std::vector<std::int32_t>>()) << name << ": " << text;
      ++compared;
    }
  }
  EXPECT_GT(compared, 100);
}

TEST(WordPieceTrainer, LearnsFrequentWordsWhole) {
  const std::vector<std::string> texts = {"red cat", "red dog", "red cat", "bed"};
  const auto vocabulary = train_wordpiece(texts, 100, kLatin);
  EXPECT_EQ(vocabulary[0], "[PAD]");
  EXPECT_EQ(vocabulary[1], "[UNK]");
  EXPECT_THAT(vocabulary, ::testing::IsSupersetOf({"red", "cat", "b", "##ed", "d", "##o", "##g"}));
  // A word seen once is spelled, not stored.
  EXPECT_THAT(vocabulary, ::testing::Not(::testing::Contains("dog")));
}

TEST(WordPieceTrainer, KeepsToTheSizeAndKnowsEveryTextItSaw) {
  std::vector<std::string> texts;
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (int j = 0; j < 12; ++j) text += "abcde aab"[random() % 9];
    texts.push_back("x" + text);
  }
  const auto vocabulary = train_wordpiece(texts, 64, kLatin);
  EXPECT_EQ(vocabulary.size(), 64U);
  EXPECT_EQ(vocabulary, train_wordpiece(texts, 64, kLatin));
  const Tokenizer tokenizer = value_or_throw(Tokenizer::from_vocabulary(vocabulary, kLatin));
  for (const std::string& text : texts) EXPECT_THAT(tokenizer.encode(text, 99), Each(::testing::Ne(kUnknownToken)));
}

}  // namespace
}  // namespace athanor::data
