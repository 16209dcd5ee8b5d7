// Which columns a name may mean. Pure; any thread.
#pragma once

#include "core/query/table.h"

namespace athanor::query {

// The best of these that any column is, and every column that is as good, by position in `columns`:
//   the whole name; its last parts ("loss" of "train/loss"); the last words of its last part ("r1" of "eval/t2i_r1");
//   the first letters of the words of its last part ("lr" of "train.learning_rate").
// None: unknown. Several: ambiguous.
[[nodiscard]] std::vector<std::size_t> find_columns(std::span<const Column> columns, std::string_view name,
                                                    bool metrics_only = false);
// The column that was probably meant; empty when none is like it.
[[nodiscard]] std::string nearest_column(std::span<const Column> columns, std::string_view name,
                                         bool metrics_only = false);
// Behind the last / or dot.
[[nodiscard]] std::string_view last_part(std::string_view name) noexcept;

}  // namespace athanor::query
