// The number formats of one run: layers ask it how to compute, the trainer tells it how steps went. Holds what changes
// while training: loss scale, histories of largest magnitudes, formats chosen by the dynamic policy and the votes for
// them. Formats change between steps only. One thread.
#pragma once

#include "core/nn/scope.h"
#include "core/precision/amax_history.h"
#include "core/precision/controller.h"
#include "core/precision/loss_scaler.h"
#include "core/precision/resolve.h"
#include "core/tensor/context.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace athanor::precision {

// A change as it stands in the journal, from which a run can be repeated to the bit.
struct RecordedChange {
  std::int64_t step = 0;  // steps done when it was made; it holds from the next one on
  std::string layer;
  std::string pass;
  std::string from, to;
  std::string reason;
  std::vector<std::pair<std::string, double>> statistics;
};

class Session final : public nn::LayerPrecision {
 public:
  // Installs itself in the context for as long as it lives. The context and the parameters outlive it.
  Session(Context& context, const Settings& settings, const nn::ParameterSet& parameters, const DeviceTraits& device);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const Resolution& resolution() const noexcept { return resolution_; }

  // Follows these changes instead of choosing; nothing is measured then. In order of steps. Throws
  // Failure(invalid_input) for a layer or a format that this session has not.
  void replay(std::vector<RecordedChange> changes);

  // ---- What the trainer tells, in this order for every step ----
  // `done`: steps done before. Counts are those of the run.
  void begin_step(std::int64_t done);
  [[nodiscard]] float loss_scale() const noexcept;
  // dynamic: whether this loss, NaN for a gradient that was not finite, calls for emergency().
  [[nodiscard]] bool is_alarming(double loss) const noexcept;
  // What the launches of this step depend on; nothing for a step that is measured, and so reads from the device.
  [[nodiscard]] std::optional<std::vector<std::uint64_t>> launch_key() const;
  // Layers that computed in this step and are to be remembered for it: what a step that is replayed must be told.
  [[nodiscard]] const std::vector<bool>& layers_used() const noexcept { return used_; }
  void set_layers_used(std::vector<bool> used) { used_ = std::move(used); }
  // The step was applied; `done` includes it. Changes that hold from the next step on.
  [[nodiscard]] std::vector<RecordedChange> end_step(std::int64_t done, double loss);
  // Gradients were not finite and the loss is scaled: the step is skipped. False when no smaller scale would help.
  [[nodiscard]] bool count_overflow();
  // Every product goes back to the stream's format for a while. `done`: where the run goes on from.
  [[nodiscard]] std::vector<RecordedChange> emergency(std::int64_t done, const std::string& reason);
  // Worth a copy of the parameters to return to: dynamic, and a decision is due after this step.
  [[nodiscard]] bool is_milestone(std::int64_t done) const noexcept;

  // Share of the free layers' multiply-adds that are done in FP8, both passes.
  [[nodiscard]] double fp8_share() const noexcept;

  // Everything that changes, as JSON; restored, a run goes on with the same bits. A state of another policy or model
  // is refused with invalid_input.
  [[nodiscard]] std::string state() const;
  void restore(const std::string& state);

  // ---- What layers ask ----
  [[nodiscard]] Variable enter(Context& context, const nn::Site& site, const Variable& x) override;
  [[nodiscard]] Variable leave(Context& context, const nn::Site& site, const Variable& y) override;
  [[nodiscard]] Variable linear(Context& context, const nn::Site& site, const Variable& x, const Variable& weight,
                                const Variable& bias, const ops::LinearOptions& options) override;

 private:
  using Histories = std::array<AmaxHistory, ops::kTensorClassCount>;

  [[nodiscard]] bool is_free(std::size_t layer) const { return resolution_.layers[layer].kept_high.empty(); }
  [[nodiscard]] bool is_dynamic() const noexcept { return resolution_.actual == Policy::dynamic; }
  void give_scale(std::size_t layer, ops::TensorClass tensor_class, ops::CodeFormat& format) const;
  [[nodiscard]] Variable product(Context& context, std::size_t layer, const PassFormats& formats, const Variable& x,
                                 const Variable& weight, const Variable& bias);
  void measure(Context& context, std::size_t layer, ops::TensorClass tensor_class, const Tensor& x);
  [[nodiscard]] Variable measure_gradient(Context& context, std::size_t layer, const Variable& y);
  struct Seen;  // what went into a product
  [[nodiscard]] Variable probe_later(Context& context, Seen seen, const Variable& y);
  void probe(Context& context, const Seen& seen, const Tensor& dy);
  [[nodiscard]] Tensor stats_of(std::size_t layer, ops::TensorClass tensor_class, Coding coding) const;
  void roll_histories();
  void write_scales();
  [[nodiscard]] std::vector<LayerMeasurement> measurements(double loss) const;
  [[nodiscard]] std::vector<RecordedChange> apply(std::int64_t done, const std::vector<Change>& changes);
  void apply_recorded(std::int64_t done, std::vector<RecordedChange>& applied);
  [[nodiscard]] std::size_t layer_named(const std::string& path) const;
  [[nodiscard]] PassFormat format_of(const RecordedChange& change) const;

  Context& context_;
  Settings settings_;
  Resolution resolution_;
  Controller::Formats formats_;
  LossScaler scaler_;
  Controller controller_;
  SpikeDetector spikes_;
  std::vector<Histories> histories_;    // delayed scaling, by layer
  std::vector<bool> used_;              // by layer, in this step
  Tensor scales_;                       // f32 [layers x classes], what the histories say
  std::vector<FormatImpacts> impacts_;  // by layer, of this step
  std::vector<double> rows_;            // by layer, of this step
  Tensor stats_;                        // f64 [layers x classes x codings x QuantizeStats]
  std::int64_t high_until_ = -1;        // steps done at which an emergency ends
  bool measuring_ = false;
  bool replays_ = false;
  std::vector<RecordedChange> to_replay_;
};

}  // namespace athanor::precision
