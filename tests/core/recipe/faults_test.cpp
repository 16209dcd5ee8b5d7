#include "core/recipe/prediction.h"
#include "core/recipe/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::recipe {
namespace {

using testing::ElementsAre;

std::vector<std::string> faults_of(std::string_view toml) {
  std::vector<std::string> out;
  for (const Fault& fault : parse(toml).faults) out.push_back(to_string(fault, "x.toml"));
  return out;
}

struct BadInput {
  const char* name;
  const char* toml;
  std::vector<std::string> faults;
};

class RecipeFaults : public testing::TestWithParam<BadInput> {};

TEST_P(RecipeFaults, AreSaidWithLineFieldAndReason) { EXPECT_EQ(faults_of(GetParam().toml), GetParam().faults); }

const BadInput kBadInputs[] = {
    {"UnknownKey", "[train]\nstepz = 5\n", {"x.toml:2: train.stepz: unknown key; did you mean train.steps?"}},
    {"UnknownKeyOfAnotherSection",
     "[model]\nlearning_rate = 0.1\n",
     {"x.toml:2: model.learning_rate: unknown key; did you mean train.learning_rate?"}},
    {"KeyOutsideAnySection", "batchsize = 5\n", {"x.toml:1: batchsize: unknown key; did you mean data.batch_size?"}},
    {"UnknownSection", "\n[trian]\nsteps = 5\n", {"x.toml:2: trian: unknown section; did you mean [train]?"}},
    {"UnknownSectionNearTwo", "[tran]\nsteps = 5\n", {"x.toml:1: tran: unknown section; did you mean [train]?"}},
    {"KeyThatIsLikeNoOther",
     "foo = 1\n",
     {"x.toml:1: foo: unknown key; athanor-run show --fields lists those there are"}},
    {"SectionThatIsLikeNoOther",
     "[something]\nsteps = 5\n",
     {"x.toml:1: something: unknown section; there are run, data, augment, model, train, finetune, precision, "
      "parallel, "
      "checkpoint, eval"}},
    {"SectionIsAValue", "train = 3\n", {"x.toml:1: train: must be a section ([train]), not a whole number"}},
    {"TextForNumber", "[train]\nsteps = \"many\"\n", {"x.toml:2: train.steps: must be a whole number, not text"}},
    {"FractionForWholeNumber",
     "[train]\nsteps = 1.5\n",
     {"x.toml:2: train.steps: must be a whole number, not a fraction"}},
    {"NumberForText", "[run]\nname = 7\n", {"x.toml:2: run.name: must be text in quotes, not a whole number"}},
    {"NumberForFlag",
     "[run]\ndeterministic = 1\n",
     {"x.toml:2: run.deterministic: must be true or false, not a whole number"}},
    {"TextForList", "[data]\ngroups = \"Objects\"\n", {"x.toml:2: data.groups: must be a list of texts, not text"}},
    {"NumbersInList", "[data]\ngroups = [1]\n", {"x.toml:2: data.groups: must be a list of texts, not a list"}},
    {"BelowRange", "[train]\nsteps = 0\n", {"x.toml:2: train.steps: must be between 1 and 100000000, not 0"}},
    {"AboveRange", "[model]\ndropout = 2\n", {"x.toml:2: model.dropout: must be between 0 and 0.9, not 2.0"}},
    {"NotANumber",
     "[train]\nlearning_rate = nan\n",
     {"x.toml:2: train.learning_rate: must be between 1e-09 and 10, not nan"}},
    {"BalanceOfReplicasThatHoldParts",
     "[parallel]\ndata = 2\nmicro_batches = 4\nshard = \"optimizer\"\nbalance = \"checkpoints\"\n",
     {"x.toml:5: parallel.balance: must be off unless parallel.shard = none"}},
    {"HeadsOfTensorRanks",
     "[parallel]\ntensor = 3\n",
     {"x.toml:2: parallel.tensor: must divide the heads of the image tower (4), not 3",
      "x.toml:2: parallel.tensor: must divide the feed-forward width of the text tower (256), not 3"}},
    {"TokensOfOneRank",
     "[parallel]\nsequence = true\n",
     {"x.toml:2: parallel.sequence: needs parallel.tensor above 1: its ranks share the tokens"}},
    {"WholeMatricesForLamb",
     "[train]\noptimizer = \"lamb\"\n[parallel]\ntensor = 2\n",
     {"x.toml:4: parallel.tensor: must be 1 with train.optimizer = \"lamb\", which needs the norm of whole matrices"}},
    {"WholeMatricesForAdapters",
     "[finetune]\nlora_rank = 4\n[parallel]\ntensor = 2\n",
     {"x.toml:4: parallel.tensor: must be 1 with finetune.lora_rank above 0: adapters need whole matrices"}},
    {"ScalesOfTensorRanks",
     "[precision]\npolicy = \"fp8-delayed\"\n[parallel]\ntensor = 2\n",
     {"x.toml:4: parallel.tensor: must be 1 with precision.policy = fp8-delayed: it would learn of a part of each "
      "matrix only"}},
    {"MicroBatchesOfReplicas",
     "[parallel]\ndata = 2\nmicro_batches = 3\n",
     {"x.toml:3: parallel.micro_batches: must be a multiple of parallel.data (2): they share them",
      "x.toml:3: parallel.micro_batches: must divide data.batch_size (128)"}},
    {"MicroBatchesOfABatch",
     "[parallel]\nmicro_batches = 3\n",
     {"x.toml:2: parallel.micro_batches: must divide data.batch_size (128)"}},
    {"ScalesOfMicroBatches",
     "[precision]\npolicy = \"dynamic\"\n[parallel]\nmicro_batches = 2\n",
     {"x.toml:4: parallel.micro_batches: must be 1 with precision.policy = dynamic: it would learn of one of them "
      "only"}},
    {"UnknownShard",
     "[parallel]\nshard = \"all\"\n",
     {"x.toml:2: parallel.shard: must be one of none, optimizer, gradients, parameters, not \"all\""}},
    {"ShardedLamb",
     "[train]\noptimizer = \"lamb\"\n[parallel]\nshard = \"optimizer\"\n",
     {"x.toml:4: parallel.shard: must be none with train.optimizer = \"lamb\", which needs the norm of each whole "
      "parameter"}},
    {"ShardedMoments",
     "[precision]\npolicy = \"bf16\"\nmoments = \"bf16\"\n[parallel]\nshard = \"gradients\"\n",
     {"x.toml:5: parallel.shard: must be none with precision.moments = \"bf16\": how a number is rounded depends on "
      "its "
      "place in the whole parameter"}},
    {"ShardedCodedGradients",
     "[parallel]\ngradient_format = \"fp8\"\nshard = \"gradients\"\n",
     {"x.toml:3: parallel.shard: must be none or optimizer with parallel.gradient_format = \"fp8\": what coding takes "
      "away is kept of all gradients by every replica"}},
    {"OnlyChoice",
     "[model]\nfamily = \"vit\"\n",
     {"x.toml:2: model.family: must be two_tower in this version, not \"vit\""}},
    {"TensorRanksOfShards",
     "[parallel]\ntensor = 2\nshard = \"optimizer\"\n",
     {"x.toml:2: parallel.tensor: must be 1 with parallel.shard = optimizer in this version"}},
    {"UnknownPolicy",
     "[precision]\npolicy = \"fp8\"\n",
     {"x.toml:2: precision.policy: must be one of fp32, tf32, fp16, bf16, fp8-delayed, fp8-current, fp8-block, "
      "dynamic, "
      "not \"fp8\""}},
    {"LossScaleNoPowerOfTwo",
     "[precision]\nloss_scale = 1000.0\n",
     {"x.toml:2: precision.loss_scale: must be a power of two, not 1000"}},
    {"WeightsWithoutTheirTower",
     "[finetune]\nweights = \"minilm\"\n",
     {"x.toml:2: finetune.weights: needs model.text_tower to be the text encoder they belong to"}},
    {"EmptyTower", "[model]\ntext_tower = \"\"\n", {"x.toml:2: model.text_tower: must not be empty"}},
    {"NothingToAdapt", "[finetune]\nlora_targets = []\n", {"x.toml:2: finetune.lora_targets: must name at least one"}},
    {"FrozenTwice", "[finetune]\nfreeze = [\"a\", \"a\"]\n", {"x.toml:2: finetune.freeze: names \"a\" twice"}},
    {"NothingFrozenIsNoFault", "[finetune]\nfreeze = []\nweights = \"\"\n", {}},
    {"NotAChoice",
     "[train]\ndevice = \"gpu\"\n",
     {"x.toml:2: train.device: must be one of auto, cpu, cuda, not \"gpu\""}},
    {"NotInList",
     "[data]\ntrain_styles = [\"noto\", \"oil\"]\n",
     {"x.toml:2: data.train_styles: must be made of noto, openmoji, emojione, not \"oil\""}},
    {"TwiceInList",
     "[data]\ngroups = [\"Objects\", \"Objects\"]\n",
     {"x.toml:2: data.groups: names \"Objects\" twice"}},
    {"EmptyList", "[data]\ntest_styles = []\n", {"x.toml:2: data.test_styles: must name at least one"}},
    {"EmptyName", "[run]\nname = \"\"\n", {"x.toml:2: run.name: must not be empty"}},
    {"NameOfTwoLines",
     "[run]\nname = \"a\\nb\"\n",
     {"x.toml:2: run.name: must be one line without control characters"}},
    {"WarmupLongerThanTraining",
     "[train]\nsteps = 10\nwarmup_steps = 10\n",
     {"x.toml:3: train.warmup_steps: must be less than train.steps (10)"}},
    {"DefaultWarmupLongerThanTraining",
     "[train]\nsteps = 10\n",
     {"x.toml:2: train.warmup_steps: must be less than train.steps (10)"}},
    {"HeadsDoNotDivideWidth",
     "[model]\nimage_width = 100\nimage_heads = 3\n",
     {"x.toml:3: model.image_heads: must divide model.image_width (100)"}},
    {"TestStyleIsTrainedOn",
     "[data]\ntest_styles = [\"noto\"]\n",
     {"x.toml:2: data.test_styles: must be unseen, but \"noto\" is among data.train_styles"}},
    {"ZoomTheWrongWayRound",
     "[augment]\nscale_min = 0.9\nscale_max = 0.8\n",
     {"x.toml:2: augment.scale_min: must not exceed augment.scale_max (0.8)"}},
    {"StemIsNoListOfNumbers",
     "[model]\nstem = \"32,many\"\n",
     {"x.toml:2: model.stem: must be up to 6 whole numbers from 1 to 4096 between commas, not \"32,many\""}},
    {"StemHalvesTooOften",
     "[data]\nimage_px = 24\n",
     {"x.toml:2: model.stem: halves the picture 4 times, but data.image_px (24) is no multiple of 16"}},
    {"SeveralAtOnce",
     "[train]\nsteps = 0\nlearning_rat = 1\n[model]\nfamily = \"moe\"\n",
     {"x.toml:2: train.steps: must be between 1 and 100000000, not 0",
      "x.toml:3: train.learning_rat: unknown key; did you mean train.learning_rate?",
      "x.toml:5: model.family: must be two_tower in this version, not \"moe\""}},
};

INSTANTIATE_TEST_SUITE_P(Table, RecipeFaults, testing::ValuesIn(kBadInputs),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(RecipeSyntax, ErrorsDoNotHideFaultsBelowThem) {
  const auto faults = parse("[run]\nname = \"a\n[train]\nsteps = = 3\nstepz = 1\n[data]\nbatch_size = 1\n").faults;
  ASSERT_EQ(faults.size(), 4U);
  EXPECT_EQ(faults[0].line, 2);
  EXPECT_THAT(faults[0].reason, testing::StartsWith("syntax error: "));
  EXPECT_EQ(faults[1].line, 4);
  EXPECT_EQ(to_string(faults[2], "x"), "x:5: train.stepz: unknown key; did you mean train.steps?");
  EXPECT_EQ(to_string(faults[3], "x"), "x:7: data.batch_size: must be between 2 and 4096, not 1");
}

TEST(RecipeSyntax, BrokenHeaderSilencesOnlyItsOwnKeys) {
  const auto faults = parse("[train\nsteps = 0\n[data]\nbatch_size = 1\n").faults;
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].line, 1);
  EXPECT_EQ(faults[1].field, "data.batch_size");
}

TEST(RecipeSyntax, RepeatedKeyIsAnError) {
  const auto faults = parse("[train]\nsteps = 100\nsteps = 200\n").faults;
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].line, 3);
}

TEST(RecipeSyntax, WhatWasNotUnderstoodIsNotJudgedByRules) {
  // The first value stands, the second is lost: which of them the warm-up should be shorter than, nobody knows.
  EXPECT_THAT(faults_of("[train]\nsteps = 20\nsteps = 300\n"), testing::SizeIs(1));
  EXPECT_THAT(faults_of("[train]\nsteps = = 3\nwarmup_steps = 5000\n"), testing::SizeIs(1));
  EXPECT_THAT(faults_of("[train]\nsteps = \"many\"\nwarmup_steps = 5000\n"), testing::SizeIs(1));
  EXPECT_THAT(faults_of("[train\nsteps = 9000\n[train]\nwarmup_steps = 5000\n"), testing::SizeIs(1));
}

TEST(RecipeOverride, ReplacesValuesOfEveryType) {
  Recipe recipe;
  EXPECT_FALSE(apply_override(recipe, "train.steps=200"));
  EXPECT_FALSE(apply_override(recipe, "run.name=a name = with signs"));
  EXPECT_FALSE(apply_override(recipe, "train.learning_rate=3e-4"));
  EXPECT_FALSE(apply_override(recipe, "run.deterministic=false"));
  EXPECT_FALSE(apply_override(recipe, "data.groups=Objects, Activities"));
  EXPECT_EQ(recipe.integer("train.steps"), 200);
  EXPECT_EQ(recipe.text("run.name"), "a name = with signs");
  EXPECT_EQ(recipe.real("train.learning_rate"), 3e-4);
  EXPECT_FALSE(recipe.boolean("run.deterministic"));
  EXPECT_THAT(recipe.list("data.groups"), ElementsAre("Objects", "Activities"));
}

TEST(RecipeOverride, FaultsNameTheFieldAndTheReason) {
  Recipe recipe;
  EXPECT_EQ(to_string(*apply_override(recipe, "train.stepz=3"), "--set"),
            "--set: train.stepz: unknown key; did you mean train.steps?");
  EXPECT_EQ(to_string(*apply_override(recipe, "train.steps=many"), "--set"),
            "--set: train.steps: must be a whole number, not \"many\"");
  EXPECT_EQ(to_string(*apply_override(recipe, "train.steps"), "--set"),
            "--set: train.steps: must be written as path=value");
  EXPECT_EQ(recipe, Recipe());
}

TEST(RecipeOverride, TextThatIsNotUtf8IsRefused) {
  Recipe recipe;
  EXPECT_FALSE(apply_override(recipe, "run.name=\xff"));
  ASSERT_EQ(validate(recipe).size(), 1U);
  EXPECT_EQ(validate(recipe)[0].reason, "must be UTF-8");
}

TEST(RecipeFaultsOfRules, OfferAValueThatFits) {
  const auto faults = parse("[train]\nsteps = 40\nwarmup_steps = 50\n").faults;
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(faults[0].cure, ElementsAre("train.warmup_steps=5"));
  for (const char* steps : {"1", "2", "40", "100000000"}) {
    Recipe recipe;
    EXPECT_FALSE(apply_override(recipe, std::string("train.steps=") + steps));
    for (const Fault& fault : validate(recipe)) EXPECT_FALSE(apply_override(recipe, fault.cure.at(0)));
    EXPECT_TRUE(validate(recipe).empty()) << steps;
  }
}

TEST(RecipeFaultsOfRules, OfALayoutAreNotMadeOfWhatIsWrongElsewhere) {
  const auto alone = [](const char* toml, const char* field) {
    const auto faults = parse(toml).faults;
    ASSERT_EQ(faults.size(), 1U) << toml;
    EXPECT_EQ(faults[0].field, field);
  };
  alone("[data]\nbatch_size = 5000\n[parallel]\nmicro_batches = 3\n", "data.batch_size");
  alone("[model]\nimage_depth = -5\n[parallel]\npipeline = 4\nmicro_batches = 4\n", "model.image_depth");
  alone("[precision]\npolicy = \"fp8-delayd\"\n[parallel]\nmicro_batches = 4\n", "precision.policy");
}

TEST(RecipePrediction, IsOffByASignedShareOfWhatWasPredicted) {
  EXPECT_DOUBLE_EQ(*deviation(4, 5), 0.25);
  EXPECT_DOUBLE_EQ(*deviation(5, 4), -0.2);
  EXPECT_FALSE(deviation(0, 5));
  EXPECT_FALSE(deviation(5, 0));
}

TEST(RecipeFile, MissingFileIsAnInputErrorWithRemedy) {
  const auto parsed = parse_file("/nowhere/starter.toml");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind, ErrorKind::invalid_input);
  EXPECT_FALSE(parsed.error().remedy.empty());
}

TEST(RecipeSchema, EveryFieldHasASectionAHelpAndASoundDefault) {
  EXPECT_TRUE(validate(Recipe()).empty());
  for (const Field& field : fields()) {
    const std::string section = field.path.substr(0, field.path.find('.'));
    EXPECT_TRUE(std::ranges::any_of(sections(), [&](const Section& s) { return s.name == section; })) << field.path;
    EXPECT_TRUE(field.help.ends_with(".")) << field.path;
    EXPECT_FALSE(field.label.empty()) << field.path;
  }
}

}  // namespace
}  // namespace athanor::recipe
