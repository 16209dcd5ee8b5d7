// Writes the history that tests/golden keeps for this schema version: make_golden_history FILE
#include "core/store/writer.h"

#include <filesystem>
#include <iostream>
#include <vector>

int main(int argc, char** argv) {
  using namespace athanor;
  if (argc != 2) return 2;
  const auto writer = value_or_throw(store::Writer::open(argv[1]));
  store::NewRun golden;
  golden.name = "golden";
  golden.status = store::RunStatus::running;
  golden.created_ns = 1;
  golden.directory = std::filesystem::absolute(argv[1]).parent_path() / "runs/golden-1";
  golden.recipe_toml = "[run]\nname = \"golden\"\n";
  const store::RunId run = value_or_throw(writer->add_run(golden)).run;
  std::vector<journal::Event> events = {{1, journal::StateChanged{journal::RunState::running, ""}},
                                        {2, journal::LogLine{journal::Severity::info, "a line of an earlier version"}}};
  for (int step = 0; step < 1500; ++step)
    events.push_back({step * 1000, journal::MetricSamples{step, {{"train/loss", 4.0 / (step + 1)}}}});
  events.push_back({2'000'000, journal::RetrievalSample{1499, true, 1, "fox", "", 1, 10, {{1, "fox", "", 0.5}}}});
  events.push_back({2'500'000, journal::Span{0, 0, journal::SpanKind::forward, 1499, 3, 1'000, 2'000, 1}});
  const journal::SessionClock clock{1'700'000'000'000'000'000, 77, "a host"};
  const std::vector<store::JournalDamage> damage = {{0, 40, 12, false, "these bytes are not a whole frame"}};
  value_or_throw(writer->ingest({run, 0, 0, 100, 1'700'000'000'000'000'000, events, 0, damage, clock}));
  const std::vector<journal::Event> end = {{3'000'000, journal::StateChanged{journal::RunState::finished, ""}}};
  value_or_throw(writer->ingest({run, 0, 100, 200, 1'700'000'000'000'000'000, end}));
  value_or_throw(writer->set_tags({run}, {"kept"}));

  store::NewRun waiting;
  waiting.name = "waiting";
  waiting.launch = store::Launch::fresh;
  waiting.directory = golden.directory.parent_path();
  waiting.id_in_directory = true;
  waiting.recipe_toml = "[run]\nname = \"waiting\"\n";
  waiting.wish = {.priority = 3, .after = {run}, .continue_on_error = true, .retries = 2};
  waiting.needs = {.ranks = 2, .threads = 4, .device = store::DeviceWish::cpu};
  value_or_throw(writer->add_run(waiting));
  waiting.name = "trial";
  waiting.wish = {.held = true};
  waiting.until = 100;
  waiting.trial = 1;
  waiting.trial_values = "train.steps=400";
  value_or_throw(writer->add_sweep({"sweep", "over train.steps=400\nmetric train/loss,min\n", "", 1}, {waiting}));
  value_or_throw(writer->set_settings({.held = true, .cores = 4}));

  (void)value_or_throw(writer->add_alert(std::nullopt, "a rule", 5));
  const std::int64_t removed = value_or_throw(writer->add_alert(run, "another rule", 6));
  value_or_throw(writer->remove_alert(removed, 7));
  store::Stretch alerts{run, 0, 200, 200, 0, {}};
  alerts.alert_state = "a state";
  alerts.alert_due = "something";
  value_or_throw(writer->ingest(alerts));
  return 0;
}
