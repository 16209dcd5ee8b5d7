// The real all-MiniLM-L6-v2 against what its makers' libraries compute (tests/golden/minilm/make.py).
#include "tests/core/train/minilm.h"

#include "core/base/digest.h"
#include "core/checkpoint/safetensors.h"
#include "core/data/tokenizer.h"
#include "core/nn/finetune.h"
#include "core/ops/norm.h"
#include "core/train/pretrained.h"
#include "tests/support/temporary_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace athanor::train {
namespace {

using testing::HasSubstr;

constexpr double kFarthest = 1e-4;  // cosine distance

std::string utf8(std::uint32_t point) {
  const unsigned tails = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr unsigned kLeads[] = {0, 0xC0, 0xE0, 0xF0};
  std::string out;
  out.push_back(static_cast<char>(kLeads[tails] | point >> (6 * tails)));
  for (unsigned left = tails; left > 0; --left) {
    out.push_back(static_cast<char>(0x80U | (point >> (6 * (left - 1)) & 0x3FU)));
  }
  return out;
}

double cosine_distance(std::span<const float> a, std::span<const float> b) {
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return 1.0 - dot / std::sqrt(aa * bb);
}

class MiniLm {
 public:
  MiniLm() : encoder_(nn::Scope(context_, parameters_, 1, "text_tower.encoder"), minilm_config()) {
    loaded = value_or_throw(
        load_pretrained(context_, parameters_.all(), "text_tower.encoder", minilm_folder(), checkpoint::bert_names()));
    context_.set_training(false);
  }

  // Unit rows [texts, width], a batch padded to the longest.
  std::vector<float> embed(const std::vector<std::vector<std::int32_t>>& texts) {
    const NoGradient no_gradient(context_);
    std::size_t longest = 0;
    for (const auto& ids : texts) longest = std::max(longest, ids.size());
    std::vector<std::int32_t> table(texts.size() * longest, 0), lengths;
    for (std::size_t row = 0; row < texts.size(); ++row) {
      std::ranges::copy(texts[row], table.begin() + static_cast<std::ptrdiff_t>(row * longest));
      lengths.push_back(static_cast<std::int32_t>(texts[row].size()));
    }
    const auto rows = static_cast<std::int64_t>(texts.size());
    const Tensor ids_BT =
        context_.upload(std::span<const std::int32_t>(table), {rows, static_cast<std::int64_t>(longest)});
    const Tensor lengths_B = context_.upload(std::span<const std::int32_t>(lengths), {rows});
    return context_.download(ops::l2_normalize(context_, encoder_.pooled(context_, ids_BT, lengths_B)).value());
  }

  nn::ParameterSet& parameters() { return parameters_; }
  Context& context() { return context_; }
  Pretrained loaded;

 private:
  Context context_{{.threads = 2, .seed = 1}};
  nn::ParameterSet parameters_;
  models::BertEncoder encoder_;
};

std::vector<float> reference_embeddings() {
  auto reader = value_or_throw(checkpoint::SafetensorsReader::open(golden_minilm() / "embeddings.safetensors"));
  return value_or_throw(reader.read_numbers(*reader.find("embeddings")));
}

TEST(MiniLm, TokenIdsAreThoseOfThePeerLibraryForEveryText) {
  ATH_NEED_MINILM();
  const Reference reference = read_reference();
  ASSERT_EQ(reference.rows.size(), 200U);
  for (const char* file : {"tokenizer.json", "vocab.txt"}) {
    const auto tokenizer = value_or_throw(data::Tokenizer::load(minilm_folder() / file));
    for (const ReferenceRow& row : reference.rows) {
      EXPECT_EQ(tokenizer.encode(row.text, reference.max_tokens), row.ids) << file << ": " << row.text;
    }
  }
}

TEST(MiniLm, EveryCodePointIsCleanedAndCutAsThePeerLibraryDoes) {
  Sha256 digest;
  const data::Normalization normalization{.compatible = false};
  for (std::uint32_t point = 0; point < 0x110000; ++point) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    const auto words = data::split_words(fmt::format("a{}b", utf8(point)), normalization);
    digest.add(fmt::format("{:x} {}\n", point, fmt::join(words, "\x01")));
  }
  EXPECT_EQ(digest.finish(), read_reference().code_points_sha256);
}

TEST(MiniLm, EmbeddingsAreThoseOfSentenceTransformers) {
  ATH_NEED_MINILM();
  const Reference reference = read_reference();
  const std::vector<float> expected = reference_embeddings();
  const auto width = static_cast<std::size_t>(minilm_config().width);
  ASSERT_EQ(expected.size(), reference.rows.size() * width);
  MiniLm model;
  double farthest = 0;
  constexpr std::size_t kBatch = 8;  // of mixed lengths, so that padding must not matter
  for (std::size_t first = 0; first < reference.rows.size(); first += kBatch) {
    std::vector<std::vector<std::int32_t>> ids;
    for (std::size_t i = first; i < std::min(first + kBatch, reference.rows.size()); ++i) {
      ids.push_back(reference.rows[i].ids);
    }
    const std::vector<float> ours = model.embed(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const double distance = cosine_distance(std::span(ours).subspan(i * width, width),
                                              std::span(expected).subspan((first + i) * width, width));
      EXPECT_LE(distance, kFarthest) << reference.rows[first + i].text;
      farthest = std::max(farthest, distance);
    }
  }
  RecordProperty("farthest_cosine_distance", fmt::format("{:.3g}", farthest));
  // The measure itself can tell texts apart.
  EXPECT_GT(
      cosine_distance(std::span(expected).subspan(2 * width, width), std::span(expected).subspan(3 * width, width)),
      0.1);
}

TEST(MiniLm, EveryWeightHasAPlaceAndWhatHasNoneIsTold) {
  ATH_NEED_MINILM();
  const MiniLm model;
  EXPECT_THAT(model.loaded.unused,
              testing::UnorderedElementsAre("embeddings.position_ids", "pooler.dense.bias", "pooler.dense.weight"));
  EXPECT_EQ(model.loaded.numel, 22'565'376);
}

TEST(MiniLm, AdaptersAreAFiftiethOfTheTowerAndMergeWithoutATrace) {
  ATH_NEED_MINILM();
  MiniLm model;
  nn::FinetuneOptions options;
  options.freeze = {"text_tower.encoder"};
  options.lora_targets = {"text_tower.encoder.blocks"};
  options.lora = {.rank = 8, .alpha = 16};
  nn::apply_finetune(model.context(), model.parameters(), options, 1);
  const double share =
      static_cast<double>(nn::trainable_numel(model.parameters())) / static_cast<double>(model.parameters().numel());
  EXPECT_GT(share, 0.001);
  EXPECT_LE(share, 0.02);

  const std::vector<std::vector<std::int32_t>> texts = {{101, 1037, 4937, 102}, {101, 2054, 2003, 1996, 3007, 102}};
  const auto plain = model.embed(texts);
  std::uint64_t seed = 5;
  for (const Parameter& parameter : model.parameters().all()) {
    if (!parameter->path.ends_with("lora_b")) continue;
    std::vector<float> values(static_cast<std::size_t>(parameter->value.numel()));
    for (float& value : values) {
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      value = (static_cast<float>(seed >> 40U) / 16777216.0F - 0.5F) * 0.05F;
    }
    model.context().write(parameter->value, values);
  }
  const auto apart = model.embed(texts);
  nn::merge_low_rank(model.context(), model.parameters());
  const auto merged = model.embed(texts);
  nn::unmerge_low_rank(model.context(), model.parameters());
  const auto back = model.embed(texts);
  double moved = 0;
  for (std::size_t i = 0; i < apart.size(); ++i) {
    EXPECT_NEAR(apart[i], merged[i], 1e-5) << i;
    EXPECT_NEAR(apart[i], back[i], 1e-5) << i;
    moved = std::max(moved, std::abs(static_cast<double>(apart[i]) - plain[i]));
  }
  EXPECT_GT(moved, 1e-2);
}

TEST(MiniLm, WeightsOfAnotherDepthAreRefusedByName) {
  ATH_NEED_MINILM();
  Context context({.threads = 1, .dry = true});
  nn::ParameterSet parameters;
  models::BertConfig config = minilm_config();
  config.depth = 7;
  config.positions = 500;
  const models::BertEncoder encoder(nn::Scope(context, parameters, 1, "tower"), config);
  const auto loaded = load_pretrained(context, parameters.all(), "tower", minilm_folder(), checkpoint::bert_names());
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message(),
              testing::AllOf(HasSubstr("encoder.layer.6.attention.self.query.weight is missing"),
                             HasSubstr("embeddings.position_embeddings.weight is [512, 384], our "
                                       "embeddings.positions.weight needs [500, 384]")));
}

}  // namespace
}  // namespace athanor::train
