// All ranks that train one model together. The loop speaks to them through this interface alone; what carries it is
// core/distributed's. All make the same calls in the same order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::train {

// What exchanging has cost this rank so far, along one axis of the mesh.
struct Exchanged {
  std::string axis;
  std::int64_t sent_bytes = 0;  // scales and frames included
  double waited_s = 0;          // in which it did nothing else
  double under_way_s = 0;       // in which something was being exchanged, as far as that is known
};

class World {
 public:
  virtual ~World() = default;

  // Whether this one evaluates, saves and tells for all.
  [[nodiscard]] virtual bool leads() const = 0;
  // Always the same axes, in the same order.
  [[nodiscard]] virtual std::vector<Exchanged> exchanged() const = 0;
  // Whether it holds for any of them.
  [[nodiscard]] virtual bool any(bool holds) = 0;
  // "rank 2: …", what the first rank says that has something to say; empty where none has.
  [[nodiscard]] virtual std::string first_told(const std::string& text) = 0;
  // What this one is at from now on, for the others to read when it does not come.
  virtual void at(std::string_view section) noexcept = 0;
  // Returns once all have come, however long the one that leads works alone before.
  virtual void meet() = 0;
};

}  // namespace athanor::train
