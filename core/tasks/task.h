// What is learnt, from what, judged how. A task knows models and batches; steps, ranks and files are the trainer's.
#pragma once

#include "core/autograd/variable.h"
#include "core/data/loader.h"
#include "core/journal/event.h"
#include "core/models/chain.h"
#include "core/nn/scope.h"
#include "core/ops/row_group.h"
#include "core/tensor/context.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace athanor::tasks {

using Figures = std::vector<std::pair<std::string, double>>;

// The outcome of one evaluation. The samples' step is the caller's to fill in.
struct Judgement {
  std::string split;                              // "test"
  Figures metrics;                                // "t2i_r1", …
  std::vector<journal::RetrievalSample> samples;  // the fixed probes and their best answers
};

class Task {
 public:
  virtual ~Task() = default;

  // The numbers of rows of a batch on the device, in an order of the task's own.
  using Inputs = std::vector<Tensor>;
  [[nodiscard]] virtual Inputs upload(Context& context, const data::Batch& batch, const data::Rows& rows) = 0;
  // What the criterion needs of some rows of a batch, with a row of its own for each, recorded when the context
  // records. A row's result does not depend on the other rows; no two features depend on one recorded value. The inputs
  // are what upload() gave. Reads nothing else that differs from batch to batch, and does not wait for the
  // device.
  [[nodiscard]] virtual std::vector<Variable> features(Context& context, const Inputs& inputs) = 0;
  // The same in steps, for cutting it into stages: the layers that so many streams go through, which begin absent, and
  // what is then made of them. None where it cannot be cut.
  [[nodiscard]] virtual std::vector<models::ChainLayer> layers() const { return {}; }
  [[nodiscard]] virtual std::size_t streams() const { return 0; }
  [[nodiscard]] virtual std::vector<Variable> features_of(const models::Streams& streams, const Inputs&) {
    return streams;
  }
  // The loss of a whole batch, one element, from the features of all its rows.
  [[nodiscard]] virtual Variable criterion(Context& context, const std::vector<Variable>& features) = 0;
  // The same, to the bits, on replicas that have some of the rows each and divide the work: `own` are the features of
  // this one's rows, from row `first` on, and get their gradients; `all` are those of all rows. A call that all make,
  // as is the backward pass. Only where divides() says so for a batch of so many rows.
  [[nodiscard]] virtual bool divides(const Context&, std::int64_t /*rows*/) const { return false; }
  struct Divided {
    ops::RowGroup& group;
    std::int64_t first;
    std::vector<Variable> own;
    std::vector<Tensor> all;
  };
  [[nodiscard]] virtual Variable divided_criterion(Context&, const Divided&) { return {}; }

  [[nodiscard]] Variable loss(Context& context, const Inputs& inputs) {
    return criterion(context, features(context, inputs));
  }
  [[nodiscard]] Variable loss(Context& context, const data::Batch& batch) {
    return loss(context, upload(context, batch, batch.all()));
  }
  // Figures of the model itself that are worth following, such as a learned temperature.
  [[nodiscard]] virtual Figures state(const Context& context) const = 0;
  // Judges the model on the test data; records nothing.
  [[nodiscard]] virtual Judgement judge(Context& context) = 0;

  // How judge() comes by features where this rank does not have the whole model: with others, who judge as well.
  using Encoder = std::function<std::vector<Variable>(Context&, const Inputs&)>;
  void encode_with(Encoder encoder) { encoder_ = std::move(encoder); }

 protected:
  [[nodiscard]] std::vector<Variable> encode(Context& context, const Inputs& inputs) {
    return encoder_ ? encoder_(context, inputs) : features(context, inputs);
  }

 private:
  Encoder encoder_;
};

}  // namespace athanor::tasks
