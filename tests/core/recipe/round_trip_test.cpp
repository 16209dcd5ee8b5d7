#include "core/recipe/prediction.h"
#include "core/recipe/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace athanor::recipe {
namespace {

using Engine = std::mt19937_64;

std::size_t below(Engine& engine, std::size_t bound) { return engine() % bound; }

std::string any_text(Engine& engine) {
  static const std::vector<std::string> kPieces = {"a", " ", "\"", "\\", "\t", "\n", "#",    "'",
                                                   "=", ",", "[",  "é",  "喵", "🐱",  "\x7f", "\x01"};
  std::string out = "x";
  for (std::size_t length = below(engine, 12); length > 0; --length) out += kPieces[below(engine, kPieces.size())];
  return out;
}

double any_real(Engine& engine, const Field& field) {
  const double share = std::generate_canonical<double, 53>(engine);
  return std::clamp(field.minimum + share * (field.maximum - field.minimum), field.minimum, field.maximum);
}

Value any_value(Engine& engine, const Field& field) {
  switch (field.type) {
    case FieldType::boolean: return below(engine, 2) == 1;
    case FieldType::integer:
      return static_cast<std::int64_t>(field.minimum) +
             static_cast<std::int64_t>(below(engine, static_cast<std::size_t>(field.maximum - field.minimum) + 1));
    case FieldType::real: return any_real(engine, field);
    case FieldType::text: return any_text(engine);
    case FieldType::choice: return field.choices[below(engine, field.choices.size())];
    case FieldType::list: break;
  }
  std::vector<std::string> words;
  for (const std::string& choice : field.choices) {
    if (below(engine, 2) == 1) words.push_back(choice);
  }
  return words;
}

TEST(RecipeRoundTrip, WhatIsWrittenIsReadBackWhateverTheValues) {
  Engine engine(7);
  for (int round = 0; round < 300; ++round) {
    Recipe recipe;
    for (const Field& field : fields()) {
      if (below(engine, 2) == 1) recipe.set(field.path, any_value(engine, field));
    }
    for (const Detail detail : {Detail::changed_only, Detail::everything}) {
      const std::string toml = to_toml(recipe, detail);
      const Parsed parsed = parse(toml);
      ASSERT_EQ(parsed.recipe.differences(recipe), std::vector<std::string>()) << toml;
      for (const Fault& fault : parsed.faults)
        ASSERT_FALSE(fault.reason.starts_with("syntax")) << to_string(fault, toml);
    }
  }
}

TEST(RecipeRoundTrip, SingleValuesSurviveTheirText) {
  Engine engine(11);
  for (int round = 0; round < 100; ++round) {
    for (const Field& field : fields()) {
      const Value value = any_value(engine, field);
      const auto back = parse_value(field, format_value(value));
      ASSERT_TRUE(back) << field.path << " " << format_value(value);
      ASSERT_EQ(*back, value) << field.path;
    }
  }
}

TEST(RecipeRoundTrip, DefaultsAreLeftOutUnlessAskedFor) {
  Recipe recipe;
  EXPECT_EQ(to_toml(recipe, Detail::changed_only), "");
  recipe.set("train.steps", std::int64_t{7});
  EXPECT_EQ(to_toml(recipe, Detail::changed_only), "[train]\nsteps = 7\n");
}

TEST(RecipeFuzz, RandomBytesNeverThrowAndAlwaysLeaveACompleteRecipe) {
  Engine engine(3);
  const std::string sample = to_toml(Recipe(), Detail::everything);
  static const std::string kAlphabet = "[]{}=\"'\n\r\t #.,-_0123456789abcdefnul\\\xff\xc3\x80";
  for (int round = 0; round < 3000; ++round) {
    std::string text = round % 3 == 0 ? std::string() : sample.substr(0, below(engine, sample.size()));
    for (std::size_t edits = 1 + below(engine, 30); edits > 0; --edits) {
      const char c = round % 2 == 0 ? static_cast<char>(engine()) : kAlphabet[below(engine, kAlphabet.size())];
      if (text.empty() || below(engine, 2) == 0) {
        text.insert(text.begin() + static_cast<std::ptrdiff_t>(below(engine, text.size() + 1)), c);
      } else {
        text[below(engine, text.size())] = c;
      }
    }
    const Parsed parsed = parse(text);
    for (const Field& field : fields()) ASSERT_EQ(parsed.recipe.value(field.path).index(), field.fallback.index());
  }
}

TEST(PredictionJson, RoundTripsAndRefusesOtherText) {
  Prediction prediction;
  prediction.model = "two_tower: \"x\"";
  prediction.parameters = 123;
  prediction.memory = {{"parameters", 10}, {"data", 20}};
  prediction.peak_memory_bytes = 30;
  prediction.steps_per_second = 1.5;
  prediction.seconds_to_finish = 120.25;
  prediction.notes = {{Topic::time, "Measured here."}, {Topic::memory, "Counted."}, {Topic::general, "Too large."}};
  prediction.schedule = {"1f1b", 2, 4, 0.2, {{0, 'F', 0, 0, 0, 0.25}, {1, 'W', 1, 3, 0.5, 1}}};
  const auto back = prediction_from_json(to_json(prediction));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(prediction));
  EXPECT_EQ(back->memory[1].bytes, 20);
  ASSERT_EQ(back->schedule.bars.size(), 2U);
  EXPECT_EQ(back->schedule.bars[1].kind, 'W');
  EXPECT_EQ(back->schedule.bars[1].micro_batch, 3);
  ASSERT_EQ(back->notes.size(), 3U);
  EXPECT_EQ(back->notes[0].topic, Topic::time);
  EXPECT_EQ(back->notes[1].topic, Topic::memory);
  EXPECT_EQ(back->notes[2].text, "Too large.");
  EXPECT_FALSE(prediction_from_json("{}"));
  EXPECT_FALSE(prediction_from_json("nonsense"));
}

}  // namespace
}  // namespace athanor::recipe
