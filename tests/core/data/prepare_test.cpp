#include "core/base/files.h"
#include "core/data/dataset.h"
#include "core/data/loader.h"
#include "core/data/prepare/emoji.h"
#include "tests/core/data/starter.h"
#include "tests/core/data/synthetic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace athanor::data {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::vector<std::string> kStarterGroups = {"Animals & Nature", "Food & Drink"};

TEST(Prepare, MissingSourcesNameTheScriptThatFetchesThem) {
  const TemporaryFolder home;
  PrepareOptions options;
  options.sources = home.path() / "sources/root";
  options.output = home.path() / "datasets/emoji";
  const auto card = prepare_emoji(options);
  ASSERT_FALSE(card);
  EXPECT_EQ(card.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(card.error().message(), HasSubstr("fetch-starter-data " + (home.path() / "sources").string()));
  EXPECT_THAT(card.error().message(), HasSubstr("NotoColorEmoji.ttf"));
  EXPECT_FALSE(fs::exists(options.output));
}

TEST(Prepare, TwoPreparationsGiveTheSameBytesWithAnyNumberOfThreads) {
  ATH_NEED_STARTER_DATA();
  const fs::path first = prepared_starter_data();
  const TemporaryFolder home;
  PrepareOptions options;
  options.sources = default_sources();
  options.output = home.path() / "emoji";
  options.threads = 3;
  double last = 0;
  options.progress = [&](double fraction, std::string_view) {
    EXPECT_GE(fraction, last);
    last = fraction;
  };
  ASSERT_TRUE(prepare_emoji(options));
  EXPECT_EQ(last, 1);
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(first)) {
    if (!entry.is_regular_file()) continue;
    const fs::path other = options.output / fs::relative(entry.path(), first);
    EXPECT_TRUE(read_file(entry.path()).value() == read_file(other).value()) << other;
    ++files;
  }
  EXPECT_GE(files, 13);
}

TEST(Prepare, ASecondCallKeepsAWholeDataSetAndRepairsADamagedOne) {
  ATH_NEED_STARTER_DATA();
  const TemporaryFolder home;
  PrepareOptions options;
  options.sources = default_sources();
  options.output = home.path() / "emoji";
  fs::copy(prepared_starter_data(), options.output, fs::copy_options::recursive);
  const auto before = fs::last_write_time(options.output / "card.json");
  ASSERT_TRUE(prepare_emoji(options));
  EXPECT_EQ(fs::last_write_time(options.output / "card.json"), before);
  fs::resize_file(options.output / "pictures.bin", 1000);
  ASSERT_TRUE(prepare_emoji(options));
  EXPECT_TRUE(Dataset::open(options.output));
}

TEST(StarterData, HoldsThePromisedPicturesAndNames) {
  ATH_NEED_STARTER_DATA();
  const Dataset dataset = value_or_throw(Dataset::open(prepared_starter_data()));
  const auto count = [&](std::vector<std::string> groups, std::vector<std::string> styles,
                         std::string language = "en") {
    return dataset.select({std::move(groups), std::move(styles), std::move(language)}).value().size();
  };
  EXPECT_EQ(dataset.concepts().size(), 1870U);
  EXPECT_EQ(count(kStarterGroups, {"noto", "openmoji"}), 541U);
  EXPECT_EQ(count(kStarterGroups, {"emojione"}), 196U);
  EXPECT_EQ(count({"Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects"}, {"noto"}), 849U);
  // The nine that are missing elsewhere are younger than the annotations.
  for (const char* language : {"de", "fr", "es", "zh", "ja", "ar", "ru"}) {
    EXPECT_EQ(count(kStarterGroups, {"noto"}, language), 276U) << language;
  }
  std::set<std::string> names;
  for (const Concept& thing : dataset.concepts()) names.insert(thing.in("en")->name);
  EXPECT_EQ(names.size(), 1870U);
  EXPECT_EQ(dataset.card().counts.at("dropped.undrawable"), 0);
  for (const Source& source : dataset.card().sources) {
    EXPECT_NE(source.version, "unknown") << source.package;
    EXPECT_TRUE(fs::exists(dataset.folder() / "licences" / (source.package + ".txt"))) << source.package;
  }
}

TEST(StarterData, EveryPictureShowsSomething) {
  ATH_NEED_STARTER_DATA();
  const Dataset dataset = value_or_throw(Dataset::open(prepared_starter_data()));
  for (std::size_t i = 0; i < dataset.pictures().size(); ++i) {
    const Image image = value_or_throw(dataset.decode(i));
    int visible = 0;
    for (std::size_t p = 3; p < image.rgba.size(); p += 4) visible += image.rgba[p] > 128 ? 1 : 0;
    EXPECT_GT(visible, 60) << dataset.pictures()[i].id;
  }
}

TEST(StarterData, NoNameOrKeywordIsWithoutAKnownToken) {
  ATH_NEED_STARTER_DATA();
  const Dataset dataset = value_or_throw(Dataset::open(prepared_starter_data()));
  for (const std::string& language : dataset.card().languages) {
    const Tokenizer tokenizer = value_or_throw(Tokenizer::load(dataset.tokenizer_file(language)));
    for (const Concept& thing : dataset.concepts()) {
      const Wording* wording = thing.in(language);
      if (wording == nullptr) continue;
      std::vector<std::string> texts = wording->keywords;
      texts.push_back(wording->name);
      for (const std::string& text : texts) {
        EXPECT_THAT(tokenizer.encode(text, 64), ::testing::Each(::testing::Gt(kUnknownToken)))
            << language << ": " << text;
      }
    }
  }
}

TEST(StarterData, LoadsBatches) {
  ATH_NEED_STARTER_DATA();
  const auto dataset = std::make_shared<const Dataset>(value_or_throw(Dataset::open(prepared_starter_data())));
  LoaderOptions options;
  options.selection = {kStarterGroups, {"noto", "openmoji"}, "en"};
  const auto loader = value_or_throw(Loader::create(dataset, options));
  EXPECT_EQ(loader->pictures(), 541);
  const Batch batch = loader->next();
  EXPECT_EQ(batch.images.size(), 128U * 32 * 32 * 3);
  EXPECT_THAT(batch.lengths, ::testing::Each(::testing::Ge(1)));
}

}  // namespace
}  // namespace athanor::data
