// Runs that come from other trackers, and runs written into files.
#include "core/agent/commands.h"
#include "core/agent/importing.h"
#include "core/base/command_line.h"
#include "core/base/paths.h"
#include "core/report/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iostream>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

const char* word_of(TakenIn::What what) {
  switch (what) {
    case TakenIn::What::added: return "imported";
    case TakenIn::What::changed: return "brought up to date";
    case TakenIn::What::unchanged: break;
  }
  return "as it was";
}

void say(const ImportedRun& run) {
  std::cerr << fmt::format("run {}: {} from {}, {} ({})\n", run.taken.run, run.facts.name, run.facts.format,
                           word_of(run.taken.what), counted(static_cast<std::size_t>(run.facts.samples), "sample"));
  for (const std::string& lost : run.facts.lost) std::cerr << fmt::format("  lost: {}\n", lost);
  for (const std::string& text : run.facts.left_out) std::cerr << fmt::format("  left out: {}\n", text);
}

nlohmann::json json_of(const ImportedRun& run) {
  static constexpr const char* kWords[] = {"added", "changed", "unchanged"};
  return {{"run", run.taken.run},   {"what", kWords[static_cast<std::size_t>(run.taken.what)]},
          {"name", run.facts.name}, {"format", run.facts.format},
          {"path", run.facts.path}, {"samples", run.facts.samples},
          {"lost", run.facts.lost}, {"left_out", run.facts.left_out}};
}

struct Totals {
  std::size_t added = 0, changed = 0, unchanged = 0;
  nlohmann::json runs = nlohmann::json::array(), failures = nlohmann::json::array(), left_out = nlohmann::json::array();
  std::optional<Error> first;

  void add(const ImportReport& report) {
    for (const ImportedRun& run : report.runs) {
      added += run.taken.what == TakenIn::What::added ? 1 : 0;
      changed += run.taken.what == TakenIn::What::changed ? 1 : 0;
      unchanged += run.taken.what == TakenIn::What::unchanged ? 1 : 0;
      runs.push_back(json_of(run));
    }
    for (const Error& error : report.failures) add(error);
    for (const std::string& text : report.left_out) {
      std::cerr << fmt::format("left out: {}\n", text);
      left_out.push_back(text);
    }
  }
  void add(const Error& error) {
    std::cerr << error.message() << '\n';
    failures.push_back(nlohmann::json::parse(error_json(error)).at("error"));
    if (!first) first = error;
  }
};

}  // namespace

// What can be imported is; the exit status is that of the first refusal.
int run_import(Client& client, const CommandLine& line) {
  const auto format = imports::format_named(line.format.empty() ? "auto" : line.format);
  if (!format) return refuse(format.error());
  Totals totals;
  for (const std::string& path : line.paths) {
    const auto report = import_runs(client, athanor_home(), path, *format, say);
    if (report)
      totals.add(*report);
    else
      totals.add(report.error());
  }
  const std::string done = fmt::format("{} imported, {} brought up to date, {} as before", counted(totals.added, "run"),
                                       totals.changed, totals.unchanged);
  if (wants_json()) {
    print({{"runs", totals.runs}, {"failures", totals.failures}, {"left_out", totals.left_out}}, done);
  } else {
    print_line(done);
  }
  return totals.first ? exit_status(totals.first->kind) : 0;
}

int run_export(Client& client, const CommandLine& line) {
  const auto runs = find_runs(client, line.runs);
  if (!runs) return refuse(runs.error());
  const auto history = store::Reader::open(history_path());
  if (!history) return refuse(history.error());
  std::vector<std::string> files;
  const auto write = [&](report::Form form, const std::string& to) -> Result<void> {
    const auto written = report::write_runs(**history, *runs, form, to);
    if (!written) return tl::unexpected(written.error());
    for (const fs::path& file : *written) files.push_back(file.string());
    return {};
  };
  if (!line.to.empty()) {
    const auto form = line.format.empty() ? report::form_of(line.to) : report::form_named(line.format);
    if (!form) return refuse(form.error());
    if (auto done = write(*form, line.to); !done) return refuse(done.error());
  }
  if (!line.report.empty())
    if (auto done = write(report::Form::html, line.report); !done) return refuse(done.error());
  if (wants_json()) {
    print({{"runs", *runs}, {"files", files}}, "the files are written all the same");
  } else {
    for (const std::string& file : files) print_line(file);
  }
  return 0;
}

}  // namespace athanor::agent
