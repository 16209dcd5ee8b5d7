// A table in memory: columns that are given cell by cell, metrics as whole curves.
#pragma once

#include "core/query/table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace athanor::query {

using Curve = std::vector<double>;

// One of these, or nothing.
struct Cell {
  enum class Kind : std::uint8_t { missing, number, text, texts, curve } kind = Kind::missing;
  double number = 0;
  std::string text;
  std::vector<std::string> texts;
  Curve curve;

  Cell() = default;
  Cell(double value) : kind(Kind::number), number(value) {}                             // NOLINT: tables read better
  Cell(std::string value) : kind(Kind::text), text(std::move(value)) {}                 // NOLINT
  Cell(const char* value) : Cell(std::string(value)) {}                                 // NOLINT
  Cell(std::vector<std::string> value) : kind(Kind::texts), texts(std::move(value)) {}  // NOLINT
  Cell(Curve value) : kind(Kind::curve), curve(std::move(value)) {}                     // NOLINT
};

inline std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out.append(between);
    out.append(word);
  }
  return out;
}

inline std::optional<double> aggregated(const Curve& curve, Aggregate aggregate) {
  if (aggregate == Aggregate::count) return static_cast<double>(curve.size());
  switch (aggregate) {
    case Aggregate::first: return curve.front();
    case Aggregate::min: return *std::ranges::min_element(curve);
    case Aggregate::max: return *std::ranges::max_element(curve);
    case Aggregate::mean: return std::accumulate(curve.begin(), curve.end(), 0.0) / static_cast<double>(curve.size());
    default: return curve.back();
  }
}

class SmallTable final : public Table {
 public:
  void add(Column column, std::vector<Cell> cells) {
    columns_.push_back(std::move(column));
    cells_.push_back(std::move(cells));
  }
  void set_values(const std::string& column, std::vector<std::string> values) { values_[column] = std::move(values); }
  [[nodiscard]] std::size_t rows() const { return cells_.empty() ? 0 : cells_.front().size(); }
  [[nodiscard]] const Cell& cell(const std::string& column, std::size_t row) const {
    const auto found = std::ranges::find(columns_, column, &Column::name);
    return cells_.at(static_cast<std::size_t>(found - columns_.begin())).at(row);
  }

  [[nodiscard]] std::span<const Column> columns() const override { return columns_; }
  [[nodiscard]] std::vector<std::string> values(std::size_t column) const override {
    const auto known = values_.find(columns_[column].name);
    if (known != values_.end()) return known->second;
    std::set<std::string> found;
    for (const Cell& one : cells_[column]) {
      if (one.kind == Cell::Kind::text) found.insert(one.text);
      found.insert(one.texts.begin(), one.texts.end());
    }
    return {found.begin(), found.end()};
  }
  [[nodiscard]] Handle bind(std::size_t column, Aggregate aggregate) override {
    bound_.emplace_back(column, aggregate);
    return static_cast<Handle>(bound_.size() - 1);
  }
  [[nodiscard]] std::optional<double> number(Handle handle, std::size_t row) const override {
    const auto& [column, aggregate] = bound_.at(handle);
    const Cell& one = cells_.at(column).at(row);
    if (one.kind == Cell::Kind::number) return one.number;
    return one.kind == Cell::Kind::curve ? aggregated(one.curve, aggregate) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::string_view> text(Handle handle, std::size_t row) const override {
    const Cell& one = cells_.at(bound_.at(handle).first).at(row);
    return one.kind == Cell::Kind::text ? std::optional<std::string_view>(one.text) : std::nullopt;
  }
  [[nodiscard]] std::span<const std::string> texts(Handle handle, std::size_t row) const override {
    return cells_.at(bound_.at(handle).first).at(row).texts;
  }

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> cells_;
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::pair<std::size_t, Aggregate>> bound_;
};

}  // namespace athanor::query
