// Parameters of which every replica holds a part, put together for as long as they are at work: layer by layer, forward
// and backward, while the next layer is already on its way. What is not at work has no memory but that of its parts.
//
// Which layer comes next is learnt from the step before; a wrong guess costs time and nothing else. All replicas go
// through the same layers in the same order, and so make the same exchanges.
#pragma once

#include "core/comm/communicator.h"
#include "core/distributed/packed_numbers.h"
#include "core/distributed/state_share.h"
#include "core/tensor/context.h"

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace athanor::distributed {

class ParameterWindow final : public StorageKeeper {
 public:
  // Of the parameters that `share` has cut, none of which has memory now. `replicas` are its own, for a thread of it;
  // silent in a dry context. Context and share outlive it.
  ParameterWindow(Context& context, std::unique_ptr<comm::Communicator> replicas, const StateShare& share);
  ~ParameterWindow() override;
  ParameterWindow(const ParameterWindow&) = delete;
  ParameterWindow& operator=(const ParameterWindow&) = delete;

  // Puts the layer together that this memory belongs to, and lets go of an earlier one. Throws as the communicator
  // does.
  void need(Storage& storage) override;
  // The parts have changed: what was put together is of the past.
  void forget();
  // What its exchanges have taken so far, and what they have sent.
  [[nodiscard]] std::chrono::steady_clock::duration waited() const noexcept { return waited_; }
  [[nodiscard]] comm::Traffic traffic() const { return replicas_->traffic(); }

 private:
  using Place = StateShare::Place;
  struct Layer {
    std::vector<const Place*> places;
    std::vector<comm::Piece> pieces;  // of the layer's numbers, by replica
    std::int64_t numbers = 0;
    bool is_here = false;
  };
  // One op may read parameters of a layer and of the one before.
  static constexpr std::size_t kLayersHere = 2;

  void bring(Layer& layer);
  void send_for(Layer& layer);
  void put_down(Layer& layer);
  void let_go(Layer& layer);
  void wait();

  Context& context_;
  std::unique_ptr<comm::Communicator> replicas_;
  const StateShare& share_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::unordered_map<const Storage*, Layer*> by_storage_;
  std::vector<Layer*> here_;                           // the one at work last
  std::pair<Layer*, Layer*> last_{};                   // the two at work last
  std::map<std::pair<Layer*, Layer*>, Layer*> after_;  // what came after two; null: the step ended
  Layer* coming_ = nullptr;                            // on its way
  std::future<void> exchange_;
  std::vector<float> room_;
  std::optional<PackedNumbers> packed_;  // of the layer that is on its way
  std::chrono::steady_clock::duration waited_{};
};

}  // namespace athanor::distributed
