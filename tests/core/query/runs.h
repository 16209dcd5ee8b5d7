// Five runs to ask about.
#pragma once

#include "core/query/query.h"
#include "core/query/run_fields.h"
#include "tests/core/query/small_table.h"

#include <limits>

namespace athanor::query {

inline constexpr double kNow = 1'793'534'400;  // 2026-11-01T12:00:00 in UTC
inline constexpr double kDay = 86'400;
inline constexpr Settings kThen{kNow, Zone::utc};

inline SmallTable runs() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Cell none;
  using Tags = std::vector<std::string>;
  const std::map<std::string, std::vector<Cell>> cells = {
      {"id", {12.0, 13.0, 14.0, 112.0, 15.0}},
      {"name", {"starter", "Two-Tower abl-1", "two-tower abl-2", "größe β", "live-test"}},
      {"status", {"running", "finished", "failed", "queued", "finished"}},
      {"model", {"two-tower", "two-tower", "clip", "", none}},
      {"tag", {Tags{"abl-lr", "x"}, Tags{"Abl2"}, Tags{}, Tags{"final"}, Tags{}}},
      {"note", {"", "best so far", "pinned memory was on", "", ""}},
      {"step", {50.0, 100.0, 70.0, 0.0, 100.0}},
      {"steps", {100.0, 100.0, 100.0, 200.0, 100.0}},
      {"progress", {0.5, 1.0, 0.7, 0.0, 1.0}},
      {"created", {kNow - 0.5 * kDay, kNow - 3 * kDay, kNow - 8 * kDay, kNow - 60, kNow - 40 * kDay}},
      {"started", {kNow - 0.25 * kDay, kNow - 2 * kDay, kNow - 8 * kDay, none, kNow - 40 * kDay}},
      {"ended", {none, kNow - 1 * kDay, kNow - 7.5 * kDay, none, kNow - 39 * kDay}},
      {"duration", {21'600.0, 86'400.0, 43'200.0, none, 86'400.0}},
      {"parent", {none, 12.0, none, none, none}},
      {"live", {1.0, 0.0, 0.0, 1.0, 0.0}},
      {"pinned", {0.0, 1.0, 0.0, 0.0, 0.0}},
      {"archived", {0.0, 0.0, 0.0, 0.0, 1.0}},
      {"cause", {"", "", "out of memory", "", ""}}};
  SmallTable table;
  for (const Column& field : run_fields()) table.add(field, cells.at(field.name));
  table.set_values("status", {"queued", "starting", "running", "stopping", "finished", "stopped", "failed", "broken"});
  const auto parameter = [&](const char* name, Type type, std::vector<Cell> values) {
    table.add({name, type, Origin::parameter, "a parameter", false}, std::move(values));
  };
  parameter("train.learning_rate", Type::number, {1e-3, 3e-4, 3e-4, 1e-3, none});
  parameter("parallel.data", Type::number, {1.0, 2.0, 4.0, 1.0, none});
  parameter("train.deterministic", Type::truth, {1.0, 0.0, 1.0, 1.0, none});
  parameter("train.loss", Type::text, {"contrastive", "contrastive", "sigmoid", "sigmoid", none});
  parameter("data.dataset", Type::text, {"emoji", "coco", "emoji", "emoji", none});
  const auto metric = [&](const char* name, std::vector<Cell> values) {
    table.add({name, Type::number, Origin::metric, "a metric", false}, std::move(values));
  };
  metric("train/loss", {Curve{3, 1, 0.25}, Curve{3, 0.1, 0.2}, Curve{3, nan}, none, Curve{2, 0.5}});
  metric("val/r1", {Curve{10, 41, 40}, Curve{42, 50}, none, none, Curve{1, 2}});
  metric("eval/t2i_r10", {Curve{0.4}, Curve{0.8}, none, none, Curve{0.5}});
  metric("eval/i2t_r10", {Curve{0.3}, Curve{0.7}, none, none, Curve{0.5}});
  metric("odd name!", {Curve{1}, none, none, none, none});
  return table;
}

// "0 1 4": the rows that match; or the faults in a line.
inline std::string matching(const std::string& query, SmallTable& table) {
  const auto filter = Filter::compile(query, table, kThen);
  std::vector<std::string> out;
  if (!filter) {
    for (const Fault& fault : filter.error()) out.push_back(to_string(fault));
    return joined(out, " | ");
  }
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (filter->matches(row)) out.push_back(std::to_string(row));
  return joined(out, " ");
}
inline std::string matching(const std::string& query) {
  SmallTable table = runs();
  return matching(query, table);
}

}  // namespace athanor::query
