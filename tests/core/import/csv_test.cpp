// CSV files.
#include "core/import/csv_cells.h"
#include "tests/core/import/foreign_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Csv, HasAMetricInEachColumnButStepAndTime) {
  Folder folder;
  const auto file = folder.write("a.csv",
                                 "\xEF\xBB\xBF"
                                 "Step,time,loss,\"acc, top\"\r\n0,1700000000.5,1.5,\r\n1,1700000001,nan,\"0.5\"\r\n");
  const Heard heard = hear_only(file);
  EXPECT_EQ(heard.told.name, "a");
  EXPECT_EQ(heard.metrics.at("loss").front(), (Heard::Sample{0, 1'700'000'000'500'000'000, 1.5}));
  EXPECT_EQ(heard.metrics.at("loss").size(), 2U);
  EXPECT_EQ(heard.metrics.at("acc, top"), (std::vector<Heard::Sample>{{1, 1'700'000'001'000'000'000, 0.5}}));
}

TEST(Csv, OfTensorBoardIsNamedAsItsFile) {
  Folder folder;
  const auto file = folder.write("loss.csv", "Wall time,Step,Value\n1700000000,3,0.5\n");
  EXPECT_THAT(values_of(hear_only(file), "loss"), ElementsAre(0.5));
}

TEST(Csv, MayHaveARowForEachSampleAndSeveralRuns) {
  Folder folder;
  const auto file = folder.write("all.csv",
                                 "run;name;metric;step;time_ns;value\n3;night;loss;0;1700000000000000001;1\n"
                                 "4;day;loss;0;1700000000000000002;2\n3;night;acc;5;1700000000000000003;0.1\n");
  const Found found = value_or_throw(find_sources(file, Format::csv));
  ASSERT_EQ(found.sources.size(), 2U);
  const Heard night = value_or_throw(hear(found.sources.at(0)));
  EXPECT_EQ(night.told.name, "night");
  EXPECT_EQ(night.metrics.at("loss").front(), (Heard::Sample{0, 1'700'000'000'000'000'001, 1.0}));
  EXPECT_EQ(night.metrics.at("acc").front(), (Heard::Sample{5, 1'700'000'000'000'000'003, 0.1}));
  EXPECT_THAT(values_of(value_or_throw(hear(found.sources.at(1))), "loss"), ElementsAre(2.0));
}

TEST(Csv, NamesWhatIsNoNumber) {
  Folder folder;
  const auto file = folder.write("a.csv", "step,loss,text\n0,1,word\nx,2,\n1,3\n");
  const Heard heard = hear_only(file);
  EXPECT_THAT(values_of(heard, "loss"), ElementsAre(1.0, 3.0));
  EXPECT_THAT(heard.told.lost, ElementsAre(HasSubstr("1 row"), HasSubstr("1 cell")));
}

TEST(Csv, WithoutAColumnOfStepsIsRefusedWithWhatToDo) {
  Folder folder;
  const auto found = find_sources(folder.write("a.csv", "x,y\n1,2\n"), Format::automatic);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(found.error().message(), HasSubstr("no column named step"));
}

TEST(CsvCells, ComeBackAsTheyWereWritten) {
  Folder folder;
  const std::vector<std::string> texts = {"plain", "a,b", "say \"no\"", "two\nlines", "semi;colon", ""};
  std::string row;
  for (const std::string& text : texts) {
    if (!row.empty()) row += ',';
    row += csv_cell(text);
  }
  Input input(folder.write("a.csv", row + "\n"));
  CsvRows rows(input, ',');
  std::vector<std::string> cells;
  ASSERT_TRUE(rows.next(cells));
  EXPECT_EQ(cells, texts);
}

}  // namespace
}  // namespace athanor::imports
