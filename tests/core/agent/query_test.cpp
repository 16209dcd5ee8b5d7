// Runs of a history found by a query, and what athanor-agent list says of them.
#include "core/agent/run_query.h"
#include "tests/core/agent/home.h"
#include "tests/core/store/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace athanor::agent {
namespace {

using store::RunId;
using store::RunStatus;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Three runs with curves of 5000 samples; the first ends in NaN, the last has none.
class RunQueries : public testing::Test {
 protected:
  RunQueries() {
    history.add("starter", RunStatus::finished);
    history.add("abl-1");
    history.add("abl-2", RunStatus::stopped);
    value_or_throw(
        history.writer->describe(2, "[train]\nlearning_rate = 0.5\n[data]\ngroups = [\"Activities\"]\n", 200, "abl-1"));
    value_or_throw(history.writer->set_tags({RunId{2}, RunId{3}}, {"abl", "new"}));
    value_or_throw(history.writer->set_pinned({RunId{2}}, true));
    value_or_throw(history.writer->set_note(1, "the best so far"));
    value_or_throw(history.writer->erase({RunId{3}}, 1));
    for (const RunId run : {1, 2}) {
      std::vector<journal::Payload> samples;
      for (int step = 1; step <= kSteps; ++step) {
        const bool last = step == kSteps;
        const double loss =
            last && run == 1 ? std::numeric_limits<double>::quiet_NaN() : 3.0 * static_cast<double>(run) / step;
        samples.emplace_back(journal::MetricSamples{step, {{"train/loss", loss}, {"train/step_ms", 10.0 + step % 3}}});
      }
      value_or_throw(history.feed(run, std::move(samples)));
    }
  }

  std::vector<RunId> found(const std::string& where, const std::string& sort = "") {
    const auto runs = find_runs(*history.reader, {where, sort});
    if (!runs) throw Failure(runs.error());
    std::vector<RunId> ids;
    for (const store::Run& run : *runs) ids.push_back(run.id);
    return ids;
  }

  static constexpr int kSteps = 5000;
  store::History history;
};

TEST_F(RunQueries, FindRunsByFieldsParametersAndCurves) {
  EXPECT_THAT(found(""), ElementsAre(3, 2, 1));
  EXPECT_THAT(found("status = running"), ElementsAre(2));
  EXPECT_THAT(found("is:live"), ElementsAre(2));
  EXPECT_THAT(found("tag = abl and `pinned`"), ElementsAre(2));
  EXPECT_THAT(found("not `archived`"), ElementsAre(2, 1));
  EXPECT_THAT(found("best"), ElementsAre(1));
  EXPECT_THAT(found("has(note)"), ElementsAre(1));
  EXPECT_THAT(found("train.learning_rate = 0.5"), ElementsAre(2));
  EXPECT_THAT(found("train.learning_rate < 0.5"), ElementsAre(3, 1)) << "where a recipe says nothing its default holds";
  EXPECT_THAT(found("data.groups = Activities"), ElementsAre(2));
  EXPECT_THAT(found("loss < 1"), ElementsAre(2));
  EXPECT_THAT(found("is_nan(train/loss)"), ElementsAre(1));
  EXPECT_THAT(found("first(loss) = 6"), ElementsAre(2));
  EXPECT_THAT(found("max(loss) = 3"), ElementsAre(1));
  EXPECT_THAT(found("min(loss) < 7e-4"), ElementsAre(1));
  EXPECT_THAT(found("count(loss) = 5000"), ElementsAre(2, 1));
  EXPECT_THAT(found("mean(step_ms) > 10.999 and mean(step_ms) < 11.001"), ElementsAre(2, 1));
  EXPECT_THAT(found("started > -1d"), IsEmpty());
}

TEST_F(RunQueries, SortRunsByAnyValueUnknownOnesLast) {
  EXPECT_THAT(found("", "max(loss)"), ElementsAre(1, 2, 3));
  EXPECT_THAT(found("", "-max(loss)"), ElementsAre(2, 1, 3));
  EXPECT_THAT(found("", "train/loss"), ElementsAre(2, 3, 1)) << "NaN is unknown, too";
  EXPECT_THAT(found("", "name"), ElementsAre(2, 3, 1));
  EXPECT_THAT(found("", "id"), ElementsAre(1, 2, 3));
}

TEST_F(RunQueries, AreRefusedWithTheirPlaces) {
  const auto refused = find_runs(*history.reader, {"id > 3 and train/los < 1", ""});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(refused.error().message(), HasSubstr("id > 3 and train/los < 1\n           ^^^^^^^^^\n\"train/los\" is "
                                                   "no field, parameter or metric; perhaps train/loss is meant"));
  EXPECT_FALSE(find_runs(*history.reader, {"", "tag"}));
}

TEST(List, FindsAndSortsRunsByQueries) {
  Home home;
  home.start_agent();
  const auto first = home.enqueue(20, "pace=1");
  const auto second = home.enqueue(30, "pace=1");
  ASSERT_EQ(home.wait(first).status, RunStatus::finished);
  ASSERT_EQ(home.wait(second).status, RunStatus::finished);
  const auto ids = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "list");
    arguments.emplace_back("--json");
    const auto output = home.call(arguments, "athanor-agent", Home::Streams::only_stdout);
    EXPECT_EQ(output.status, 0) << output.text;
    std::vector<RunId> runs;
    const auto said = nlohmann::json::parse(output.text);
    for (const auto& run : said.at("runs")) runs.push_back(run.at("id"));
    return runs;
  };
  EXPECT_THAT(ids({"--where", "steps > 25"}), ElementsAre(second));
  EXPECT_THAT(ids({"--where", "train.steps = 20 and max(sequence) >= 20"}), ElementsAre(first));
  EXPECT_THAT(ids({"--sort", "steps"}), ElementsAre(first, second));
  EXPECT_THAT(ids({"--sort", "-steps"}), ElementsAre(second, first));
  EXPECT_THAT(ids({"--where", "is:live"}), IsEmpty());
  EXPECT_THAT(home.call({"list", "--where", "steps > 25"}).text, Not(HasSubstr("20/20")));
  const auto refused = home.call({"list", "--where", "stps > 25"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.text, HasSubstr("\n^^^^\n"));
  const auto as_json =
      home.call({"list", "--where", "stps > 25", "--json"}, "athanor-agent", Home::Streams::only_stdout);
  EXPECT_EQ(nlohmann::json::parse(as_json.text).at("error").at("kind"), "invalid_input");
}

}  // namespace
}  // namespace athanor::agent
