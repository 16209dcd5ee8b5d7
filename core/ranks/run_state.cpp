#include "core/ranks/run_state.h"

#include "core/autograd/shard.h"
#include "core/checkpoint/reader.h"
#include "core/distributed/checkpoint_ranks.h"
#include "core/ranks/kept_residuals.h"
#include "core/train/snapshot.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace athanor::runner {

namespace {

std::vector<checkpoint::NamedShape> shapes_of(const std::vector<train::Held>& held, checkpoint::Section section) {
  std::vector<checkpoint::NamedShape> shapes;
  for (const train::Held& one : held)
    if (one.section == section && (shapes.empty() || shapes.back().name != one.name))  // of a tensor in several boxes
      shapes.push_back({one.name, one.shape});
  return shapes;
}

}  // namespace

checkpoint::TrainingState restore_state(Assembly& assembly, const std::filesystem::path& folder) {
  const auto reader = value_or_throw(checkpoint::Reader::open(folder));
  const std::vector<train::Held> held = held_by(assembly);
  if (!assembly.stages)
    value_or_throw(reader.match(
        checkpoint::Section::model,
        shapes_of(train::hold_all(assembly.model->named_parameters(), nullptr), checkpoint::Section::model)));
  if (!assembly.is_shared())
    value_or_throw(reader.match(checkpoint::Section::optimizer, shapes_of(held, checkpoint::Section::optimizer)));
  value_or_throw(train::restore(*assembly.context, reader, held));
  assembly.optimizer->set_step_count(reader.state().optimizer_steps);
  return reader.state();
}

void begin_anew(Assembly& assembly, const recipe::Recipe& recipe) {
  Context apart(
      {.device = assembly.context->device(), .threads = assembly.context->threads(), .seed = assembly.context->seed()});
  const Learner fresh = make_learner(recipe, apart, assembly.loader->tokenizer().vocabulary_size());
  for (const train::Held& held : held_by(assembly)) {
    std::vector<float> numbers(static_cast<std::size_t>(held.tensor.numel()));
    if (held.section == checkpoint::Section::model) {
      const std::vector<float> whole = apart.download(fresh.model->parameters().find(held.name)->value);
      for (BoxRuns run(held.box, held.box, whole_box(held.shape)); !run.done(); run.next())
        std::copy_n(whole.begin() + run.in_target(), run.length(), numbers.begin() + run.in_outer());
    }
    assembly.context->write(held.tensor, numbers);
  }
  assembly.optimizer->set_step_count(0);
  if (assembly.precision) assembly.precision->restore(fresh.precision->state());
}

SharedCheckpoints::SharedCheckpoints(std::filesystem::path folder, std::int64_t keep, Told told)
    : folder_(std::move(folder)),
      keep_(keep),
      told_(std::move(told)),
      writer_([this](const checkpoint::ShardContents& contents) { write(contents); }) {}

void SharedCheckpoints::save(const Assembly& assembly, checkpoint::TrainingState state) {
  check();
  state.optimizer_steps = assembly.optimizer->step_count();
  const std::int64_t step = step_ = state.step;
  train::capture(*assembly.context, written_by(assembly), std::move(state), writer_.buffer());
  const Peers& peers = *assembly.peers;
  if (peers.replicas && peers.replicas->coded())
    for (checkpoint::Piece& piece : residual_pieces(peers.replicas->coded()->residuals(step), peers.checkpoints->rank(),
                                                    peers.checkpoints->size()))
      writer_.buffer().pieces.push_back(std::move(piece));
  writer_.finish();
  ranks_ = peers.checkpoints.get();
  writer_.start();
}

void SharedCheckpoints::check() {
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  writer_.check();
}

void SharedCheckpoints::finish() {
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  writer_.finish();
}

std::int64_t SharedCheckpoints::part() noexcept {
  try {
    writer_.finish();
  } catch (const Failure& failure) {
    if (failure.error().kind == ErrorKind::communication) return step_;
    fault_ = std::current_exception();
  } catch (...) {
    fault_ = std::current_exception();
  }
  return -1;
}

void SharedCheckpoints::write(const checkpoint::ShardContents& contents) {
  const auto begin = std::chrono::steady_clock::now();
  const auto written =
      value_or_throw(checkpoint::write_shards(folder_, contents, keep_, distributed::checkpoint_ranks(*ranks_)));
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  if (told_) told_(contents.state.step, written, spent.count());
}

}  // namespace athanor::runner
