// Runs of a history as files.
#include "core/base/files.h"
#include "core/report/report.h"
#include "core/store/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace athanor::report {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Exports : public testing::Test {
 protected:
  Exports() {
    std::string name = (fs::temp_directory_path() / "athanor-report-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    const auto writer = value_or_throw(store::Writer::open(folder_ / "history.db"));
    store::NewRun run;
    run.name = "night, \"one\" <b>";
    run.recipe_toml = "[run]\nname = \"night\"\n[train]\nlearning_rate = 0.001\n";
    run.created_ns = 1'700'000'000'000'000'000;
    run.directory = folder_ / "runs/night";
    run.tags = {"abl", "two words"};
    run.note = "a note\nof two lines";
    run.status = store::RunStatus::running;
    id_ = value_or_throw(writer->add_run(run)).run;
    fs::create_directories(run.directory);
    value_or_throw(
        write_file_flushed(run.directory / "provenance.json", R"({"commit": "abc", "host": {"name": "h"}})"));
    std::vector<journal::Event> events;
    for (int i = 0; i < kSamples; ++i)
      events.push_back({i, journal::MetricSamples{i, {{"train/loss", 1.0 / (i + 1)}}}});
    events.push_back({kSamples, journal::MetricSamples{kSamples, {{"odd", std::nan("")}}}});
    events.push_back(
        {kSamples + 1, journal::MetricSamples{kSamples, {{"odd", std::numeric_limits<double>::infinity()}}}});
    events.push_back({kSamples + 2, journal::StateChanged{journal::RunState::finished, ""}});
    store::Stretch stretch;
    stretch.run = id_;
    stretch.next_offset = 1;
    stretch.anchor_wall_ns = run.created_ns;
    stretch.events = events;
    (void)value_or_throw(writer->ingest(stretch));
    history_ = value_or_throw(store::Reader::open(folder_ / "history.db"));
  }
  ~Exports() override { fs::remove_all(folder_); }

  std::string text_of(const fs::path& file) const { return value_or_throw(read_file(folder_ / file)); }
  void write(Form form, const fs::path& to) { (void)value_or_throw(write_runs(*history_, std::array{id_}, form, to)); }

  static constexpr int kSamples = 5000;
  fs::path folder_;
  store::RunId id_ = 0;
  std::unique_ptr<store::Reader> history_;
};

TEST_F(Exports, AsJsonHoldEverySampleToTheBit) {
  write(Form::json, folder_ / "a.json");
  const auto json = nlohmann::json::parse(text_of("a.json"));
  const auto& run = json.at("runs").at(0);
  EXPECT_EQ(run.at("name"), "night, \"one\" <b>");
  EXPECT_EQ(run.at("status"), "finished");
  EXPECT_EQ(run.at("tags").at(1), "two words");
  EXPECT_EQ(run.at("note"), "a note\nof two lines");
  EXPECT_EQ(run.at("settings").at("train.learning_rate"), 0.001);
  EXPECT_EQ(run.at("provenance").at("host.name"), "h");
  const auto& loss = run.at("metrics").at("train/loss");
  ASSERT_EQ(loss.size(), static_cast<std::size_t>(kSamples));
  for (int i = 0; i < kSamples; ++i) {
    const auto& sample = loss.at(static_cast<std::size_t>(i));
    ASSERT_EQ(sample.at(0), i);
    ASSERT_EQ(sample.at(1), 1'700'000'000'000'000'000 + i);
    ASSERT_EQ(sample.at(2).get<double>(), 1.0 / (i + 1));
  }
  EXPECT_EQ(run.at("metrics").at("odd").at(0).at(2), "NaN");
  EXPECT_EQ(run.at("metrics").at("odd").at(1).at(2), "Infinity");
}

TEST_F(Exports, AsCsvAreSamplesAndAListOfRuns) {
  write(Form::csv, folder_ / "out/");
  EXPECT_THAT(text_of("out/samples.csv"),
              HasSubstr("\n1,\"night, \"\"one\"\" <b>\",train/loss,1,1700000000000000001,0.5\n"));
  const std::string runs = text_of("out/runs.csv");
  EXPECT_THAT(runs, HasSubstr("train.learning_rate"));
  EXPECT_THAT(runs, HasSubstr("\"abl;two words\",\"a note\nof two lines\""));
  write(Form::csv, folder_ / "b.csv");
  EXPECT_EQ(text_of("b.csv"), text_of("out/samples.csv"));
  EXPECT_EQ(text_of("b-runs.csv"), runs);
}

TEST_F(Exports, AsAPageNeedNothingElse) {
  write(Form::html, folder_ / "a.html");
  const std::string page = text_of("a.html");
  for (const char* part :
       {"<svg", "<polyline", "train/loss", "train.learning_rate", "two words", "host.name", "@media print"})
    EXPECT_THAT(page, HasSubstr(part));
  for (const char* foreign : {"http", "src=", "<script", "<b>", "url("}) EXPECT_THAT(page, Not(HasSubstr(foreign)));
}

TEST_F(Exports, ThatCannotBeWrittenLeaveNothingBehind) {
  const auto refused = write_runs(*history_, std::array{id_}, Form::json, folder_ / "absent/a.json");
  ASSERT_FALSE(refused);
  EXPECT_FALSE(write_runs(*history_, std::array{store::RunId{99}}, Form::json, folder_ / "b.json"));
  EXPECT_FALSE(fs::exists(folder_ / "b.json"));
  EXPECT_FALSE(fs::exists(folder_ / "b.json.part"));
}

TEST(ExportForms, AreNamedByTheEndingOfTheFile) {
  EXPECT_EQ(value_or_throw(form_of("a.csv")), Form::csv);
  EXPECT_EQ(value_or_throw(form_of("a.html")), Form::html);
  EXPECT_FALSE(form_of("a.pdf"));
  EXPECT_FALSE(form_of("a"));
}

}  // namespace
}  // namespace athanor::report
