// Random queries that make sense for the table random_table() makes. The same seed gives the same queries everywhere.
#pragma once

#include "core/query/tree.h"
#include "tests/core/query/small_table.h"

#include <cstdint>
#include <random>

namespace athanor::query {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <class T>
  T of(const std::vector<T>& values) {
    return values[below(values.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// Columns n0 n1 (numbers), s0 s1 (texts), l0 (list), b0 (truth), t0 t1 (times), d0 (duration), m/0 m/1 (metrics); cells
// from few values, so that equality happens, with missing ones and NaN among them.
[[nodiscard]] SmallTable random_table(std::uint64_t seed, std::size_t rows);

class RandomQuery {
 public:
  explicit RandomQuery(std::uint64_t seed) : draw_(seed) {}
  [[nodiscard]] Tree condition(int depth = 4);
  [[nodiscard]] Tree number(int depth = 4);

 private:
  NodeId add(NodeKind kind, std::vector<NodeId> parts, std::string text = {});
  NodeId any_condition(int depth);
  NodeId number_value(int depth);
  NodeId duration_value(int depth);
  NodeId time_value();
  NodeId text_value();
  NodeId literal(const std::vector<std::string>& words);
  NodeId name(const std::vector<std::string>& names);
  NodeId text(const std::vector<std::string>& texts);
  NodeId list(NodeId subject, const std::vector<std::string>& words, NodeKind kind);
  NodeId comparison(int depth);

  Draw draw_;
  Tree tree_;
};

}  // namespace athanor::query
