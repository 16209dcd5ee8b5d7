#include "core/data/dataset.h"

#include "core/base/files.h"
#include "core/data/probe.h"
#include "tests/core/data/synthetic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace athanor::data {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void flip_byte(const fs::path& file, std::size_t position) {
  std::string bytes = value_or_throw(read_file(file));
  bytes.at(position) = static_cast<char>(bytes[position] ^ 0x40);
  value_or_throw(write_file_flushed(file, bytes));
}

class DatasetTest : public ::testing::Test {
 protected:
  fs::path folder() const { return home_.path() / "synthetic"; }
  TemporaryFolder home_;
};

TEST_F(DatasetTest, GivesBackWhatWasWritten) {
  const auto dataset = synthetic_dataset(folder(), 10);
  EXPECT_EQ(dataset->pictures().size(), 20U);
  EXPECT_THAT(dataset->groups(), ElementsAre("even", "odd"));
  EXPECT_THAT(dataset->styles(), ElementsAre("plain", "outline"));
  EXPECT_EQ(dataset->pictures()[13].id, "outline/c0003");
  EXPECT_EQ(dataset->decode(13).value().rgba, synthetic_picture(3, true).rgba);
  EXPECT_EQ(dataset->concepts()[4].in("ja")->name, "丸4ガ");
  EXPECT_EQ(dataset->concepts()[3].in("ja"), nullptr);
  EXPECT_TRUE(dataset->corrupt().empty());
}

TEST_F(DatasetTest, DropsAndCountsTextsWithoutALetterOrDigit) {
  const auto dataset = synthetic_dataset(folder(), 10);
  EXPECT_THAT(dataset->concepts()[2].in("en")->keywords, ElementsAre("round 2", "shape"));
  EXPECT_EQ(dataset->card().counts.at("dropped.keywords_without_token"), 10);
}

TEST_F(DatasetTest, AConceptWhoseNameHasNoLetterLosesThatLanguage) {
  NewDataset content = synthetic_content(4);
  content.concepts[1].wording["en"].name = "!!";
  ASSERT_TRUE(write_dataset(std::move(content), folder()));
  const Dataset dataset = value_or_throw(Dataset::open(folder()));
  EXPECT_EQ(dataset.concepts()[1].in("en"), nullptr);
  EXPECT_EQ(dataset.card().counts.at("dropped.names_without_token"), 1);
  EXPECT_EQ(dataset.select({}).value().size(), 6U);
}

TEST_F(DatasetTest, WritingTwiceGivesTheSameBytes) {
  const auto first = write_dataset(synthetic_content(6), home_.path() / "a");
  const auto second = write_dataset(synthetic_content(6), home_.path() / "b");
  EXPECT_EQ(first.value(), second.value());
  EXPECT_EQ(read_file(home_.path() / "a/card.json").value(), read_file(home_.path() / "b/card.json").value());
}

TEST_F(DatasetTest, WritingClearsWhatAKilledWriterLeft) {
  // No process has a number above the kernel's limit of 2^22.
  const fs::path dead = home_.path() / "synthetic.new-5000000";
  const fs::path alive = home_.path() / "synthetic.new-1";
  fs::create_directories(dead / "licences");
  fs::create_directories(alive);
  (void)synthetic_dataset(folder(), 3);
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(alive));
}

TEST_F(DatasetTest, AFolderThatCannotBeWrittenIsAnError) {
  const auto written = write_dataset(synthetic_content(2), "/proc/nowhere/emoji");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(written.error().message(), HasSubstr("ATHANOR_HOME"));
}

TEST_F(DatasetTest, SelectsByGroupStyleAndLanguage) {
  const auto dataset = synthetic_dataset(folder(), 10);
  EXPECT_EQ(dataset->select({{"odd"}, {"plain"}, "en"}).value().size(), 5U);
  EXPECT_EQ(dataset->select({{"odd"}, {"plain"}, "ja"}).value().size(), 4U);
  EXPECT_THAT(dataset->select({{"prime"}, {}, "en"}).error().message(), HasSubstr("even, odd"));
  EXPECT_THAT(dataset->select({{}, {"oil"}, "en"}).error().message(), HasSubstr("plain, outline"));
  EXPECT_THAT(dataset->select({{}, {}, "xx"}).error().message(), HasSubstr("en, ja"));
}

TEST_F(DatasetTest, AMissingOneSaysHowToMakeIt) {
  const auto opened = Dataset::open(home_.path() / "emoji");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(opened.error().message(), HasSubstr("athanor-run prepare emoji"));
}

TEST_F(DatasetTest, IsFoundByNameBelowTheHome) {
  ::setenv("ATHANOR_HOME", home_.path().c_str(), 1);
  (void)synthetic_dataset(home_.path() / "datasets/circles", 3);
  EXPECT_EQ(Dataset::open_named("circles").value().pictures().size(), 6U);
  EXPECT_EQ(read_card("circles").value().counts.at("pictures"), 6);
  EXPECT_EQ(read_card("squares").error().kind, ErrorKind::invalid_input);
  EXPECT_FALSE(Dataset::open_named("../datasets/circles"));
  ::unsetenv("ATHANOR_HOME");
}

TEST_F(DatasetTest, RefusesAndNamesDamagedPicturesAboveTheLimit) {
  const auto whole = synthetic_dataset(folder(), 100);
  flip_byte(folder() / "pictures.bin", whole->pictures()[42].offset + 20);
  const auto opened = Dataset::open(folder());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(opened.error().message(), HasSubstr("1 of 200 pictures are damaged: plain/c0042"));
  EXPECT_THAT(opened.error().message(), HasSubstr("prepare synthetic --force"));
}

TEST_F(DatasetTest, LeavesOutAndReportsDamagedPicturesUpToTheLimit) {
  const auto whole = synthetic_dataset(folder(), 500);
  flip_byte(folder() / "pictures.bin", whole->pictures()[7].offset);
  const auto opened = Dataset::open(folder());
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_THAT(opened->corrupt(), ElementsAre("plain/c0007"));
  EXPECT_EQ(opened->pictures().size(), 999U);
  flip_byte(folder() / "pictures.bin", whole->pictures()[8].offset);
  EXPECT_THAT(Dataset::open(folder()).error().message(), HasSubstr("plain/c0007, plain/c0008"));
}

TEST_F(DatasetTest, ATruncatedFileCountsEveryPictureThatIsCut) {
  (void)synthetic_dataset(folder(), 20);
  fs::resize_file(folder() / "pictures.bin", fs::file_size(folder() / "pictures.bin") / 2);
  const auto opened = Dataset::open(folder());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(opened.error().message(), HasSubstr("outline/c0019"));
}

TEST_F(DatasetTest, RefusesDamagedTextFiles) {
  for (const char* name : {"index.json", "concepts.jsonl", "tokenizer.json"}) {
    (void)synthetic_dataset(folder(), 5);
    flip_byte(folder() / name, 30);
    const auto opened = Dataset::open(folder());
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
    EXPECT_THAT(opened.error().message(), HasSubstr(name));
  }
}

TEST_F(DatasetTest, ProbesAreFixedBySeedAndSpreadOverSubgroups) {
  const auto dataset = synthetic_dataset(folder(), 30);
  const Selection selection{{}, {"outline"}, "en"};
  const auto probes = probe_set(*dataset, selection, 5, 11).value();
  const auto again = probe_set(*dataset, selection, 5, 11).value();
  std::set<std::string> subgroups;
  ASSERT_EQ(probes.size(), 5U);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    EXPECT_EQ(probes[i].picture, again[i].picture);
    EXPECT_EQ(dataset->pictures()[probes[i].picture].style, "outline");
    subgroups.insert(dataset->concepts()[static_cast<std::size_t>(probes[i].concept_id)].subgroup);
  }
  EXPECT_EQ(subgroups.size(), 5U);
  EXPECT_EQ(probe_set(*dataset, {}, 1000, 1).value().size(), 30U);
}

TEST_F(DatasetTest, ExportsAPictureAsAPngFile) {
  const auto dataset = synthetic_dataset(folder(), 3);
  ASSERT_TRUE(export_picture(*dataset, 2, home_.path() / "p.png"));
  EXPECT_EQ(decode_png(read_file(home_.path() / "p.png").value()).value().rgba, synthetic_picture(2, false).rgba);
}

TEST(Pictures, ScalingKeepsTheColourOfEdges) {
  Image red{128, 64, std::vector<std::uint8_t>(128 * 64 * 4, 0)};
  for (std::size_t y = 0; y < 64; ++y) {
    for (std::size_t x = 0; x < 61; ++x) {
      red.rgba[(y * 128 + x) * 4] = 255;
      red.rgba[(y * 128 + x) * 4 + 3] = 255;
    }
  }
  const Image small = fit_square(red, 64);
  bool partly = false;
  for (std::size_t i = 0; i < small.rgba.size(); i += 4) {
    const auto alpha = small.rgba[i + 3];
    partly = partly || (alpha > 0 && alpha < 255);
    if (alpha > 0) {
      ASSERT_GE(small.rgba[i], 254) << "at " << i;
    }
  }
  EXPECT_TRUE(partly);
  EXPECT_EQ(small.rgba[3], 0);  // padded above and below
  EXPECT_EQ(small.rgba[(32 * 64 + 2) * 4 + 3], 255);
}

}  // namespace
}  // namespace athanor::data
