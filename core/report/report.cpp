#include "core/report/report.h"

#include "core/base/files.h"
#include "core/base/guarded.h"
#include "core/report/facts.h"
#include "core/report/html.h"
#include "core/report/out_file.h"
#include "core/report/tables.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace athanor::report {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::pair<const char*, Form>, 3> kForms = {
    {{"csv", Form::csv}, {"json", Form::json}, {"html", Form::html}}};

template <class F>
fs::path written(const fs::path& file, F&& fill) {
  OutFile out(file);
  fill(out);
  out.finish();
  return file;
}

std::vector<fs::path> write_csv(store::Reader& history, const std::vector<RunFacts>& runs, const fs::path& to,
                                bool is_folder) {
  const fs::path samples = is_folder ? to / "samples.csv" : to;
  const fs::path facts =
      is_folder ? to / "runs.csv" : to.parent_path() / (to.stem().string() + "-runs" + to.extension().string());
  return {written(samples, [&](OutFile& out) { write_samples_csv(history, runs, out); }),
          written(facts, [&](OutFile& out) { write_runs_csv(runs, out); })};
}

std::vector<fs::path> write_json(store::Reader& history, const std::vector<RunFacts>& runs, const fs::path& to,
                                 bool is_folder) {
  if (!is_folder) return {written(to, [&](OutFile& out) { write_runs_json(history, runs, out); })};
  std::vector<fs::path> files;
  for (const RunFacts& run : runs)
    files.push_back(written(to / fmt::format("run-{}.json", run.run.id),
                            [&](OutFile& out) { write_runs_json(history, std::span(&run, 1), out); }));
  return files;
}

std::vector<fs::path> write_all(store::Reader& history, std::span<const store::RunId> ids, Form form,
                                const fs::path& to) {
  std::error_code code;
  const bool is_folder = fs::is_directory(to, code) || !to.has_filename();
  if (is_folder) value_or_throw(make_folders(to));
  std::vector<RunFacts> runs;
  for (const store::RunId id : ids) runs.push_back(facts_of(history, id));
  switch (form) {
    case Form::csv: return write_csv(history, runs, to, is_folder);
    case Form::json: return write_json(history, runs, to, is_folder);
    case Form::html: break;
  }
  const fs::path file = is_folder ? to / "report.html" : to;
  return {written(file, [&](OutFile& out) { write_html(history, runs, out); })};
}

}  // namespace

Result<Form> form_named(std::string_view name) {
  for (const auto& [known, form] : kForms)
    if (name == known) return form;
  return fail(ErrorKind::invalid_input, "export as " + std::string(name), "there is no such format",
              "choose csv, json or html");
}

Result<Form> form_of(const fs::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".htm") return Form::html;
  if (!ending.empty())
    if (auto form = form_named(std::string_view(ending).substr(1))) return form;
  return fail(ErrorKind::invalid_input, "export to " + file.string(), "its ending names no format",
              "let it end with .csv, .json or .html");
}

Result<std::vector<fs::path>> write_runs(store::Reader& history, std::span<const store::RunId> runs, Form form,
                                         const fs::path& to) {
  return guarded("export runs to " + to.string(), [&] { return write_all(history, runs, form, to); });
}

}  // namespace athanor::report
