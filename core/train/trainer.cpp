#include "core/train/trainer.h"

#include "core/autograd/backward.h"
#include "core/journal/text.h"
#include "core/train/nonfinite.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <utility>

namespace athanor::train {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;
constexpr double kNanosecondsPerMillisecond = 1e6;

bool due(std::int64_t every, std::int64_t step) { return every > 0 && step % every == 0; }

// sum += after - before
void add_difference(std::vector<Exchanged>& sum, const std::vector<Exchanged>& before,
                    const std::vector<Exchanged>& after) {
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i].sent_bytes += after[i].sent_bytes - before[i].sent_bytes;
    sum[i].waited_s += after[i].waited_s - before[i].waited_s;
    sum[i].under_way_s += after[i].under_way_s - before[i].under_way_s;
  }
}

// What was exchanged in between: in all, and along each axis where there are several.
void add_exchanged(tasks::Figures& figures, const std::vector<Exchanged>& before, const std::vector<Exchanged>& now) {
  double sent = 0, waited_ms = 0, under_way_ms = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto bytes = static_cast<double>(now[i].sent_bytes - before[i].sent_bytes);
    sent += bytes;
    waited_ms += 1e3 * (now[i].waited_s - before[i].waited_s);
    under_way_ms += 1e3 * (now[i].under_way_s - before[i].under_way_s);
    if (now.size() > 1) figures.emplace_back(fmt::format("comm/{}_bytes", now[i].axis), bytes);
  }
  figures.emplace_back("comm/sent_bytes", sent);
  figures.emplace_back("comm/exposed_ms", waited_ms);
  figures.emplace_back("comm/total_ms", std::max(under_way_ms, waited_ms));
}

}  // namespace

Trainer::Trainer(Parts parts, Plan plan, Ports ports)
    : parts_(parts),
      plan_(plan),
      ports_(std::move(ports)),
      own_pass_(parts.context, parts.task, parts.parameters, plan.micro_batches, parts.replicas),
      pass_(parts.pass ? *parts.pass : own_pass_),
      recorded_(parts.context) {
  pass_tells_ = pass_.watch({.now_ns = ports_.now_ns,
                             .tell = [this](const journal::Span& span) { ports_.tell(span); },
                             .at =
                                 [this](std::string_view section) {
                                   if (parts_.world) parts_.world->at(section);
                                 },
                             .holds = [this] { return settle(); }});
}

template <class Work>
auto Trainer::timed(journal::SpanKind kind, std::int64_t step, Work&& work) {
  journal::Span span;
  span.kind = kind;
  span.step = step;
  if (parts_.world) parts_.world->at(journal::to_string(kind));
  span.begin_ns = ports_.now_ns();
  auto result = work();
  span.end_ns = ports_.now_ns();
  ports_.tell(span);
  return result;
}

Outcome Trainer::run(const Progress& begin) {
  done_ = begin.done;
  evaluated_ = begin.evaluated;
  saved_ = begin.saved;
  const MemoryLedger ledger(parts_.context, parts_.parameters);
  try {
    return loop();
  } catch (const Failure& failure) {
    Error error = explained(failure.error(), ledger);
    tell_fault(error);
    throw Failure(std::move(error));
  }
}

// What cannot be told must not hide what happened: the first fault is the one that is thrown on.
void Trainer::tell_fault(const Error& error) const noexcept {
  try {
    ports_.tell(journal::FaultSeen{done_ + 1, to_string(error.kind), error.intention, error.cause, error.remedy});
  } catch (...) {
    return;
  }
}

Error Trainer::explained(Error error, const MemoryLedger& ledger) const {
  if (error.kind != ErrorKind::out_of_memory || ledger.refused().empty()) return error;
  error.cause += fmt::format("in detail: {}", to_text(ledger.refused()));
  if (ports_.memory_remedy) error.remedy = ports_.memory_remedy(ledger.refused());
  return error;
}

Outcome Trainer::loop() {
  exchanged_ = exchanged();
  clear_gradients();  // of a step that was given up
  parts_.loader.seek(done_);
  if (parts_.precision && parts_.precision->is_milestone(0))
    rewind_.take(parts_.context, parts_.parameters, parts_.optimizer, done_);
  while (true) {
    const std::int64_t saved_before = saved_;
    do_what_is_due();
    if (done_ >= plan_.steps) return Outcome::finished;
    if (saved_ != saved_before && ports_.pauses && ports_.pauses(done_)) return Outcome::paused;
    stops_ = !ahead_ && should_stop();
    if (!stops_) step();
    if (stops_) {
      save();
      return Outcome::stopped;
    }
  }
}

void Trainer::do_what_is_due() {
  const bool last = done_ == plan_.steps;
  if (evaluated_ != done_ && (done_ == 0 || last || due(plan_.evaluate_every, done_))) evaluate();
  if (done_ > 0 && (last || due(plan_.checkpoint_every, done_))) save();
}

void Trainer::step() {
  Step step;
  step.begin_ns = ports_.now_ns();
  if (ports_.keep && !ahead_) ports_.keep(progress());
  parts_.context.set_step(static_cast<std::uint32_t>(done_));
  precision::Session* const precision = parts_.precision;
  if (precision) precision->begin_step(done_);

  const data::Batch batch = timed(journal::SpanKind::data, done_ + 1, [&] { return parts_.loader.next(); });
  if (plan_.record && !batch.is_grouped && pass_.is_whole() && parts_.context.stream().records())
    queue_step(step, batch);
  else
    take_step(step, batch);
  if (stops_) return;
  if (!std::isfinite(step.loss) || (precision && precision->is_alarming(step.loss))) {
    if (went_back(step.loss, fmt::format("the loss of step {} is {:.6g}", done_ + 1, step.loss))) return;
    refuse_nonfinite(batch, step.loss, nullptr);
  }
  if (!step.is_ahead) return conclude(step, ports_.now_ns(), exchanged(), [&] { return batch; });
  ahead_ = {step, ports_.now_ns(), exchanged()};
  ++ahead_count_.taken;
  ++done_;
}

void Trainer::conclude(const Step& step, std::int64_t end_ns, std::vector<Exchanged> exchanged,
                       const std::function<data::Batch()>& batch) {
  const optim::StepReport& report = step.report;
  precision::Session* const precision = parts_.precision;
  right_ = report.applied() && !report.clipped ? right_ + 1 : 0;
  if (!report.applied() && parts_.replicas) parts_.replicas->undo_step(done_);
  const bool skipped = !report.applied() && precision && precision->count_overflow();
  if (!report.applied() && !skipped) {
    if (went_back(std::nan(""), fmt::format("a gradient of step {} is not finite", done_ + 1))) return;
    save();  // what was learnt so far is sound
    refuse_nonfinite(batch(), step.loss, &report);
  }
  clear_gradients();
  ++done_;
  tell_step(step, end_ns, std::move(exchanged));
  if (!precision || skipped) return;
  tell_changes(precision->end_step(done_, step.loss));
  if (precision->is_milestone(done_)) rewind_.take(parts_.context, parts_.parameters, parts_.optimizer, done_);
}

// A loss that is not finite or alarming changes nothing.
void Trainer::take_step(Step& step, const data::Batch& batch) {
  using journal::SpanKind;
  const auto passing = [&](SpanKind kind, auto&& work) {
    return pass_tells_ ? work() : timed(kind, done_ + 1, std::forward<decltype(work)>(work));
  };
  const Tensor value = passing(SpanKind::forward, [&] { return pass_.forward(batch); });
  if (stops_) return pass_.drop();
  step.loss = parts_.context.download(value).front();
  if (!std::isfinite(step.loss) || (parts_.precision && parts_.precision->is_alarming(step.loss))) return pass_.drop();
  passing(SpanKind::backward, [&] { return pass_.backward(loss_scale()), 0; });
  step.rate = rate();
  step.is_ahead = can_step_ahead();
  step.report = timed(SpanKind::optimizer, done_ + 1, [&] {
    const optim::StepOptions options = step_options(step.rate);
    if (!step.is_ahead) return parts_.optimizer.step(parts_.context, options);
    parts_.optimizer.step_ahead(parts_.context, options);
    return optim::StepReport();
  });
}

bool Trainer::can_step_ahead() const {
  const std::int64_t after = done_ + 1;
  const bool is_last = after == plan_.steps;
  return parts_.steps_ahead && right_ >= plan_.ahead_after && !is_last && !due(plan_.evaluate_every, after) &&
         !due(plan_.checkpoint_every, after);
}

bool Trainer::settle() {
  if (!ahead_) return true;
  if (parts_.world) parts_.world->at(journal::to_string(journal::SpanKind::optimizer));
  const std::vector<Exchanged> before = exchanged();
  const optim::StepReport report = parts_.optimizer.settle(parts_.context);
  Ahead ahead = std::move(*ahead_);
  ahead_.reset();
  ahead.step.report = report;
  add_difference(ahead.exchanged, before, exchanged());
  parts_.context.set_step(static_cast<std::uint32_t>(--done_));
  conclude(ahead.step, ahead.end_ns, std::move(ahead.exchanged), [&] {
    parts_.loader.seek(done_);
    return parts_.loader.next();
  });
  parts_.context.set_step(static_cast<std::uint32_t>(done_));
  stops_ = should_stop();
  if (ports_.keep && !stops_) ports_.keep(progress());
  const bool was_right = report.applied() && !report.clipped;
  if (!was_right) ++ahead_count_.taken_back;
  return was_right || stops_;
}

// Steps that were skipped do not count for the schedule.
double Trainer::rate() const { return optim::learning_rate(plan_.schedule, parts_.optimizer.step_count()); }

float Trainer::loss_scale() const { return parts_.precision ? parts_.precision->loss_scale() : 1.0F; }

optim::StepOptions Trainer::step_options(double rate) const {
  return {.learning_rate = static_cast<float>(rate),
          .max_norm = plan_.clip_norm,
          .gradient_scale = 1.0F / loss_scale(),
          .count_lost = parts_.optimizer.has_narrow_masters()};
}

// An optimizer that takes the step of a part of the model knows no other gradients.
void Trainer::clear_gradients() {
  parts_.optimizer.clear_gradients();
  for (const Parameter& parameter : parts_.parameters) parameter->gradient = {};
}

// One piece of work, told as a forward pass. A loss or a gradient that is not finite changes nothing, which the update
// finds out for itself; an alarming loss changes the parameters, and the copy in memory that it leads back to undoes
// it.
void Trainer::queue_step(Step& step, const data::Batch& batch) {
  step.rate = rate();
  const optim::StepOptions options = step_options(step.rate);
  fill_inputs(batch);
  parts_.optimizer.prepare(parts_.context, options);
  const QueuedStep& queued = timed(journal::SpanKind::forward, done_ + 1, [&] {
    return std::cref(recorded_.run(step_key(options), [&] {
      clear_gradients();
      const Variable value = parts_.task.loss(parts_.context, inputs_);
      backward(parts_.context, value, loss_scale());
      QueuedStep made{value.value(), parts_.optimizer.queue(parts_.context, options, value.value()), {}, {}};
      for (const Parameter& parameter : parts_.parameters) made.gradients.push_back(parameter->gradient);
      if (parts_.precision) made.layers_used = parts_.precision->layers_used();
      return made;
    }));
  });
  if (recorded_.how() == StepRecorder::How::replayed) ++replays_;
  for (std::size_t i = 0; i < parts_.parameters.size(); ++i) parts_.parameters[i]->gradient = queued.gradients[i];
  if (parts_.precision) parts_.precision->set_layers_used(queued.layers_used);
  step.loss = parts_.context.download(queued.loss).front();
  step.report = parts_.optimizer.finish(parts_.context, options, queued.update);
  recorded_.release();
}

// In place where the shapes are those of the batch before.
void Trainer::fill_inputs(const data::Batch& batch) {
  tasks::Task::Inputs fresh = parts_.task.upload(parts_.context, batch, batch.all());
  const bool fits = std::ranges::equal(fresh, inputs_, [](const Tensor& a, const Tensor& b) {
    return a.shape() == b.shape() && a.dtype() == b.dtype();
  });
  if (!fits) {
    inputs_ = std::move(fresh);
    return;
  }
  for (std::size_t i = 0; i < fresh.size(); ++i) parts_.context.copy(fresh[i], inputs_[i]);
}

// Inputs keep their memory as long as they keep their shapes, so their addresses stand for both.
std::optional<StepKey> Trainer::step_key(const optim::StepOptions& options) const {
  StepKey key;
  if (parts_.precision) {
    auto formats = parts_.precision->launch_key();
    if (!formats) return std::nullopt;
    key = std::move(*formats);
  }
  key.push_back(std::bit_cast<std::uint32_t>(loss_scale()));
  key.push_back(std::bit_cast<std::uint32_t>(options.max_norm));
  const auto add = [&](const Tensor& tensor) {
    key.push_back(reinterpret_cast<std::uintptr_t>(tensor.view().data));
    key.push_back(static_cast<std::uint64_t>(tensor.numel()));
  };
  for (const Tensor& input : inputs_) add(input);
  for (const Parameter& parameter : parts_.parameters) add(parameter->value);
  for (const auto& [name, tensor] : parts_.optimizer.named_state()) add(tensor);
  return key;
}

// Where the dynamic policy may be the cause: back to the copy in memory, everything in bf16 for a while.
bool Trainer::went_back(double loss, const std::string& reason) {
  if (!parts_.precision || !parts_.precision->is_alarming(loss) || !rewind_.taken()) return false;
  rewind_.restore(parts_.context, parts_.parameters, parts_.optimizer);
  clear_gradients();
  done_ = rewind_.done();
  evaluated_ = std::min(evaluated_, done_);
  saved_ = std::min(saved_, done_);
  parts_.loader.seek(done_);
  ports_.tell(journal::Alert{journal::Severity::warning, done_, "precision/emergency", reason});
  ports_.tell(journal::Recovery{done_, fmt::format("the copy of step {} in memory", done_)});
  tell_changes(parts_.precision->emergency(done_, reason));
  return true;
}

void Trainer::tell_changes(const std::vector<precision::RecordedChange>& changes) {
  for (const precision::RecordedChange& change : changes)
    ports_.tell(journal::PrecisionChange{change.step, change.layer, change.pass, change.from, change.to, change.reason,
                                         change.statistics});
}

void Trainer::tell_step(const Step& step, std::int64_t end_ns, std::vector<Exchanged> exchanged) {
  const optim::StepReport& report = step.report;
  const auto spent_ns = static_cast<double>(end_ns - step.begin_ns);
  const int rows = parts_.loader.options().batch_size;
  journal::MetricSamples figures{done_,
                                 {{"train/loss", step.loss},
                                  {"train/learning_rate", step.rate},
                                  {"train/gradient_norm", report.gradient_norm},
                                  {"train/samples_per_s", rows * kNanosecondsPerSecond / spent_ns},
                                  {"train/step_ms", spent_ns / kNanosecondsPerMillisecond}}};
  if (report.updates > 0) figures.values.emplace_back("train/lost_update_share", report.lost_share());
  if (parts_.world) {
    add_exchanged(figures.values, exchanged_, exchanged);
    exchanged_ = std::move(exchanged);
  }
  for (const auto& [name, value] : parts_.task.state(parts_.context))
    figures.values.emplace_back("train/" + name, value);
  if (const precision::Session* session = parts_.precision) {
    if (session->resolution().scales_loss) figures.values.emplace_back("train/loss_scale", session->loss_scale());
    if (session->resolution().actual == precision::Policy::dynamic)
      figures.values.emplace_back("train/fp8_share", session->fp8_share());
  }
  ports_.tell(std::move(figures));
}

std::vector<Exchanged> Trainer::exchanged() const {
  return parts_.world ? parts_.world->exchanged() : std::vector<Exchanged>();
}

std::string Trainer::locate_nonfinite(const data::Batch& batch) {
  clear_gradients();
  NonfiniteSearch search(parts_.context, parts_.parameters);
  search.begin("forward pass");
  (void)pass_.forward(batch);
  const bool found = search.origin().has_value();
  if (!(parts_.world ? parts_.world->any(found) : found)) {
    search.begin("backward pass");
    pass_.backward(loss_scale());
  }
  pass_.drop();
  clear_gradients();
  const std::string text = search.origin() ? search.origin()->text() : "";
  if (!parts_.world) return text;
  // Where the numbers of one were exchanged, the others have them too: the cause is who made them, or has them for a
  // parameter.
  const auto& origin = search.origin();
  const bool made_it = origin && (origin->input.empty() || !origin->input_path.empty());
  const std::string cause = parts_.world->first_told(made_it ? text : "");
  return cause.empty() ? parts_.world->first_told(text) : cause;
}

void Trainer::refuse_nonfinite(const data::Batch& batch, double loss, const optim::StepReport* report) {
  const std::string who = report == nullptr ? first_nonfinite_value(parts_.context, parts_.parameters)
                                            : first_nonfinite_gradient(parts_.context, parts_.parameters);
  std::string cause = report == nullptr ? fmt::format("the loss is {}", loss)
                                        : fmt::format("{} is not finite ({} numbers in all)",
                                                      who.empty() ? "a gradient of which this rank does not hold all"
                                                                  : "the gradient of " + who,
                                                      report->nonfinite);
  if (report == nullptr && !who.empty()) cause += fmt::format("; {} is not finite either", who);
  const std::string origin = locate_nonfinite(batch);
  cause += origin.empty() ? "; it did not happen again when the step was repeated" : "; " + origin;
  std::string remedy =
      "lower train.learning_rate or train.weight_decay, or set train.clip_norm, and go on from the last checkpoint";
  if (parts_.precision && parts_.precision->resolution().stream != DType::f32)
    remedy = fmt::format("set precision.policy to {} in a fork of the last checkpoint, or {}",
                         parts_.precision->resolution().stream == DType::f16 ? "bf16" : "fp32", remedy);
  throw Failure(ErrorKind::numeric, fmt::format("take step {}", done_ + 1), cause, remedy);
}

// All stop after the same step, whichever of them was asked to.
bool Trainer::should_stop() {
  const bool has_reached = plan_.until > 0 && done_ >= plan_.until;
  const bool asked = ports_.stop() || has_reached;
  return parts_.world ? parts_.world->any(asked) : asked;
}

void Trainer::evaluate() {
  if (leads() || !parts_.judges_alone) judge();
  if (parts_.world) {
    parts_.world->meet();
    exchanged_ = exchanged();  // what judging took belongs to no step
  }
  evaluated_ = done_;
}

void Trainer::judge() {
  tasks::Judgement judged =
      timed(journal::SpanKind::evaluate, done_, [&] { return parts_.task.judge(parts_.context); });
  if (leads()) tell(std::move(judged));
}

void Trainer::tell(tasks::Judgement judged) {
  journal::MetricSamples figures{done_, {}};
  for (const auto& [name, value] : judged.metrics) figures.values.emplace_back("eval/" + name, value);
  ports_.tell(std::move(figures));
  ports_.tell(journal::Evaluation{done_, judged.split, judged.metrics});
  for (journal::RetrievalSample& sample : judged.samples) {
    sample.step = done_;
    ports_.tell(sample);
  }
}

void Trainer::save() {
  if (saved_ == done_) return;
  timed(journal::SpanKind::checkpoint, done_, [&] { return ports_.save(done_), 0; });
  if (parts_.world) parts_.world->meet();
  saved_ = done_;
}

}  // namespace athanor::train
