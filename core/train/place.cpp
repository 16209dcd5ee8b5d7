#include "core/train/place.h"

#include <string_view>

namespace athanor::train {

PlaceFinder::PlaceFinder(const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) paths_[parameter->value.view().data] = parameter->path;
}

void PlaceFinder::follow(const LaunchSeen& launch) {
  std::string found;
  for (const LaunchArray& array : launch.arrays) {
    if (array.access == kernels::Access::write) continue;
    if (const std::string* path = parameter_at(array.view.data); path && found.empty()) found = *path;
  }
  for (const LaunchArray& array : launch.arrays) {
    if (array.access == kernels::Access::read) continue;
    copies_.erase(array.view.data);
    if (!found.empty() && std::string_view(launch.op) == "cast") copies_[array.view.data] = found;
  }
  inside_ = !found.empty();
  if (inside_) layer_ = found.substr(0, found.rfind('.'));
}

std::string PlaceFinder::place() const {
  if (layer_.empty()) return {};
  return (inside_ ? "at " : "after ") + layer_;
}

const std::string* PlaceFinder::parameter_at(const void* data) const {
  if (const auto own = paths_.find(data); own != paths_.end()) return &own->second;
  const auto copy = copies_.find(data);
  return copy == copies_.end() ? nullptr : &copy->second;
}

}  // namespace athanor::train
