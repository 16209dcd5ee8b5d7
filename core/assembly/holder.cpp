#include "core/assembly/holder.h"

#include <string_view>

namespace athanor::runner {
namespace {

std::string_view parameter_of(const train::Held& held) {
  const std::string_view name = held.name;
  return held.section == checkpoint::Section::optimizer ? name.substr(0, name.rfind('.')) : name;
}

Holder holder_of(const Assembly& assembly, const parallel::Coordinates& here) {
  return {assembly.model->named_parameters(), *assembly.optimizer, assembly.share.get(),
          assembly.stages ? &*assembly.stages : nullptr, here};
}

}  // namespace

std::vector<train::Held> held_by(const Holder& holder) {
  return holder.share ? holder.share->needed(holder.optimizer) : train::hold_all(holder.parameters, &holder.optimizer);
}

std::vector<train::Held> written_by(const Holder& holder) {
  if (!holder.share && holder.here.data != 0) return {};
  std::vector<train::Held> held = holder.share ? holder.share->written(holder.optimizer) : held_by(holder);
  // What every stage has the first one writes.
  if (holder.stages && holder.here.pipeline != 0)
    std::erase_if(held, [&](const train::Held& one) { return !holder.stages->rank_of(parameter_of(one)); });
  // And what is not divided the first of a tensor group.
  if (holder.here.tensor != 0)
    std::erase_if(held, [](const train::Held& one) { return one.box == whole_box(one.shape); });
  return held;
}

std::vector<train::Held> held_by(const Assembly& assembly) { return held_by(holder_of(assembly, {})); }

std::vector<train::Held> written_by(const Assembly& assembly) {
  return written_by(holder_of(assembly, assembly.peers->mesh.here));
}

}  // namespace athanor::runner
