#include "core/runner/training_run.h"

#include "core/assembly/encoder.h"
#include "core/assembly/formats.h"
#include "core/assembly/gpus.h"
#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/data/probe.h"
#include "core/forecast/facts.h"
#include "core/forecast/memory_advice.h"
#include "core/journal/text.h"
#include "core/observe/process.h"
#include "core/observe/sampler.h"
#include "core/ranks/elastic.h"
#include "core/ranks/kept_residuals.h"
#include "core/ranks/rank_link.h"
#include "core/runner/interrupt.h"
#include "core/runner/provenance.h"
#include "core/runner/trouble.h"
#include "core/train/snapshot.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace athanor::runner {
namespace {

constexpr std::chrono::milliseconds kSampleInterval{500};
// What a prediction of memory is held against: the process on a CPU, the device's memory on a GPU.
std::int64_t peak_memory_bytes(const Context& context) {
  if (context.device().kind == DeviceKind::cuda) return static_cast<std::int64_t>(context.memory().peak_reserved_bytes);
  return observe::memory_use().peak_resident_bytes;
}

// Directions drawn at random have cosines with the standard deviation 1 / sqrt(dimension).
double logit_spread(const recipe::Recipe& recipe) {
  return 1 / (recipe.real("model.initial_temperature") *
              std::sqrt(static_cast<double>(recipe.integer("model.embedding_dim"))));
}

// Fewer steps say little about the pace.
constexpr std::int64_t kStepsWorthRemembering = 20;

// The GPU that a run computes on; none on the CPU.
std::vector<observe::WatchedGpu> watched_gpus(Device device) {
  if (device.kind != DeviceKind::cuda) return {};
  const std::vector<Gpu> all = gpus();
  const auto index = static_cast<std::size_t>(device.index);
  if (index >= all.size()) return {};
  return {{fmt::format("cuda:{}", device.index), all[index].bus_id}};
}

void capture(const Assembly& assembly, checkpoint::TrainingState state, checkpoint::Contents& into) {
  train::capture(*assembly.context, assembly.model->named_parameters(), *assembly.optimizer, std::move(state), into);
}

}  // namespace

TrainingRun::TrainingRun(RunDirectory directory, SoundRecipe sound, Beginning beginning, Console& console,
                         const TrainOptions& options)
    : directory_(std::move(directory)),
      sound_(std::move(sound)),
      beginning_(std::move(beginning)),
      console_(console),
      process_start_(options.process_start),
      until_(options.until),
      place_(options.place),
      injector_(make_injector(options.faults, options.place.value_or(RankPlace{}),
                              [&console](const std::string& text) { console.warn(text); })),
      shared_(directory_.checkpoints(), sound_.recipe.integer("checkpoint.keep"),
              [this](std::int64_t step, const checkpoint::Written& written, double seconds) {
                tell_written(step, written, seconds);
              }) {
  if (beginning_.checkpoint) done_ = beginning_.checkpoint->state.step;
}

TrainingRun::~TrainingRun() { console_.set_listener({}); }

int TrainingRun::run() {
  try {
    begin_journal();
    return carry_out();
  } catch (...) {
    Error error = error_of(std::current_exception(), "train");
    finish_writing();
    tell_failure(error);
    throw Failure(std::move(error));
  }
}

int TrainingRun::carry_out() {
  const bool stopped = train() == train::Outcome::stopped;
  tell_state(stopped ? journal::RunState::stopped : journal::RunState::finished,
             !stopped           ? ""
             : stop_requested() ? fmt::format("stopped on request after step {}", done_)
                                : fmt::format("it was to go to step {} and no further", done_));
  value_or_throw(journal_->sync());
  console_.info(
      fmt::format("{} after step {}: {}", stopped ? "Stopped" : "Finished", done_, directory_.folder().string()));
  console_.set_listener({});
  return stopped ? kInterrupted : 0;
}

void TrainingRun::begin_journal() {
  value_or_throw(directory_.create());
  journal_ = value_or_throw(journal::Writer::open(directory_.journal()));
  console_.also_to(directory_.log());
  console_.set_listener([this](const journal::LogLine& line) { (void)journal_->append(line); });
  if (const auto cut = journal_->cut_bytes(); cut > 0) {
    console_.warn(fmt::format("The journal ended in {} bytes of an unfinished event; they were cut", cut));
  }
  tell_state(journal::RunState::preparing, "");
}

void TrainingRun::write_papers() {
  const std::string text = recipe::to_toml(sound_.recipe, recipe::Detail::everything);
  recipe_digest_ = sha256_hex(text);
  // Where a run comes from is known before anything else: a fork that dies here can still find its beginning.
  Session session{done_, beginning_.from, beginning_.parent};
  const bool takes_over = place_ && place_->epoch > 0;  // the session goes on
  if (!takes_over) value_or_throw(write_provenance(directory_, sound_, session, beginning_.resumed));
  value_or_throw(write_file_atomically(directory_.recipe(), text));
}

namespace {

// Better now than after all steps are done.
void check_room(const RunDirectory& directory, std::int64_t checkpoint_bytes) {
  std::error_code code;
  const auto space = std::filesystem::space(directory.folder(), code);
  if (code || space.available >= static_cast<std::uintmax_t>(checkpoint_bytes)) return;
  constexpr double kMebibyte = 1024.0 * 1024.0;
  throw Failure(
      ErrorKind::io, fmt::format("train in {}", directory.folder().string()),
      fmt::format("a checkpoint takes {:.1f} MiB and the disk has {:.1f} MiB left",
                  static_cast<double>(checkpoint_bytes) / kMebibyte, static_cast<double>(space.available) / kMebibyte),
      "free some disk space, or choose another folder with --run-dir or ATHANOR_HOME");
}

}  // namespace

train::Outcome TrainingRun::train() {
  write_papers();
  for (const std::string& picture : sound_.data.dataset->corrupt()) {
    console_.warn(fmt::format("The picture {} is damaged and left out", picture));
  }
  std::optional<RankLink> link;
  if (place_) link.emplace(*place_, sound_, stop_requested, injector_ ? injector_->damager() : nullptr);
  // Who takes over a lost rank's place asks the others first.
  const bool takes_over = link && link->takes_over();
  const Forecast forecast = predict(link ? &*link : nullptr);
  tell_forecast(forecast);

  Assembly assembly = assemble(
      sound_.recipe, sound_.data.dataset, [this](std::size_t picture) { return media(picture); },
      place_ ? std::optional<int>(place_->rank) : std::nullopt);
  if (assembly.pretrained) {
    console_.info(describe(*assembly.pretrained, sound_.recipe.text("finetune.weights")));
  }
  const Parting parting(shared_);
  if (!takes_over) restore(assembly);
  tell_precision(assembly);
  RunReport::Setting setting{sound_.recipe.integer("train.steps"),
                             sound_.recipe.integer("data.batch_size"),
                             logit_spread(sound_.recipe),
                             process_start_,
                             {}};
  setting.peak_memory_bytes = [&context = *assembly.context] { return peak_memory_bytes(context); };
  report_ = std::make_unique<RunReport>(*journal_, console_, forecast, std::move(setting));
  tell_state(journal::RunState::running, "");

  const observe::Sampler sampler(
      kSampleInterval, watched_gpus(assembly.context->device()),
      [this](const journal::DeviceSample& sample) {
        report_->sample(sample);
        (void)say_stopping();  // refused: the next look says it, at the latest after the step
      },
      [this](const std::string& why) { console_.warn(fmt::format("The GPU is not measured: {}", why)); });
  const train::Ports ports = ports_of(assembly);
  train::Plan plan = train_plan(sound_.recipe);
  plan.until = until_;
  if (checkpoints(plan, done_) > 1 && !assembly.is_shared())
    writer_.prepare([&assembly](checkpoint::Contents& buffer) { capture(assembly, {}, buffer); });
  Elastic elastic{sound_.recipe, assembly,       link ? &*link : nullptr, train::after_steps(done_),
                  !takes_over,   beginning_.told};
  elastic.restore = [&](const journal::Recovery& begun) {
    begin_again(begun);
    restore(assembly);
    elastic.saves_first = saves_first_;
    return train::after_steps(done_);
  };
  elastic.source = [this] { return source_; };
  elastic.load = [&](const PartSource& source) {
    source_ = source.checkpoint;
    restore_precision(assembly, restore_state(assembly, source_).precision);
  };
  elastic.checkpoints = directory_.checkpoints();
  elastic.warn = [this](const std::string& text) { console_.warn(text); };
  elastic.tell_slow = [this](journal::StragglerSeen seen) { tell_straggler(std::move(seen)); };
  elastic.part = [this] { return shared_.part(); };
  elastic.saves_first = saves_first_;
  elastic.watch = &watch_;
  is_fresh_ = false;
  const train::Outcome outcome = train_elastic(elastic, plan, ports);
  done_ = elastic.progress.done;
  writer_.finish();
  shared_.finish();
  console_.end_progress();
  if (outcome == train::Outcome::finished) report_->conclude(done_);
  if (report_->steps_taken() >= kStepsWorthRemembering) {
    MachineCalibration known;
    known.shapes[shape_key(sound_.recipe)] = report_->measured(sound_.data.test_pictures, forecast.accounted_bytes);
    store_calibration(machine_key(sound_.recipe), known);
  }
  return outcome;
}

train::Ports TrainingRun::ports_of(const Assembly& assembly) {
  train::Ports ports;
  ports.tell = [this](const journal::Payload& payload) {
    if (const auto* back = std::get_if<journal::Recovery>(&payload)) {
      writer_.finish();  // what is still being written may be of the past that is left
      value_or_throw(checkpoint::put_aside_after(directory_.checkpoints(), back->step));
    }
    report_->tell(payload);
    if (std::holds_alternative<journal::FaultSeen>(payload)) fault_told_ = true;
    if (std::holds_alternative<journal::Recovery>(payload)) fault_told_ = false;
    watch_.take(payload);
  };
  ports.save = [this, &assembly](std::int64_t step) { save(assembly, step); };
  ports.stop = [this] {
    writer_.check();
    shared_.check();
    value_or_throw(say_stopping());
    return stop_requested();
  };
  ports.now_ns = [this] { return journal_->now_ns(); };
  if (injector_) ports = injector_->around(ports, *assembly.context);
  ports.memory_remedy = [this](const std::vector<train::TagOwners>& owners) {
    return memory_advice(sound_.recipe, owners);
  };
  return ports;
}

void TrainingRun::tell_forecast(const Forecast& forecast) {
  check_room(directory_, forecast.prediction.checkpoint_bytes);
  value_or_throw(journal_->append(journal::PredictionMade{recipe::to_json(forecast.prediction)}));
  console_.info(fmt::format("{}, {} parameters, on {}", forecast.prediction.model, forecast.prediction.parameters,
                            forecast.prediction.device));
  console_.info(fmt::format("Expected: {:.1f} steps/s, {:.0f} s in all, {:.0f} MiB",
                            forecast.prediction.steps_per_second, forecast.prediction.seconds_to_finish,
                            static_cast<double>(forecast.prediction.peak_memory_bytes) / (1024.0 * 1024.0)));
}

// With the other ranks, unless one of them is lost meanwhile or they are at work already.
Forecast TrainingRun::predict(RankLink* link) const {
  if (!link) return forecast(sound_, Effort::thorough, done_);
  try {
    if (!link->takes_over()) return forecast(sound_, Effort::thorough, done_, &link->group());
  } catch (const Failure& failure) {
    if (failure.error().kind != ErrorKind::communication || !link->regroup()) throw;
  }
  return forecast(sound_, Effort::quick, done_);
}

// Who takes over looks for a checkpoint only where nobody is left who knows more.
void TrainingRun::begin_again(const journal::Recovery& begun) {
  if (!beginning_.otherwise) return;
  const auto otherwise = beginning_.otherwise;
  beginning_ = otherwise();
  beginning_.otherwise = otherwise;
  beginning_.from += "; " + begun.from;
  beginning_.recovery = begun;
  done_ = beginning_.checkpoint ? beginning_.checkpoint->state.step : 0;
}

void TrainingRun::restore(Assembly& assembly) {
  saves_first_ = false;
  if (beginning_.from.empty()) return;
  if (beginning_.resumed) value_or_throw(checkpoint::put_aside_after(directory_.checkpoints(), done_));
  journal::Recovery recovery = beginning_.recovery;
  recovery.step = done_;
  recovery.from = beginning_.from;
  value_or_throw(journal_->append(recovery));
  fault_told_ = false;
  console_.info("Going on from " + beginning_.from);
  source_.clear();
  if (!std::exchange(is_fresh_, false) && !beginning_.checkpoint) begin_anew(assembly, sound_.recipe);
  if (!beginning_.checkpoint) return;
  for (const checkpoint::Skipped& skipped : beginning_.checkpoint->skipped) {
    console_.warn(fmt::format("The checkpoint {} is not whole and was passed over: {}", skipped.name, skipped.reason));
  }
  source_ = beginning_.checkpoint->folder;
  restore_precision(assembly, restore_state(assembly, source_).precision);
  restore_residuals(assembly.is_shared());
  beginning_.checkpoint.reset();
  // What came from another run is kept here as well, so that resuming never needs the parent again.
  if (beginning_.parent.empty()) return;
  saves_first_ = assembly.is_shared();  // together with the others, who have not come yet
  if (saves_first_) return;
  save(assembly, done_);
  writer_.finish();
}

void TrainingRun::restore_residuals(bool is_shared) {
  if (!beginning_.parent.empty() || !place_ || gradient_format(sound_.recipe) == comm::WireFormat::f32) return;
  const int ranks = parallel::world_size(mesh_of(sound_.recipe));
  // Where ranks share the state, each of the others reads the checkpoint, too.
  const int for_ranks = is_shared ? 1 : ranks;
  if (!value_or_throw(bring_residuals(source_, place_->meeting, 0, for_ranks, ranks, done_)))
    console_.info("What coding took away of gradients begins anew: the checkpoint does not hold that of these ranks");
}

// A fork may go on under another policy, from its beginning.
void TrainingRun::restore_precision(Assembly& assembly, const std::string& state) {
  if (!assembly.precision || state.empty()) return;
  if (beginning_.parent.empty()) return assembly.precision->restore(state);
  try {
    assembly.precision->restore(state);
  } catch (const Failure& failure) {
    console_.warn("The number formats begin anew: " + failure.error().cause);
  }
}

void TrainingRun::tell_precision(const Assembly& assembly) {
  if (!assembly.precision) return;
  for (const journal::PrecisionDecision& decision : decisions(assembly.precision->resolution(), done_))
    value_or_throw(journal_->append(decision));
  console_.info("Number formats: " + assembly.precision->resolution().summary());
  for (const precision::Fallback& fallback : assembly.precision->resolution().fallbacks)
    if (fallback.where == "run")
      console_.warn(fmt::format("{} instead of {}: {}", fallback.actual, fallback.requested, fallback.reason));
}

void TrainingRun::save(const Assembly& assembly, std::int64_t step) {
  checkpoint::TrainingState state;
  state.step = state.data_position = step;
  state.seed = static_cast<std::uint64_t>(sound_.recipe.integer("run.seed"));
  state.recipe_digest = recipe_digest_;
  if (assembly.precision) state.precision = assembly.precision->state();
  state.data_digest = sound_.data.dataset->card().digest;
  if (report_ && report_->last_evaluation()) {
    for (const auto& [name, value] : report_->last_evaluation()->metrics) state.figures[name] = value;
  }
  const bool is_last = step == sound_.recipe.integer("train.steps");  // which takes the time it takes
  if (assembly.is_shared()) {
    shared_.save(assembly, std::move(state));
    // While the others wait, who are then missed if one of them is lost.
    if (is_last || step == until_ || stop_requested()) shared_.finish();
    return;
  }
  capture(assembly, std::move(state), writer_.buffer());
  writer_.buffer().residual.clear();
  // Also when the peers are gone: what each has kept is still there.
  const int replicas = assembly.loader->options().share.count;
  if (place_ && replicas > 1 && gradient_format(sound_.recipe) != comm::WireFormat::f32)
    writer_.buffer().residual = read_residuals(place_->meeting, replicas, step);
  writer_.start();
  if (is_last) writer_.finish();
}

void TrainingRun::write(const checkpoint::Contents& contents) {
  const auto begin = std::chrono::steady_clock::now();
  const auto written =
      value_or_throw(checkpoint::write(directory_.checkpoints(), contents, sound_.recipe.integer("checkpoint.keep")));
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  tell_written(contents.state.step, written, spent.count());
}

void TrainingRun::tell_written(std::int64_t step, const checkpoint::Written& written, double seconds) {
  value_or_throw(journal_->append(journal::CheckpointWritten{
      step, written.bytes, seconds, written.folder.lexically_relative(directory_.folder()).string()}));
  value_or_throw(journal_->sync());
}

void TrainingRun::finish_writing() noexcept {
  const auto finish = [this](auto& writer) {
    try {
      writer.finish();
    } catch (const std::exception& failure) {
      console_.warn(failure.what());
    }
  };
  finish(writer_);
  finish(shared_);
}

void TrainingRun::tell_state(journal::RunState state, const std::string& cause) {
  state_ = std::string(journal::to_string(state));
  value_or_throw(journal_->append(journal::StateChanged{state, cause}));
}

// One step or evaluation may take longer than anybody waits for a word; so it is looked for beside them as well.
Result<void> TrainingRun::say_stopping() {
  const std::lock_guard lock(stopping_mutex_);
  if (!stop_requested() || state_ != "running") return {};
  auto said = journal_->append(journal::StateChanged{journal::RunState::stopping, "asked to stop"});
  if (said) state_ = "stopping";
  return said;
}

// The disk may be what failed: everything here is tried and nothing thrown.
void TrainingRun::tell_failure(const Error& error) {
  console_.end_progress();
  console_.set_listener({});
  state_ = "failed";
  if (!journal_) return;  // nobody could be told; or the journal is another process's
  if (!fault_told_) {
    (void)journal_->append(
        journal::FaultSeen{done_, to_string(error.kind), error.intention, error.cause, error.remedy});
  }
  (void)journal_->append(journal::LogLine{journal::Severity::error, error.message()});
  (void)journal_->append(journal::StateChanged{journal::RunState::failed, error.message()});
  (void)journal_->sync();
}

void TrainingRun::tell_straggler(journal::StragglerSeen seen) {
  if (seen.is_over) {
    console_.info(fmt::format("Rank {} has caught up", seen.rank));
  } else {
    seen.remedy = "see what else runs on its cores or device, and whether they are throttled";
    if (make_balance(sound_.recipe)) seen.remedy += "; its share of the batch is planned anew at a checkpoint";
    if (make_stage_balance(sound_.recipe)) seen.remedy += "; its share of the layers is planned anew at a checkpoint";
    console_.warn(fmt::format("Rank {} takes {:.0f} % longer than {} since step {}: {}", seen.rank, seen.slower * 100,
                              seen.against_past ? "at the beginning" : "ranks with the same work", seen.since,
                              seen.remedy));
  }
  value_or_throw(journal_->append(seen));
}

std::string TrainingRun::media(std::size_t picture) {
  std::string name = sound_.data.dataset->pictures()[picture].id + ".png";
  std::ranges::replace(name, '/', '-');
  const auto file = directory_.media() / name;
  std::error_code code;
  if (!std::filesystem::exists(file, code)) value_or_throw(data::export_picture(*sound_.data.dataset, picture, file));
  return "media/" + name;
}

std::string TrainingRun::ended() const {
  return fmt::format("the run {} is {} after step {} all the same", directory_.folder().string(), state_, done_);
}

std::string TrainingRun::result_json() const {
  nlohmann::json metrics = nlohmann::json::object();
  if (report_) {
    metrics["train/loss"] = report_->last_loss();
    if (report_->last_evaluation()) {
      for (const auto& [name, value] : report_->last_evaluation()->metrics) metrics["eval/" + name] = value;
    }
  }
  return nlohmann::json{{"run", directory_.folder().string()}, {"state", state_}, {"step", done_}, {"metrics", metrics}}
      .dump();
}

}  // namespace athanor::runner
