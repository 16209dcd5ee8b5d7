#include "core/report/html.h"

#include "core/report/chart.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace athanor::report {
namespace {

constexpr int kColumns = 380;  // of a curve: as many as the plot is wide
constexpr std::size_t kMostCharts = 120;

constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --text: #1c2430; --quiet: #5b6675; --line: #dde2e8; --page: #fff; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ee; --quiet: #9aa4b2; --line: #333b46; --page: #14181e; } }
@media print { :root { --text: #000; --quiet: #444; --line: #bbb; --page: #fff; } @page { margin: 15mm; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 0 auto; padding: 32px; max-width: 1240px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 36px 0 12px; break-after: avoid; }
h3 { font-size: 14px; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 0 0 8px; } .quiet { color: var(--quiet); } .note { white-space: pre-wrap; max-width: 70ch; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 16px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td, tbody th { overflow-wrap: anywhere; max-width: 46ch; }
th { font-weight: 600; } tbody th { font-weight: 400; color: var(--quiet); } td.number { white-space: nowrap; }
tr { break-inside: avoid; } thead { display: table-header-group; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(360px, 1fr)); gap: 24px; }
.chart { break-inside: avoid; margin: 0; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 10.5px; fill: var(--quiet); } .grid { stroke: var(--line); } .axis { stroke: var(--quiet); }
.key { width: 28px; height: 10px; display: inline-block; vertical-align: middle; margin-right: 8px; }
)css";

std::string cell(const std::string& text) { return "<td>" + escaped(text) + "</td>"; }
std::string number_cell(double value) { return fmt::format("<td class=\"number\">{:.6g}</td>", value); }

std::string key(std::size_t look) {
  const std::string dashes = dashes_of(look);
  return fmt::format(
      "<svg class=\"key\" viewBox=\"0 0 28 10\" aria-hidden=\"true\"><line x1=\"0\" y1=\"5\" x2=\"28\" "
      "y2=\"5\" stroke=\"{}\" stroke-width=\"3\"{}/></svg>",
      colour_of(look), dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", dashes));
}

std::string run_head(const RunFacts& facts, std::size_t look) {
  return fmt::format("<th scope=\"col\">{}{}</th>", key(look), escaped(facts.run.name));
}

std::string duration_text(const store::Run& run) {
  if (run.started_ns == 0 || run.ended_ns <= run.started_ns) return {};
  const std::int64_t seconds = (run.ended_ns - run.started_ns) / 1'000'000'000;
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

void add_runs(std::span<const RunFacts> runs, OutFile& out) {
  out.add(
      "<h2>Runs</h2><div class=\"wide\"><table><thead><tr><th scope=\"col\">Run</th><th scope=\"col\">Number</th>"
      "<th scope=\"col\">Status</th><th scope=\"col\">Steps</th><th scope=\"col\">Begun (UTC)</th>"
      "<th scope=\"col\">Took</th><th scope=\"col\">Tags</th></tr></thead><tbody>");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const store::Run& run = runs[i].run;
    const std::string status = store::to_string(run.status) + (run.cause.empty() ? "" : ": " + run.cause);
    out.add(fmt::format("<tr><td>{}{}</td><td class=\"number\">{}</td>", key(i), escaped(run.name), run.id) +
            cell(status) + fmt::format("<td class=\"number\">{}</td>", run.step) +
            cell(time_text(run.started_ns != 0 ? run.started_ns : run.created_ns)) + cell(duration_text(run)) +
            cell(fmt::format("{}", fmt::join(run.tags, ", "))) + "</tr>");
  }
  out.add("</tbody></table></div>");
  for (const RunFacts& facts : runs) {
    if (facts.run.note.empty()) continue;
    out.add(
        fmt::format("<h3>Note on {}</h3><p class=\"note\">{}</p>", escaped(facts.run.name), escaped(facts.run.note)));
  }
}

void open_table(const char* title, const char* first, std::span<const RunFacts> runs, OutFile& out) {
  out.add(fmt::format("<h2>{}</h2><div class=\"wide\"><table><thead><tr><th scope=\"col\">{}</th>", title, first));
  for (std::size_t i = 0; i < runs.size(); ++i) out.add(run_head(runs[i], i));
  out.add("</tr></thead><tbody>");
}

void add_results(std::span<const RunFacts> runs, const std::set<std::string>& metrics, OutFile& out) {
  if (metrics.empty()) return;
  open_table("Results", "Last value, and the range of all", runs, out);
  for (const std::string& metric : metrics) {
    out.add(fmt::format("<tr><th scope=\"row\">{}</th>", escaped(metric)));
    for (const RunFacts& facts : runs) {
      const auto found = facts.metrics.find(metric);
      if (found == facts.metrics.end()) {
        out.add("<td>–</td>");
      } else {
        out.add(fmt::format("<td class=\"number\">{:.6g} <span class=\"quiet\">{:.4g} … {:.4g}</span></td>",
                            found->second.last, found->second.minimum, found->second.maximum));
      }
    }
    out.add("</tr>");
  }
  out.add("</tbody></table></div>");
}

const store::SettingValue* setting(const RunFacts& facts, const std::string& path) {
  const auto found = facts.settings.find(path);
  return found == facts.settings.end() ? nullptr : &found->second;
}

bool differs(std::span<const RunFacts> runs, const std::string& path) {
  const auto* first = setting(runs.front(), path);
  return std::ranges::any_of(runs, [&](const RunFacts& facts) {
    const auto* own = setting(facts, path);
    return (own == nullptr) != (first == nullptr) || (own != nullptr && *own != *first);
  });
}

// Those that set runs apart stand first.
void add_settings(std::span<const RunFacts> runs, OutFile& out) {
  std::set<std::string> all;
  for (const RunFacts& facts : runs)
    for (const auto& [path, value] : facts.settings) all.insert(path);
  if (all.empty()) return;
  std::vector<std::string> paths(all.begin(), all.end());
  std::ranges::stable_partition(paths, [&](const std::string& path) { return differs(runs, path); });
  open_table("Settings", "As the recipe sets them; others have their defaults", runs, out);
  for (const std::string& path : paths) {
    out.add(fmt::format("<tr><th scope=\"row\">{}</th>", escaped(path)));
    for (const RunFacts& facts : runs) {
      const auto* value = setting(facts, path);
      const auto* number = value != nullptr ? std::get_if<double>(value) : nullptr;
      out.add(value == nullptr ? "<td>–</td>" : number != nullptr ? number_cell(*number) : cell(exact(*value)));
    }
    out.add("</tr>");
  }
  out.add("</tbody></table></div>");
}

void add_curves(store::Reader& history, std::span<const RunFacts> runs, const std::set<std::string>& metrics,
                OutFile& out) {
  if (metrics.empty()) return;
  out.add(
      "<h2>Curves</h2><p class=\"quiet\">By step. Each band holds every sample; the line goes through the last "
      "ones.</p>"
      "<div class=\"charts\">");
  std::size_t drawn = 0;
  for (const std::string& metric : metrics) {
    if (++drawn > kMostCharts) break;
    std::vector<store::CurveKey> keys;
    for (const RunFacts& facts : runs) keys.push_back({facts.run.id, metric});
    auto read = value_or_throw(history.curves(keys, {.columns = kColumns, .times = store::Times::leave_out}));
    std::vector<ChartCurve> curves;
    for (std::size_t i = 0; i < read.size(); ++i) curves.push_back({i, std::move(read[i])});
    const std::string svg = chart_svg(metric, curves);
    out.add(fmt::format("<figure class=\"chart\"><h3>{}</h3>{}</figure>", escaped(metric),
                        svg.empty() ? "<p class=\"quiet\">No value is finite.</p>" : svg));
  }
  out.add("</div>");
  if (metrics.size() > kMostCharts)
    out.add(fmt::format("<p class=\"quiet\">The other {} curves are not drawn.</p>", metrics.size() - kMostCharts));
}

void add_provenance(std::span<const RunFacts> runs, OutFile& out) {
  out.add("<h2>Where they come from</h2>");
  for (const RunFacts& facts : runs) {
    out.add(fmt::format("<h3>{}</h3><div class=\"wide\"><table><tbody><tr><th scope=\"row\">folder</th>{}</tr>",
                        escaped(facts.run.name), cell(facts.run.directory)));
    for (const auto& [name, text] : facts.provenance)
      out.add(fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>", escaped(name), cell(text)));
    out.add("</tbody></table></div>");
  }
}

}  // namespace

void write_html(store::Reader& history, std::span<const RunFacts> runs, OutFile& out) {
  std::set<std::string> metrics;
  for (const RunFacts& facts : runs)
    for (const auto& [metric, known] : facts.metrics) metrics.insert(metric);
  const std::string title = runs.size() == 1 ? runs.front().run.name : fmt::format("{} runs", runs.size());
  out.add(
      fmt::format("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                  "content=\"width=device-width, initial-scale=1\"><title>{0}</title><style>{1}</style></head>"
                  "<body><h1>{0}</h1>",
                  escaped(title), kStyle));
  if (!runs.empty()) {
    add_runs(runs, out);
    add_results(runs, metrics, out);
    add_settings(runs, out);
    add_curves(history, runs, metrics, out);
    add_provenance(runs, out);
  }
  out.add("</body></html>\n");
}

}  // namespace athanor::report
