#include "core/train/trainer.h"

#include "core/autograd/backward.h"
#include "core/train/nonfinite.h"

#include <fmt/format.h>

#include <cmath>

namespace athanor::train {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;
constexpr double kNanosecondsPerMillisecond = 1e6;

bool due(std::int64_t every, std::int64_t step) { return every > 0 && step % every == 0; }

}  // namespace

Trainer::Trainer(Parts parts, Plan plan, Ports ports) : parts_(parts), plan_(plan), ports_(std::move(ports)) {}

template <class Work>
auto Trainer::timed(journal::SpanKind kind, std::int64_t step, Work&& work) {
  journal::Span span;
  span.kind = kind;
  span.step = step;
  span.begin_ns = ports_.now_ns();
  auto result = work();
  span.end_ns = ports_.now_ns();
  ports_.tell(span);
  return result;
}

Outcome Trainer::run(std::int64_t done) {
  done_ = done;
  saved_ = done > 0 ? done : -1;
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
  parts_.loader.seek(done_);
  if (done_ == 0) evaluate();
  while (done_ < plan_.steps) {
    if (ports_.stop()) {
      save();
      return Outcome::stopped;
    }
    step();
    const bool last = done_ == plan_.steps;
    if (last || due(plan_.evaluate_every, done_)) evaluate();
    if (last || due(plan_.checkpoint_every, done_)) save();
  }
  return Outcome::finished;
}

void Trainer::step() {
  using journal::SpanKind;
  const std::int64_t begin_ns = ports_.now_ns();
  const double rate = optim::learning_rate(plan_.schedule, done_);
  parts_.context.set_step(static_cast<std::uint32_t>(done_));

  const data::Batch batch = timed(SpanKind::data, done_ + 1, [&] { return parts_.loader.next(); });
  Variable loss = timed(SpanKind::forward, done_ + 1, [&] { return parts_.task.loss(parts_.context, batch); });
  const double loss_value = parts_.context.download(loss.value()).front();
  if (!std::isfinite(loss_value)) {
    loss = {};  // gives back what the tape holds
    refuse_nonfinite(batch, loss_value, nullptr);
  }
  timed(SpanKind::backward, done_ + 1, [&] { return backward(parts_.context, loss), 0; });
  const optim::StepReport report = timed(SpanKind::optimizer, done_ + 1, [&] {
    return parts_.optimizer.step(parts_.context, {.learning_rate = static_cast<float>(rate),
                                                  .max_norm = plan_.clip_norm,
                                                  .count_lost = parts_.optimizer.has_narrow_masters()});
  });
  if (!report.applied()) refuse_nonfinite(batch, loss_value, &report);
  parts_.optimizer.clear_gradients();
  ++done_;

  const auto spent_ns = static_cast<double>(ports_.now_ns() - begin_ns);
  journal::MetricSamples figures{done_,
                                 {{"train/loss", loss_value},
                                  {"train/learning_rate", rate},
                                  {"train/gradient_norm", report.gradient_norm},
                                  {"train/samples_per_s", batch.size * kNanosecondsPerSecond / spent_ns},
                                  {"train/step_ms", spent_ns / kNanosecondsPerMillisecond}}};
  if (report.updates > 0) figures.values.emplace_back("train/lost_update_share", report.lost_share());
  for (const auto& [name, value] : parts_.task.state(parts_.context))
    figures.values.emplace_back("train/" + name, value);
  ports_.tell(figures);
}

std::string Trainer::locate_nonfinite(const data::Batch& batch) {
  parts_.optimizer.clear_gradients();
  NonfiniteSearch search(parts_.context, parts_.parameters);
  search.begin("forward pass");
  const Variable loss = parts_.task.loss(parts_.context, batch);
  if (!search.origin()) {
    search.begin("backward pass");
    backward(parts_.context, loss);
  }
  parts_.optimizer.clear_gradients();
  return search.origin() ? search.origin()->text() : "";
}

void Trainer::refuse_nonfinite(const data::Batch& batch, double loss, const optim::StepReport* report) {
  const std::string who = report == nullptr ? first_nonfinite_value(parts_.context, parts_.parameters)
                                            : first_nonfinite_gradient(parts_.context, parts_.parameters);
  std::string cause = report == nullptr
                          ? fmt::format("the loss is {}", loss)
                          : fmt::format("the gradient of {} is not finite ({} numbers in all)", who, report->nonfinite);
  if (report == nullptr && !who.empty()) cause += fmt::format("; {} is not finite either", who);
  const std::string origin = locate_nonfinite(batch);
  cause += origin.empty() ? "; it did not happen again when the step was repeated" : "; " + origin;
  throw Failure(
      ErrorKind::numeric, fmt::format("take step {}", done_ + 1), cause,
      "lower train.learning_rate or train.weight_decay, or set train.clip_norm, and go on from the last checkpoint");
}

void Trainer::evaluate() {
  tasks::Judgement judged =
      timed(journal::SpanKind::evaluate, done_, [&] { return parts_.task.judge(parts_.context); });
  journal::MetricSamples figures{done_, {}};
  for (const auto& [name, value] : judged.metrics) figures.values.emplace_back("eval/" + name, value);
  ports_.tell(figures);
  ports_.tell(journal::Evaluation{done_, judged.split, judged.metrics});
  for (journal::RetrievalSample& sample : judged.samples) {
    sample.step = done_;
    ports_.tell(sample);
  }
}

void Trainer::save() {
  if (saved_ == done_) return;
  timed(journal::SpanKind::checkpoint, done_, [&] { return ports_.save(done_), 0; });
  saved_ = done_;
}

}  // namespace athanor::train
