#include "core/train/place.h"

namespace athanor::train {

PlaceFinder::PlaceFinder(const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters)
    if (!parameter->value.vacant()) paths_[parameter->value.view().data] = parameter->path;
}

void PlaceFinder::follow(const LaunchSeen& launch) {
  const std::string* found = nullptr;
  for (const LaunchArray& array : launch.arrays) {
    if (array.access == kernels::Access::write) continue;
    if (!found) found = parameter_at(array.view.data);
  }
  for (const LaunchArray& array : launch.arrays) {
    if (array.access == kernels::Access::read) continue;
    copies_.erase(array.view.data);
    if (found && std::string_view(launch.op) == "cast") copies_[array.view.data] = found;
  }
  place_.inside = found != nullptr;
  if (found) place_.layer = std::string_view(*found).substr(0, found->rfind('.'));
}

const std::string* PlaceFinder::parameter_at(const void* data) const {
  if (const auto own = paths_.find(data); own != paths_.end()) return &own->second;
  const auto copy = copies_.find(data);
  return copy == copies_.end() ? nullptr : copy->second;
}

}  // namespace athanor::train
