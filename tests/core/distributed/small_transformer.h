// A language model to be cut into stages, and how it is trained: by one process, or by the ranks of a pipeline. Shared
// by tests and benchmarks.
#pragma once

#include "core/comm/group.h"
#include "core/distributed/pipeline_runner.h"
#include "core/distributed/stage_model.h"
#include "core/nn/layers.h"
#include "core/nn/transformer.h"
#include "core/optim/adamw.h"
#include "tests/core/distributed/pipeline_optimizer.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace athanor::distributed::test {

struct TransformerSize {
  std::int64_t vocabulary = 600, width = 32, heads = 2, depth = 8;  // a table of more than one piece (SquareSums)
  std::int64_t tokens = 5, samples = 2;                             // of a micro-batch
  float dropout = 0.1f;
  std::size_t frozen = 0;  // layers, from the first on, that do not learn
};

// Words are made up from step and micro-batch; each word's target is the next.
class SmallTransformer {
 public:
  SmallTransformer(Context& context, const TransformerSize& size, int micro_batches);

  // From ids to logits: a table, the blocks, a head.
  [[nodiscard]] Variable logits(Context& context, int micro_batch) const;
  [[nodiscard]] const std::vector<Parameter>& parameters() const noexcept { return parameters_.all(); }
  // The layers of one of so many stages, as even as they go.
  [[nodiscard]] StageParts stage(int stage, int stages) const;
  void begin_step(std::int64_t step) { step_ = step; }

  [[nodiscard]] Tensor ids(Context& context, int micro_batch) const { return words(context, micro_batch, 0); }
  [[nodiscard]] Variable loss(Context& context, const Variable& logits, int micro_batch) const;

 private:
  [[nodiscard]] Tensor words(Context& context, int micro_batch, int shift) const;
  struct Layer {
    std::function<Variable(Context&, const Variable&)> forward;
    std::vector<Parameter> parameters;
  };
  void add_layer(const std::string& prefixes, std::function<Variable(Context&, const Variable&)> forward);
  [[nodiscard]] Variable run(const Layer& layer, Context& context, int micro_batch, const Variable& x) const;

  TransformerSize size_;
  int micro_batches_;
  std::int64_t step_ = 0;
  nn::ParameterSet parameters_;
  std::unique_ptr<nn::Embedding> table_;
  std::unique_ptr<nn::Positions> positions_;
  std::vector<nn::TransformerBlock> blocks_;
  std::unique_ptr<nn::LayerNorm> norm_;
  std::unique_ptr<nn::Linear> head_;
  std::vector<Layer> layers_;
};

struct Training {
  int micro_batches = 4;
  std::int64_t steps = 20;
  float clip_norm = 0.0f;
};

// What training leaves, bit by bit.
struct Trained {
  std::vector<std::uint32_t> losses;  // of each step and micro-batch
  std::vector<std::uint64_t> norms;   // of the gradients of each step
  std::map<std::string, std::vector<std::uint32_t>> weights;

  bool operator==(const Trained&) const = default;
};

// The micro-batches of a step in `order`; empty: ascending.
[[nodiscard]] Trained train_alone(const TransformerSize& size, const Training& training, std::vector<int> order = {});

// One rank of a pipeline, ready to take steps.
class PipelineRank {
 public:
  PipelineRank(comm::Group& group, const parallel::Schedule& schedule, const TransformerSize& size,
               const Training& training, PipelinePorts ports = {});

  void take_step(std::int64_t step);
  // Adds what this rank has of it.
  void tell(Trained& trained) const;

 private:
  Context context_;
  SmallTransformer model_;
  std::vector<std::unique_ptr<StageModel>> stages_;  // by stage; null for those of other ranks
  std::vector<Parameter> mine_;
  std::unique_ptr<optim::AdamW> optimizer_;
  std::unique_ptr<PipelineOptimizer> step_;
  std::unique_ptr<PipelineRunner> runner_;
  Trained so_far_;
};

// Over ranks that are threads.
[[nodiscard]] Trained train_pipeline(const parallel::Schedule& schedule, const TransformerSize& size,
                                     const Training& training);

}  // namespace athanor::distributed::test
