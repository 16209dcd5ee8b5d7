// Ties a recipe to the parts that carry it out; the only place that knows all of them.
#pragma once

#include "core/assembly/stages.h"
#include "core/data/loader.h"
#include "core/distributed/mesh_ranks.h"
#include "core/distributed/model_norm.h"
#include "core/distributed/pipeline_pass.h"
#include "core/distributed/replica_group.h"
#include "core/distributed/run_world.h"
#include "core/distributed/state_share.h"
#include "core/distributed/tensor_ranks.h"
#include "core/models/two_tower/two_tower.h"
#include "core/optim/optimizer.h"
#include "core/parallel/mesh.h"
#include "core/precision/session.h"
#include "core/recipe/recipe.h"
#include "core/tasks/contrastive.h"
#include "core/train/pretrained.h"
#include "core/train/trainer.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace athanor::runner {

// What a recipe asks for, in the parts' own words.
[[nodiscard]] data::LoaderOptions loader_options(const recipe::Recipe& recipe, int rank = 0);
[[nodiscard]] data::Selection train_selection(const recipe::Recipe& recipe);
[[nodiscard]] data::Selection test_selection(const recipe::Recipe& recipe);
// Of the tokenizer that the recipe's texts go through.
[[nodiscard]] std::int64_t vocabulary_of(const recipe::Recipe& recipe, const data::Dataset& dataset);
[[nodiscard]] models::TwoTowerConfig model_config(const recipe::Recipe& recipe, std::int64_t vocabulary);
[[nodiscard]] optim::Options optimizer_options(const recipe::Recipe& recipe);
[[nodiscard]] train::Plan train_plan(const recipe::Recipe& recipe);

// Of a rank; "auto" is resolved by asking the machine. Ranks take its GPUs in turn, and share them where they are more.
// Throws Failure(unavailable) when a GPU is demanded and there is none.
[[nodiscard]] Device resolve_device(const recipe::Recipe& recipe, int rank = 0);
// Whether each rank of a run has a GPU of its own, and numbers go from one to the other without the host.
[[nodiscard]] bool meets_on_gpus(const recipe::Recipe& recipe);
// Of one rank; 0 is its share of this machine's cores.
[[nodiscard]] int resolve_threads(const recipe::Recipe& recipe);
[[nodiscard]] parallel::Mesh mesh_of(const recipe::Recipe& recipe);
// The same with as many replicas as there are ranks for: some may have been lost for good.
[[nodiscard]] parallel::Mesh mesh_for(const recipe::Recipe& recipe, int ranks);
// "cpu: AMD EPYC, 2 threads"
[[nodiscard]] std::string describe_device(const recipe::Recipe& recipe);

// What a part of the recipe's model or optimizer refuses, with the field that asked for it.
class FieldFailure : public Failure {
 public:
  FieldFailure(std::string field, Error error) : Failure(std::move(error)), field_(std::move(field)) {}
  [[nodiscard]] const std::string& field() const noexcept { return field_; }

 private:
  std::string field_;
};

// What learns, in a context that outlives it. In a dry context nothing is computed and no weights are read, but all is
// refused that would be refused otherwise.
struct Learner {
  std::unique_ptr<models::TwoTower> model;
  std::optional<train::Pretrained> pretrained;     // where the recipe names weights
  std::unique_ptr<precision::Session> precision;   // null: everything in f32
  std::unique_ptr<distributed::StateShare> share;  // null where all is held
  std::unique_ptr<optim::Optimizer> optimizer;     // of the share, where there is one
};
// `rank` is this one among those of the recipe; without one all is held, whatever they share. Of a model that is cut it
// has the parameters that `keeps` says. Throws FieldFailure.
[[nodiscard]] Learner make_learner(const recipe::Recipe& recipe, Context& context, std::int64_t vocabulary,
                                   std::optional<int> rank = {},
                                   const std::function<bool(const ParameterState&)>& keeps = {});

// This rank's ties to the others of its run.
struct Peers {
  distributed::MeshRanks mesh;
  distributed::RunWorld world;
  std::unique_ptr<distributed::ReplicaGroup> replicas = nullptr;  // null: there is but one
  std::unique_ptr<distributed::TensorTie> tensor = nullptr;       // null: this rank has the whole model
  // Null where the model is not cut.
  std::unique_ptr<distributed::PipelinePass> pass = nullptr;
  std::unique_ptr<distributed::ModelNorm> norm = nullptr;
  // Of all ranks, where they write checkpoints together: for the thread that writes.
  std::unique_ptr<comm::Communicator> checkpoints = nullptr;
  // Why what lies on GPUs goes through the host; empty where it does not, or nothing lies there.
  std::string through_host = {};
};

// The group of ranks that a rank's part of the model is made for, to be given to its context; null where each has the
// whole.
[[nodiscard]] std::unique_ptr<distributed::TensorRanks> tensor_ranks(const recipe::Recipe& recipe, int rank);

// Members are destroyed in the reverse order; tensors go before the context they came from.
struct Assembly {
  std::shared_ptr<const data::Dataset> dataset;
  std::unique_ptr<distributed::TensorRanks> tensor;  // null: this rank has the whole model
  std::unique_ptr<Context> context;
  std::unique_ptr<data::Loader> loader;
  std::unique_ptr<models::TwoTower> model;
  std::unique_ptr<precision::Session> precision;   // null: everything in f32
  std::unique_ptr<distributed::StateShare> share;  // null where all is held
  std::unique_ptr<optim::Optimizer> optimizer;
  std::unique_ptr<tasks::Contrastive> task;
  std::optional<train::Pretrained> pretrained;
  std::optional<Stages> stages;  // where the model is cut: it then has the parameters of this rank's alone
  std::unique_ptr<Peers> peers;  // null: there is but one rank, or none has been joined

  [[nodiscard]] train::Parts parts() const;
  // Whether no rank holds all that is learnt.
  [[nodiscard]] bool is_shared() const noexcept { return share || stages || tensor; }
};
[[nodiscard]] comm::WireFormat gradient_format(const recipe::Recipe& recipe);
[[nodiscard]] parallel::Shard shard_of(const recipe::Recipe& recipe);
// One rank's, without the others; where none is named all is held, as by a run of one rank, and the rows are those of
// the first. Throws Failure with whatever a part refuses.
[[nodiscard]] Assembly assemble(const recipe::Recipe& recipe, std::shared_ptr<const data::Dataset> dataset,
                                std::function<std::string(std::size_t picture)> media = {},
                                std::optional<int> rank = {});
// Makes its peers: the rank that it was assembled for among `group`, which outlives them. `residuals` is
// where this rank keeps what coding takes away of gradients (core/comm/residual_store.h); may be empty. A call that all
// make.
void join(Assembly& assembly, const recipe::Recipe& recipe, comm::Group& group,
          const std::filesystem::path& residuals = {});
// Cuts the model of a pipeline elsewhere, for the `rank` that it was assembled for. What is learnt is then as it was
// when it was assembled. No peers are joined, and no trainer is at work.
void cut_again(Assembly& assembly, const recipe::Recipe& recipe, int rank, const LayerWork* measured);
// Shares every batch out among the replicas that were joined, from the next step on: so many micro-batches to each; an
// empty list stands for equal shares. A call that all make alike, with no trainer at work. Throws Failure as
// Loader::create() does.
void share_batches(Assembly& assembly, const std::vector<std::int64_t>& micro_batches = {});

}  // namespace athanor::runner
