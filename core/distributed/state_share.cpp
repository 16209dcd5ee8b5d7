#include "core/distributed/state_share.h"

#include <algorithm>
#include <map>

namespace athanor::distributed {
namespace {

using checkpoint::Section;

void hold_piece(const StateShare::Place& place, std::vector<train::Held>& out) {
  train::hold_range(out, Section::model, place.whole->path, train::dims_of(place.whole->value.shape()), place.own.begin,
                    place.piece->value);
}

static_assert(parallel::kFlatUnit == optim::SquareSums::kPiece);

}  // namespace

StateShare::StateShare(Context& context, const std::vector<Parameter>& parameters, parallel::Shard shard, int replicas,
                       int replica)
    : parameters_(parameters), shard_(shard), replicas_(replicas), replica_(replica) {
  std::vector<std::int64_t> lengths;
  for (const Parameter& parameter : parameters) {
    if (!parameter->trainable) continue;
    places_.push_back({parameter, {}, nullptr, {}});
    lengths.push_back(parameter->value.numel());
  }
  auto ranges = parallel::flat_shares(lengths, replicas);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[i];
    place.ranges = std::move(ranges[i]);
    place.own = place.ranges[static_cast<std::size_t>(replica)];
    place.is_cut = shard == parallel::Shard::parameters && lengths[i] > parallel::kFlatUnit;
    const Tensor& whole = place.whole->value;
    if (place.own.begin != place.own.end) {
      Tensor own = whole.reshape({lengths[i]}).narrow(0, place.own.begin, place.own.end - place.own.begin);
      if (place.is_cut) own = context.clone(own, MemoryTag::parameters);
      place.piece = make_parameter(place.whole->path, std::move(own), place.whole->decays);
      place.piece->rate = place.whole->rate;
      pieces_.push_back(place.piece);
    }
    if (place.is_cut) whole.vacate();
  }
}

void StateShare::hold_state(const optim::Optimizer& optimizer, std::vector<train::Held>& out) const {
  std::multimap<std::string, std::pair<std::string, Tensor>, std::less<>> arrays;  // by the path of their parameter
  for (const auto& [name, tensor] : optimizer.named_state())
    arrays.emplace(name.substr(0, name.rfind('.')), std::pair(name, tensor));
  for (const Place& place : places_) {
    if (!place.piece) continue;
    const auto [first, last] = arrays.equal_range(place.whole->path);
    for (auto array = first; array != last; ++array)
      train::hold_range(out, Section::optimizer, array->second.first, train::dims_of(place.whole->value.shape()),
                        place.own.begin, array->second.second);
  }
}

std::vector<train::Held> StateShare::written(const optim::Optimizer& optimizer) const {
  std::vector<train::Held> out;
  for (const Place& place : places_)
    if (place.piece) hold_piece(place, out);
  // What does not learn is written in turn.
  int turn = 0;
  for (const Parameter& parameter : parameters_)
    if (!parameter->trainable && turn++ % replicas_ == replica_)
      for (train::Held& held : train::hold_all({parameter}, nullptr)) out.push_back(std::move(held));
  hold_state(optimizer, out);
  return out;
}

std::vector<train::Held> StateShare::needed(const optim::Optimizer& optimizer) const {
  std::vector<Parameter> whole;
  for (const Parameter& parameter : parameters_)
    if (!parameter->value.vacant()) whole.push_back(parameter);
  std::vector<train::Held> out = train::hold_all(whole, nullptr);
  for (const Place& place : places_)
    if (place.is_cut && place.piece) hold_piece(place, out);
  hold_state(optimizer, out);
  return out;
}

}  // namespace athanor::distributed
