#include "core/distributed/parameter_window.h"

#include "core/distributed/packed_ranges.h"
#include "core/distributed/stopwatch.h"

#include <algorithm>
#include <cctype>

namespace athanor::distributed {
namespace {

bool is_number(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](unsigned char letter) { return std::isdigit(letter) != 0; });
}

// "text_tower.blocks.0" of "text_tower.blocks.0.mlp.up.weight": what is built in numbers goes as one, the rest module
// by module.
std::string_view layer_of(std::string_view path) {
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    if (is_number(path.substr(begin, end - begin))) return path.substr(0, end);
    begin = end + 1;
  }
  return path.substr(0, path.rfind('.'));
}

}  // namespace

ParameterWindow::ParameterWindow(Context& context, std::unique_ptr<comm::Communicator> replicas,
                                 const StateShare& share)
    : context_(context), replicas_(std::move(replicas)), share_(share) {
  std::map<std::string_view, Layer*> by_name;
  for (const Place& place : share.places()) {
    if (!place.is_cut) continue;
    Layer*& layer = by_name[layer_of(place.whole->path)];
    if (layer == nullptr) layer = layers_.emplace_back(std::make_unique<Layer>()).get();
    layer->places.push_back(&place);
    layer->numbers += place.whole->value.numel();
    by_storage_[place.whole->value.storage()] = layer;
    place.whole->value.set_keeper(this);
  }
  for (const auto& layer : layers_) layer->pieces = packed_pieces(layer->places);
}

ParameterWindow::~ParameterWindow() {
  if (exchange_.valid()) exchange_.wait();
  for (const auto& layer : layers_) {
    let_go(*layer);
    for (const Place* place : layer->places) place->whole->value.set_keeper(nullptr);
  }
}

void ParameterWindow::need(Storage& storage) {
  Layer& layer = *by_storage_.at(&storage);
  if (last_.second == &layer) return;
  if (!layer.is_here) bring(layer);
  std::erase(here_, &layer);
  here_.push_back(&layer);
  if (here_.size() > kLayersHere) {
    let_go(*here_.front());
    here_.erase(here_.begin());
  }
  if (last_.second != nullptr) after_[last_] = &layer;
  last_ = {last_.second, &layer};
  const auto next = after_.find(last_);
  if (next != after_.end() && next->second != nullptr && !next->second->is_here && coming_ == nullptr)
    send_for(*next->second);
}

void ParameterWindow::bring(Layer& layer) {
  const Stopwatch watch(waited_);
  if (coming_ != nullptr && coming_ != &layer) {
    wait();
    coming_ = nullptr;
  }
  if (coming_ == nullptr) send_for(layer);
  wait();
  coming_ = nullptr;
  put_down(layer);
}

// The parts are read before this returns, or on a GPU before anything that is queued later.
void ParameterWindow::send_for(Layer& layer) {
  coming_ = &layer;
  packed_.emplace(context_, *replicas_, layer.numbers, room_);
  const auto mine = static_cast<std::size_t>(share_.replica());
  for_ranges(layer.places, [&](const Place& place, std::size_t rank, const parallel::Range& range, std::int64_t at) {
    if (rank == mine) packed_->put(place.piece->value, 0, range.end - range.begin, at);
  });
  replicas_->after(context_.stream().mark());
  exchange_ = std::async(std::launch::async, [this, &layer] { replicas_->all_gather(packed_->view(), layer.pieces); });
}

void ParameterWindow::wait() {
  if (exchange_.valid()) exchange_.get();
}

// The same numbers as ever: no change that anybody counts.
void ParameterWindow::put_down(Layer& layer) {
  for (const Place* place : layer.places) place->whole->value.occupy();
  layer.is_here = true;
  for_ranges(layer.places, [&](const Place& place, std::size_t, const parallel::Range& range, std::int64_t at) {
    packed_->take(place.whole->value, range.begin, range.end - range.begin, at);
  });
  packed_.reset();
}

void ParameterWindow::let_go(Layer& layer) {
  if (!std::exchange(layer.is_here, false)) return;
  for (const Place* place : layer.places) place->whole->value.vacate();
}

void ParameterWindow::forget() {
  const Stopwatch watch(waited_);
  wait();
  coming_ = nullptr;
  for (Layer* layer : here_) let_go(*layer);
  here_.clear();
  if (last_.second != nullptr) after_[last_] = nullptr;
  last_ = {};
  for (const auto& layer : layers_)
    for (const Place* place : layer->places) place->whole->value.count_change();
}

}  // namespace athanor::distributed
