// Which layer a launch works for, told from the parameters among its arrays. Ops know nothing of layers, so a launch
// without a parameter is said to come after the layer before it.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/launch_watch.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace athanor::train {

// Refers to the texts of the finder.
struct LayerPlace {
  std::string_view layer;  // "text_tower.head"; empty before any layer
  bool inside = false;     // otherwise the launch comes after that layer
};

class PlaceFinder {
 public:
  explicit PlaceFinder(const std::vector<Parameter>& parameters);

  // To be called for every launch, in order. Also follows copies of parameters in other formats.
  void follow(const LaunchSeen& launch);
  // Of the launch followed last.
  [[nodiscard]] LayerPlace place() const noexcept { return place_; }
  // The parameter that lies at this address; null when none does.
  [[nodiscard]] const std::string* parameter_at(const void* data) const;

 private:
  std::unordered_map<const void*, std::string> paths_;          // of parameters
  std::unordered_map<const void*, const std::string*> copies_;  // of what cast made of them, until it is overwritten
  LayerPlace place_;
};

}  // namespace athanor::train
