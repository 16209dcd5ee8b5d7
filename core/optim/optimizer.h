// What all optimizers have in common: named parameters, clipping by the global norm, a refusal to step on gradients
// that are not finite, and state that is named by the parameter's path, so that checkpoints and shards can find it.
#pragma once

#include "core/autograd/variable.h"
#include "core/ops/reduce.h"
#include "core/tensor/context.h"
#include "kernels/ops/optim/master_rounding.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::optim {

struct StepOptions {
  float learning_rate = 0.0f;   // multiplied by each parameter's own rate
  float max_norm = 0.0f;        // 0: no clipping
  float gradient_scale = 1.0f;  // applied to gradients first, for example 1/micro-batches
  bool count_lost = false;      // costs a trip to the device
};

struct StepReport {
  double gradient_norm = 0;    // of all gradients after scaling, before clipping; finite elements only
  std::int64_t nonfinite = 0;  // elements that are NaN or infinite; when not 0 nothing was changed
  bool clipped = false;        // gradients were made smaller
  // When asked for, and only by AdamW: numbers that should have moved, and those of them that kept their bits.
  std::int64_t updates = 0, lost_updates = 0;
  [[nodiscard]] bool applied() const noexcept { return nonfinite == 0; }
  [[nodiscard]] double lost_share() const noexcept {
    return updates == 0 ? 0.0 : static_cast<double>(lost_updates) / static_cast<double>(updates);
  }
};

// Parameters that share weight decay and rate.
struct ParameterGroup {
  float weight_decay = 0.0f;
  float rate = 1.0f;
  std::vector<std::string> paths;
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  // Updates every parameter that has a gradient. Counts the step only when it was applied.
  [[nodiscard]] StepReport step(Context& context, const StepOptions& options);
  void clear_gradients();
  // Where these parameters are a part of a model, divided by stages or shards: step() takes the sum of squares over the
  // whole model from here (square_sums.h), so that all parts clip alike and refuse alike. Empty: over these parameters.
  // Since it waits for others, such a step cannot be queued. `measure` comes before it, as soon as gradients are there,
  // and waits for nobody; may be empty.
  void set_sum_squares(std::function<ops::SquareSum(Context&)> sum_squares,
                       std::function<void(Context&)> measure = {}) {
    sum_squares_ = std::move(sum_squares);
    measure_ = std::move(measure);
  }

  // Called when parameters have become what others wait for: at the end of each step() that was applied and of
  // step_ahead(), and where settle() has changed them.
  void set_after_step(std::function<void(Context&)> after_step) { after_step_ = std::move(after_step); }

  // step() in two parts, of which the first does not wait for the sum of squares: it is taken as if nothing had to be
  // clipped and everything were finite (post-validation; Qi et al. 2023, arXiv 2401.10241, section 4), and settle()
  // takes it again where that was wrong. Together they give the bits of step(). Until then gradients stay as they are,
  // and what the step wrote over is kept: as much memory as parameters and state have.
  void step_ahead(Context& context, const StepOptions& options);
  // Parameters and state are what step_ahead() left where the report says that the step was applied and not clipped.
  [[nodiscard]] StepReport settle(Context& context);

  // The same in three parts, of which the second never waits for the device and can be replayed: what changes from step
  // to step it reads from memory that prepare() writes. Learning rate and gradient_scale are prepare()'s, the rest of
  // the options queue()'s. Nothing is changed either when `loss` is not finite.
  void prepare(Context& context, const StepOptions& options);
  struct Queued {
    Tensor squares, nonfinite;  // f64 [1] of the gradients; i64 [2] of the gradients and the loss
    std::vector<Tensor> lost;   // i64 [2] each
  };
  [[nodiscard]] Queued queue(Context& context, const StepOptions& options, const Tensor& loss);
  [[nodiscard]] StepReport finish(Context& context, const StepOptions& options, const Queued& queued);

  [[nodiscard]] std::int64_t step_count() const noexcept { return step_count_; }
  // Of a state that was brought back: a step that was taken ahead belongs to another.
  void set_step_count(std::int64_t count) noexcept {
    step_count_ = count;
    ahead_.reset();
  }
  // "<path>.<array>" for each array of each parameter; the tensors are the state itself (see Context::write).
  [[nodiscard]] std::vector<std::pair<std::string, Tensor>> named_state() const;
  [[nodiscard]] std::vector<ParameterGroup> groups() const;
  // Of parameters, gradients and state together, averaged over all that learn.
  [[nodiscard]] double bytes_per_parameter() const;
  // Some parameter that learns is less than f32, so that small steps may be lost.
  [[nodiscard]] bool has_narrow_masters() const;

 protected:
  struct Slot {
    Parameter parameter;
    std::vector<Tensor> state;  // as many as `array_names`; absent where this parameter needs none
  };

  // Parameters that are not trainable are left out. `weight_decay` is only of parameters that decay.
  Optimizer(const std::vector<Parameter>& parameters, float weight_decay, std::vector<const char*> array_names);

  // What an update is given. values, step and nonfinite are as in kernels/ops/optim/step_values.h: absent unless the
  // update may be replayed.
  struct Update {
    StepOptions options;
    Tensor sum_squares;
    Tensor values, step, nonfinite;
    std::vector<Tensor> lost;  // out: counts, i64 [2], where options.count_lost asks for them
  };
  // Moves all slots that have a gradient. step_count() is that of this step, from 1, unless the step is on the device.
  virtual void update(Context& context, Update& update) = 0;
  struct Betas {
    float first = 0, second = 0;
  };
  [[nodiscard]] virtual Betas betas() const { return {}; }

  [[nodiscard]] std::vector<Slot>& slots() noexcept { return slots_; }
  [[nodiscard]] float decay_of(const ParameterState& parameter) const {
    return parameter.decays ? weight_decay_ : 0.0f;
  }
  // A segment's own rate: the learning rate is part of it unless it lies on the device.
  [[nodiscard]] static float rate_of(const Update& update, const ParameterState& parameter) {
    return update.values.present() ? parameter.rate : update.options.learning_rate * parameter.rate;
  }
  // Calls visit(slot) for those with a gradient, noting that their values change; returns how many numbers they hold.
  template <class Visit>
  double for_each_moving(Visit&& visit) {
    double numel = 0;
    for (Slot& slot : slots_) {
      if (!slot.parameter->gradient.present()) continue;
      slot.parameter->value.count_change();
      visit(slot);
      numel += static_cast<double>(slot.parameter->value.numel());
    }
    return numel;
  }

 private:
  // A step that is not settled.
  struct Ahead {
    StepOptions options;
    std::vector<std::pair<Tensor, Tensor>> before;  // what it wrote over, with a copy
    std::vector<Tensor> lost;
  };

  std::vector<Slot> slots_;
  [[nodiscard]] std::vector<Tensor> gradients() const;
  [[nodiscard]] ops::SquareSum sum_squares(Context& context);
  // Returns the counts of lost updates.
  std::vector<Tensor> apply(Context& context, const StepOptions& options, const Tensor& sum_squares);

  float weight_decay_;
  std::optional<Ahead> ahead_;
  std::function<ops::SquareSum(Context&)> sum_squares_;
  std::function<void(Context&)> measure_;
  std::function<void(Context&)> after_step_;
  std::vector<const char*> array_names_;
  std::int64_t step_count_ = 0;
  Tensor values_;  // f32 [5], the last of which is the step as i32
};

enum class Kind : std::uint8_t { adamw, lamb, sgd };
inline constexpr const char* kKindNames[] = {"adamw", "lamb", "sgd"};
// Throws Failure(invalid_input) for another name.
[[nodiscard]] Kind kind_named(std::string_view name);

struct Options {
  Kind kind = Kind::adamw;
  float beta1 = 0.9f, beta2 = 0.98f, eps = 1e-8f;  // AdamW and LAMB
  float weight_decay = 0.05f;
  float momentum = 0.9f;  // SGD
  bool nesterov = false;
  DType moments = DType::f32;                                              // or bf16; AdamW
  kernels::MasterRounding rounding = kernels::MasterRounding::stochastic;  // of bf16 parameters; AdamW
};
[[nodiscard]] std::unique_ptr<Optimizer> make_optimizer(Context& context, const std::vector<Parameter>& parameters,
                                                        const Options& options);

// Makes the weights of linear products bf16 masters, whose small steps the optimizer keeps by Options::rounding. Only
// for models whose activations are bf16; other parameters (gains, biases, tables) stay f32. Call before make_optimizer.
void narrow_masters(Context& context, const std::vector<Parameter>& parameters);

}  // namespace athanor::optim
