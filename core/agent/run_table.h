// Runs of the history as a table that queries can be asked of (core/query): their fields, the fields of their recipes
// and their metrics. Recipes are read once for each field of them that a query names, metrics for each function of
// them, all while the query is compiled. The runs and the reader must outlive it. One thread.
#pragma once

#include "core/query/table.h"
#include "core/store/reader.h"

#include <map>

namespace athanor::agent {

class RunTable final : public query::Table {
 public:
  // now_s: seconds since 1970, until which the duration of a live run is counted.
  RunTable(std::span<const store::Run> runs, store::Reader& reader, double now_s);

  [[nodiscard]] std::span<const query::Column> columns() const override { return columns_; }
  [[nodiscard]] std::vector<std::string> values(std::size_t column) const override;
  [[nodiscard]] Handle bind(std::size_t column, query::Aggregate aggregate) override;
  [[nodiscard]] std::optional<double> number(Handle handle, std::size_t row) const override;
  [[nodiscard]] std::optional<std::string_view> text(Handle handle, std::size_t row) const override;
  [[nodiscard]] std::span<const std::string> texts(Handle handle, std::size_t row) const override;

  // Why a metric could not be read; its values count as missing.
  [[nodiscard]] const std::optional<Error>& trouble() const noexcept { return trouble_; }

 private:
  // What was bound: one of these has a value for each row.
  struct Bound {
    std::vector<std::optional<double>> numbers;
    std::vector<std::optional<std::string>> texts;
    std::vector<std::vector<std::string>> lists;
  };

  void bind_field(std::size_t field, Bound& bound) const;
  void bind_parameter(const query::Column& column, Bound& bound);
  void bind_metric(const std::string& metric, query::Aggregate aggregate, Bound& bound);

  std::span<const store::Run> runs_;
  store::Reader& reader_;
  double now_s_;
  std::vector<query::Column> columns_;
  std::vector<Bound> bound_;
  std::optional<Error> trouble_;
};

}  // namespace athanor::agent
