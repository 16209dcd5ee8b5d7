// The runs that the window knows as a table that queries can be asked of: their fields, what recipes set, and metrics
// with all that is known of their curves. A row is a row of the run store. The stores are not owned and outlive it. GUI
// thread only.
#pragma once

#include "app/stores/figure_store.h"
#include "app/stores/run_store.h"
#include "core/query/run_fields.h"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace athanor::app {

class RunQueryTable final : public query::Table {
 public:
  RunQueryTable(const RunStore* runs, FigureStore* figures);

  [[nodiscard]] std::span<const query::Column> columns() const override { return columns_; }
  [[nodiscard]] std::vector<std::string> values(std::size_t column) const override;
  [[nodiscard]] Handle bind(std::size_t column, query::Aggregate aggregate) override;
  [[nodiscard]] std::optional<double> number(Handle handle, std::size_t row) const override;
  [[nodiscard]] std::optional<std::string_view> text(Handle handle, std::size_t row) const override;
  [[nodiscard]] std::span<const std::string> texts(Handle handle, std::size_t row) const override;

 private:
  // One of field, setting and metric.
  struct Bound {
    std::size_t column = 0;
    query::Aggregate aggregate = query::Aggregate::last;
    const FigureStore::Metric* metric = nullptr;
    const FigureStore::Setting* setting = nullptr;
    std::optional<store::SettingValue> fallback = {};  // where a recipe leaves it as it is
  };
  [[nodiscard]] const store::Run& run(std::size_t row) const { return runs_->runs()[row]; }
  // Null: the run has none.
  [[nodiscard]] const store::SettingValue* setting(const Bound& bound, std::size_t row) const;

  const RunStore* runs_;
  FigureStore* figures_;
  std::vector<query::Column> columns_;
  std::vector<Bound> bound_;
  std::array<std::string, 8> state_words_;              // as the window calls them, by status
  mutable std::vector<std::string> list_;               // of the newest texts()
  mutable std::map<double, std::string> number_texts_;  // numbers in columns of texts
};

}  // namespace athanor::app
