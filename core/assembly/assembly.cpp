#include "core/assembly/assembly.h"

#include "core/assembly/encoder.h"
#include "core/assembly/formats.h"
#include "core/assembly/gpus.h"
#include "core/assembly/norm.h"
#include "core/comm/gpu_links.h"
#include "core/data/captions.h"
#include "core/observe/process.h"
#include "core/optim/group_rules.h"
#include "core/parallel/layout.h"
#include "core/recipe/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace athanor::runner {
namespace {

// The probes are the same in every run of the same data, so that boards can be compared.
constexpr std::uint64_t kProbeSeed = 1;
// Ranks that write checkpoints together wait for the slowest disk.
constexpr std::chrono::minutes kLongestWrite{60};

float as_float(const recipe::Recipe& recipe, const char* path) { return static_cast<float>(recipe.real(path)); }
int as_int(const recipe::Recipe& recipe, const char* path) { return static_cast<int>(recipe.integer(path)); }

data::Augmentation augmentation(const recipe::Recipe& recipe) {
  data::Augmentation out;
  out.scale = {as_float(recipe, "augment.scale_min"), as_float(recipe, "augment.scale_max")};
  out.rotation_degrees = as_float(recipe, "augment.rotation");
  out.shift = as_float(recipe, "augment.shift");
  out.stretch = as_float(recipe, "augment.stretch");
  out.shear = as_float(recipe, "augment.shear");
  out.flip = as_float(recipe, "augment.flip");
  out.hue_degrees = as_float(recipe, "augment.hue");
  out.saturation = as_float(recipe, "augment.saturation");
  out.greyscale = as_float(recipe, "augment.greyscale");
  out.brightness = as_float(recipe, "augment.brightness");
  out.channel_gain = as_float(recipe, "augment.channel_gain");
  out.contrast = as_float(recipe, "augment.contrast");
  out.white_background = as_float(recipe, "augment.white_background");
  out.stroke = as_float(recipe, "augment.stroke");
  out.blur = as_float(recipe, "augment.blur");
  out.cutout = as_float(recipe, "augment.cutout");
  out.noise = as_float(recipe, "augment.noise");
  return out;
}

// The field is that with which a cause begins, where it begins with one; "": it always does.
template <class Part>
auto asked_by(const char* field, Part&& part) {
  try {
    return part();
  } catch (const Failure& failure) {
    const std::string& cause = failure.error().cause;
    const std::string own = cause.substr(0, cause.find(':'));
    throw FieldFailure(*field == '\0' || recipe::find_field(own) != nullptr ? own : field, failure.error());
  }
}

// Of a prepared text encoder.
std::filesystem::path own_tokenizer(const recipe::Recipe& recipe) {
  return has_text_encoder(recipe) ? value_or_throw(encoder_folder(recipe.text("model.text_tower")))
                                  : std::filesystem::path();
}

}  // namespace

data::LoaderOptions loader_options(const recipe::Recipe& recipe, int rank) {
  const parallel::Mesh mesh = mesh_of(recipe);
  data::LoaderOptions out;
  out.share = {parallel::coordinates_of(mesh, rank).data, mesh.data};
  out.selection = train_selection(recipe);
  out.batch_size = as_int(recipe, "data.batch_size");
  out.image_px = as_int(recipe, "data.image_px");
  out.max_tokens = as_int(recipe, "data.max_tokens");
  out.seed = static_cast<std::uint64_t>(recipe.integer("run.seed"));
  out.augmentation = augmentation(recipe);
  out.keyword_probability = as_float(recipe, "data.keyword_share");
  out.fit_margin = as_float(recipe, "data.fit_margin");
  out.workers = as_int(recipe, "data.workers");
  if (recipe.boolean("data.group_by_length")) {
    out.row_cost = asked_by("model.text_tower", [&] { return row_costs(recipe); });
    out.micro_batches = as_int(recipe, "parallel.micro_batches");
  }
  out.tokenizer = own_tokenizer(recipe);
  return out;
}

std::int64_t vocabulary_of(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  data::LoaderOptions options;
  options.selection = train_selection(recipe);
  options.tokenizer = own_tokenizer(recipe);
  const auto file = data::tokenizer_path(dataset, options);
  return value_or_throw(data::Tokenizer::load(file)).vocabulary_size();
}

data::Selection train_selection(const recipe::Recipe& recipe) {
  return {recipe.list("data.groups"), recipe.list("data.train_styles"), recipe.text("data.language")};
}

data::Selection test_selection(const recipe::Recipe& recipe) {
  return {recipe.list("data.groups"), recipe.list("data.test_styles"), recipe.text("data.language")};
}

models::TwoTowerConfig model_config(const recipe::Recipe& recipe, std::int64_t vocabulary) {
  models::TwoTowerConfig out;
  out.image_px = recipe.integer("data.image_px");
  out.stem_channels = *recipe::whole_numbers(recipe.text("model.stem"));
  out.image_width = recipe.integer("model.image_width");
  out.image_depth = recipe.integer("model.image_depth");
  out.image_heads = recipe.integer("model.image_heads");
  out.text_width = recipe.integer("model.text_width");
  out.text_depth = recipe.integer("model.text_depth");
  out.text_heads = recipe.integer("model.text_heads");
  out.mlp_ratio = recipe.real("model.mlp_ratio");
  out.dropout = as_float(recipe, "model.dropout");
  out.vocabulary = vocabulary;
  if (has_text_encoder(recipe)) out.bert = value_or_throw(encoder_config(recipe));
  out.max_tokens = recipe.integer("data.max_tokens");
  out.embedding_dim = recipe.integer("model.embedding_dim");
  out.initial_temperature = as_float(recipe, "model.initial_temperature");
  if (recipe.text("train.loss") == "sigmoid") out.initial_bias = as_float(recipe, "model.initial_bias");
  out.temperature_rate = as_float(recipe, "train.temperature_rate");
  return out;
}

optim::Options optimizer_options(const recipe::Recipe& recipe) {
  return {.kind = optim::kind_named(recipe.text("train.optimizer")),
          .beta1 = as_float(recipe, "train.beta1"),
          .beta2 = as_float(recipe, "train.beta2"),
          .eps = as_float(recipe, "train.epsilon"),
          .weight_decay = as_float(recipe, "train.weight_decay"),
          .momentum = as_float(recipe, "train.momentum"),
          .nesterov = recipe.boolean("train.nesterov"),
          .moments = recipe.text("precision.moments") == "bf16" ? DType::bf16 : DType::f32,
          .rounding = recipe.text("precision.master") == "bf16_kahan" ? kernels::MasterRounding::compensated
                                                                      : kernels::MasterRounding::stochastic};
}

train::Plan train_plan(const recipe::Recipe& recipe) {
  train::Plan out;
  out.steps = recipe.integer("train.steps");
  out.schedule = {.peak = recipe.real("train.learning_rate"),
                  .warmup_steps = recipe.integer("train.warmup_steps"),
                  .total_steps = out.steps,
                  .final_share = recipe.real("train.final_share")};
  out.micro_batches = as_int(recipe, "parallel.micro_batches");
  out.clip_norm = as_float(recipe, "train.clip_norm");
  out.evaluate_every = recipe.integer("eval.every_steps");
  out.checkpoint_every = recipe.integer("checkpoint.every_steps");
  return out;
}

Device resolve_device(const recipe::Recipe& recipe, int rank) {
  const std::string& wish = recipe.text("train.device");
  if (wish == "cpu") return {DeviceKind::cpu, 0};
  if (const auto count = static_cast<int>(gpus().size()); count > 0) return {DeviceKind::cuda, rank % count};
  if (wish == "cuda") {
    throw Failure(ErrorKind::unavailable, "train on a GPU", why_no_gpu(), "Set train.device to auto or cpu");
  }
  return {DeviceKind::cpu, 0};
}

bool meets_on_gpus(const recipe::Recipe& recipe) {
  const int ranks = parallel::world_size(mesh_of(recipe));
  return ranks > 1 && resolve_device(recipe).kind == DeviceKind::cuda && ranks <= std::ssize(gpus()) &&
         comm::why_no_nccl().empty();
}

int resolve_threads(const recipe::Recipe& recipe) {
  const int wish = as_int(recipe, "train.threads");
  return wish > 0 ? wish : std::max(1, observe::machine().cores / parallel::world_size(mesh_of(recipe)));
}

parallel::Mesh mesh_of(const recipe::Recipe& recipe) {
  return {.data = as_int(recipe, "parallel.data"),
          .tensor = as_int(recipe, "parallel.tensor"),
          .pipeline = as_int(recipe, "parallel.pipeline")};
}

parallel::Mesh mesh_for(const recipe::Recipe& recipe, int ranks) {
  parallel::Mesh mesh = mesh_of(recipe);
  mesh.data = ranks / (mesh.tensor * mesh.pipeline);
  return mesh;
}

std::string describe_device(const recipe::Recipe& recipe) {
  const Device device = resolve_device(recipe);
  if (device.kind == DeviceKind::cuda) return fmt::format("cuda:{}: {}", device.index, gpus().front().name);
  const int threads = resolve_threads(recipe);
  return fmt::format("cpu: {}, {} thread{}", observe::machine().processor, threads, threads == 1 ? "" : "s");
}

Learner make_learner(const recipe::Recipe& recipe, Context& context, std::int64_t vocabulary, std::optional<int> rank,
                     const std::function<bool(const ParameterState&)>& keeps) {
  const auto seed = static_cast<std::uint64_t>(recipe.integer("run.seed"));
  Learner out;
  out.model = asked_by("model.text_tower", [&] {
    return std::make_unique<models::TwoTower>(context, model_config(recipe, vocabulary), seed);
  });
  nn::ParameterSet& parameters = out.model->parameters();
  out.pretrained = asked_by("finetune.weights", [&] { return load_weights(recipe, context, parameters.all()); });
  asked_by("", [&] { nn::apply_finetune(context, parameters, finetune_options(recipe), seed); });
  asked_by("train.rates",
           [&] { optim::apply_group_rules(parameters.all(), optim::parse_group_rules(recipe.text("train.rates"))); });
  if (keeps) parameters.keep(keeps);
  // The optimizer keeps state only for what learns in the end; formats are resolved for all layers there are then.
  out.precision = asked_by("precision.replay", [&] { return make_precision(recipe, context, parameters); });
  const parallel::Mesh mesh = mesh_of(recipe);
  if (rank && mesh.data > 1 && shard_of(recipe) != parallel::Shard::none)
    out.share = std::make_unique<distributed::StateShare>(context, parameters.all(), shard_of(recipe), mesh.data,
                                                          parallel::coordinates_of(mesh, *rank).data);
  out.optimizer =
      optim::make_optimizer(context, out.share ? out.share->pieces() : parameters.all(), optimizer_options(recipe));
  return out;
}

comm::WireFormat gradient_format(const recipe::Recipe& recipe) {
  const std::string& name = recipe.text("parallel.gradient_format");
  return name == "fp32" ? comm::WireFormat::f32 : comm::wire_format_named(name).value();
}

parallel::Shard shard_of(const recipe::Recipe& recipe) {
  return parallel::shard_named(recipe.text("parallel.shard")).value_or(parallel::Shard::none);
}

std::unique_ptr<distributed::TensorRanks> tensor_ranks(const recipe::Recipe& recipe, int rank) {
  const parallel::Mesh mesh = mesh_of(recipe);
  if (mesh.tensor == 1) return nullptr;
  auto ranks = std::make_unique<distributed::TensorRanks>(parallel::coordinates_of(mesh, rank).tensor, mesh.tensor,
                                                          recipe.boolean("parallel.sequence"));
  if (meets_on_gpus(recipe)) ranks->rehearse_on_gpus();
  return ranks;
}

train::Parts Assembly::parts() const {
  train::Parts out{*context, *task, *loader, model->named_parameters(), *optimizer, precision.get()};
  if (!peers) return out;
  out.world = &peers->world;
  out.replicas = peers->replicas.get();
  out.pass = peers->pass.get();
  out.steps_ahead = stages && stages->steps_ahead;
  out.judges_alone =
      peers->pass == nullptr && tensor == nullptr && !(share && share->shard() == parallel::Shard::parameters);
  return out;
}

namespace {

// See Peers::through_host. A call that all ranks make.
std::string meet_on_gpus(const recipe::Recipe& recipe, const Context& context, comm::Communicator& world) {
  if (recipe.text("train.device") == "cpu") return {};
  const Device device = context.device();
  const std::string why_not = comm::why_no_nccl();
  std::shared_ptr<comm::GpuLinks> links;
  if (why_not.empty() && device.kind == DeviceKind::cuda)
    links = comm::nccl_links(device.index, gpus().at(static_cast<std::size_t>(device.index)).bus_id);
  if (world.meet_on_gpus(std::move(links)) || device.kind != DeviceKind::cuda) return {};
  return why_not.empty() ? "ranks share a GPU, or one has none" : why_not;
}

void join_pipeline(Assembly& assembly) {
  Peers& peers = *assembly.peers;
  peers.pass = std::make_unique<distributed::PipelinePass>(
      distributed::PipelineParts{*assembly.context, *assembly.task, assembly.model->named_parameters(),
                                 *peers.mesh.pipeline, peers.replicas.get()},
      assembly.stages->plan);
  peers.world.watch([&pass = *peers.pass] { return pass.exchanged(); });
  assembly.task->encode_with(
      [&pass = *peers.pass](Context&, const tasks::Task::Inputs& inputs) { return pass.features(inputs); });
}

}  // namespace

void join(Assembly& assembly, const recipe::Recipe& recipe, comm::Group& group,
          const std::filesystem::path& residuals) {
  std::string through_host = meet_on_gpus(recipe, *assembly.context, group.world());
  assembly.peers = std::make_unique<Peers>(
      Peers{distributed::split_mesh(group, mesh_for(recipe, group.world().size())), distributed::RunWorld(group)});
  Peers& peers = *assembly.peers;
  peers.through_host = std::move(through_host);
  if (peers.mesh.data) {
    const precision::Session* const precision = assembly.precision.get();
    peers.replicas =
        std::make_unique<distributed::ReplicaGroup>(*peers.mesh.data, gradient_format(recipe), residuals,
                                                    [precision] { return precision ? precision->loss_scale() : 1.0F; });
    if (assembly.share) peers.replicas->share_step(*assembly.context, *assembly.share, *assembly.optimizer);
    peers.world.watch([&replicas = *peers.replicas] { return replicas.exchanged(); });
  }
  if (assembly.tensor) {
    peers.tensor = std::make_unique<distributed::TensorTie>(*assembly.tensor, *peers.mesh.tensor);
    peers.world.watch([&tensor = *peers.tensor] { return tensor.exchanged(); });
  }
  if (peers.mesh.pipeline) join_pipeline(assembly);
  peers.norm =
      make_norm(assembly.model->named_parameters(), assembly.share.get(), assembly.stages ? &*assembly.stages : nullptr,
                peers.mesh.here, {peers.mesh.data.get(), peers.mesh.tensor.get(), peers.mesh.pipeline.get()},
                *assembly.optimizer);
  if (peers.norm) peers.world.also_waits([&norm = *peers.norm] { return norm.waited(); });
  if (!assembly.is_shared()) return;
  peers.checkpoints = group.world().split(0, group.world().rank());
  peers.checkpoints->set_timeout(kLongestWrite);
}

void share_batches(Assembly& assembly, const std::vector<std::int64_t>& micro_batches) {
  const Peers& peers = *assembly.peers;
  const int replica = peers.mesh.here.data;
  data::Share share{replica, peers.mesh.mesh.data};
  if (!micro_batches.empty()) {
    if (std::ssize(micro_batches) != share.count || std::ranges::min(micro_batches) < 1 || assembly.share ||
        assembly.stages || (peers.replicas && peers.replicas->coded()))
      throw Failure(ErrorKind::internal, "share a batch between replicas by their speed",
                    "there are not as many shares as replicas, or these cannot have unequal ones",
                    "set parallel.balance to off");
    const auto own = micro_batches.begin() + replica;
    share = {static_cast<int>(std::accumulate(micro_batches.begin(), own, std::int64_t{0})),
             static_cast<int>(std::accumulate(own, micro_batches.end(), std::int64_t{0})), static_cast<int>(*own)};
    share.count += share.index;
  }
  if (peers.replicas) peers.replicas->share_micro_batches(micro_batches);
  data::LoaderOptions options = assembly.loader->options();
  if (options.share == share) return;
  options.share = share;
  assembly.loader = value_or_throw(data::Loader::create(assembly.dataset, options));
}

namespace {

// What learns of a rank's part, in the assembly's context.
void make_learning(Assembly& out, const recipe::Recipe& recipe, std::optional<int> rank, const LayerWork* measured) {
  const std::int64_t vocabulary = out.loader->tokenizer().vocabulary_size();
  std::function<bool(const ParameterState&)> keeps;
  if (const parallel::Mesh mesh = mesh_of(recipe); rank && mesh.pipeline > 1) {
    const data::LoaderOptions& options = out.loader->options();
    const bool is_grouped = !options.row_cost.empty();
    out.stages = cut_into_stages(
        recipe, vocabulary, measured,
        is_grouped ? data::mean_length(value_or_throw(data::text_lengths(*out.dataset, options))) : kReadsAll);
    keeps = [&stages = *out.stages, here = parallel::coordinates_of(mesh, *rank).pipeline](
                const ParameterState& parameter) { return stages.rank_of(parameter.path).value_or(here) == here; };
  }
  Learner learner = make_learner(recipe, *out.context, vocabulary, rank, keeps);
  out.model = std::move(learner.model);
  out.pretrained = std::move(learner.pretrained);
  out.precision = std::move(learner.precision);
  out.share = std::move(learner.share);
  out.optimizer = std::move(learner.optimizer);
}

}  // namespace

void cut_again(Assembly& assembly, const recipe::Recipe& recipe, int rank, const LayerWork* measured) {
  const bool steps_ahead = assembly.stages->steps_ahead;  // as it was predicted
  tasks::ContrastiveParts parts = std::move(*assembly.task).release();
  assembly.task.reset();
  assembly.optimizer.reset();
  assembly.share.reset();
  assembly.precision.reset();
  assembly.model.reset();
  make_learning(assembly, recipe, rank, measured);
  assembly.stages->steps_ahead = steps_ahead;
  assembly.task = std::make_unique<tasks::Contrastive>(
      tasks::ContrastiveParts{*assembly.model, std::move(parts.dataset), std::move(parts.test), parts.batch_size,
                              std::move(parts.probes), std::move(parts.media)});
}

Assembly assemble(const recipe::Recipe& recipe, std::shared_ptr<const data::Dataset> dataset,
                  std::function<std::string(std::size_t picture)> media, std::optional<int> rank) {
  const auto seed = static_cast<std::uint64_t>(recipe.integer("run.seed"));
  const data::LoaderOptions options = loader_options(recipe, rank.value_or(0));
  Assembly out;
  out.dataset = std::move(dataset);
  out.context = std::make_unique<Context>(ContextOptions{
      .device = resolve_device(recipe, rank.value_or(0)), .threads = resolve_threads(recipe), .seed = seed});
  if (rank) out.tensor = tensor_ranks(recipe, *rank);
  out.context->set_tensor_group(out.tensor.get());
  out.loader = value_or_throw(data::Loader::create(out.dataset, options));
  make_learning(out, recipe, rank, nullptr);

  data::LoaderOptions test_options = options;
  test_options.selection = test_selection(recipe);
  out.task = std::make_unique<tasks::Contrastive>(tasks::ContrastiveParts{
      *out.model, out.dataset, value_or_throw(data::EvaluationSet::create(out.dataset, test_options)),
      test_options.batch_size,
      value_or_throw(data::probe_set(*out.dataset, test_options.selection, as_int(recipe, "eval.probes"), kProbeSeed)),
      std::move(media)});
  return out;
}

}  // namespace athanor::runner
