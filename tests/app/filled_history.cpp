#include "tests/app/filled_history.h"

#include "core/recipe/prediction.h"
#include "core/recipe/recipe.h"
#include "core/store/writer.h"

#include <QImage>
#include <QPainter>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <optional>
#include <random>

namespace athanor::app {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
const char* const kWords[] = {"lion face", "red apple", "tulip",     "octopus",   "cup of tea", "mushroom",
                              "croissant", "hedgehog",  "pineapple", "snail",     "cactus",     "penguin",
                              "honey pot", "whale",     "taco",      "maple leaf"};
constexpr int kConcepts = 16;
constexpr int kKept = 3;  // checkpoints

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct From {
  std::optional<store::RunId> parent;
  std::int64_t step = 0;
};

class Filler {
 public:
  explicit Filler(const std::filesystem::path& home) : home_(home) {
    std::filesystem::create_directories(home / "runs");
    writer_ = value_or_throw(store::Writer::open(home / "history.db"));
  }

  store::RunId add(const std::string& name, std::int64_t steps, std::int64_t began_ns, int seed,
                   const From& from = {}) {
    recipe::Recipe recipe;
    recipe.set("run.name", name);
    recipe.set("run.seed", std::int64_t{seed});
    recipe.set("train.steps", steps);
    store::NewRun run;
    run.name = name;
    run.recipe_toml = recipe::to_toml(recipe, recipe::Detail::everything);
    run.steps = steps;
    run.created_ns = began_ns;
    run.status = store::RunStatus::running;
    run.directory = home_ / "runs";
    run.id_in_directory = true;
    run.parent = from.parent;
    run.fork_step = from.step;
    const store::Job job = value_or_throw(writer_->add_run(run));
    directory_ = job.directory;
    began_ = began_ns;
    events_.clear();
    random_.seed(static_cast<unsigned>(seed));
    put(0, journal::StateChanged{journal::RunState::running, {}});
    return job.run;
  }

  void put(double seconds, journal::Payload payload) {
    events_.push_back({static_cast<std::int64_t>(seconds * kSecond), std::move(payload)});
  }

  void flush(store::RunId run) {
    const std::int64_t from = value_or_throw(writer_->offset(run, 0));
    value_or_throw(writer_->ingest({run, 0, from, from + 1, began_, events_}));
    events_.clear();
  }

  void curve(std::int64_t steps, double pace, double final_loss, std::int64_t stride) {
    std::normal_distribution<double> noise(0, 1);
    for (std::int64_t step = stride; step <= steps; step += stride) {
      const double share = static_cast<double>(step) / static_cast<double>(steps);
      const double decay = std::exp(-4.2 * share);
      const double loss = final_loss + (4.85 - final_loss) * decay + 0.10 * noise(random_) * (0.3 + decay);
      const double rate = 0.0015 * std::min(1.0, share * 8) * 0.5 * (1 + std::cos(3.14159 * share));
      put(static_cast<double>(step) / pace,
          journal::MetricSamples{step,
                                 {{"train/loss", loss},
                                  {"train/learning_rate", rate},
                                  {"train/gradient_norm", 0.6 + 1.9 * decay + 0.2 * std::abs(noise(random_))},
                                  {"train/temperature", 0.07 + 0.13 * decay},
                                  {"train/samples_per_s", 128 * pace * (1 + 0.03 * noise(random_))},
                                  {"train/step_ms", 1000 / pace}}});
    }
  }

  void evaluations(std::int64_t steps, std::int64_t every, double pace, double best) {
    for (std::int64_t step = 0; step <= steps; step += every) {
      const double share = static_cast<double>(step) / static_cast<double>(steps);
      const double r1 = best * (1 - std::exp(-3 * share)) + 0.005;
      const double r10 = std::min(0.95, 2.3 * r1 + 0.03);
      const double time = static_cast<double>(step) / pace + 0.2;
      const std::vector<std::pair<std::string, double>> figures = {
          {"t2i_r1", r1}, {"t2i_r10", r10}, {"i2t_r1", r1 * 0.93}, {"i2t_r10", r10 * 0.96}};
      journal::MetricSamples samples{step, {}};
      for (const auto& [name, value] : figures) samples.values.emplace_back("eval/" + name, value);
      samples.values.emplace_back("eval/loss", 1.9 + 2.9 * std::exp(-3 * share));
      put(time, std::move(samples));
      put(time, journal::Evaluation{step, "test", figures});
    }
  }

  void answers(std::int64_t steps, std::int64_t every, double pace) {
    draw_pictures();
    for (std::int64_t step = 0; step <= steps; step += every)
      for (int query = 0; query < 12; ++query) {
        const bool text = query % 2 == 0;
        const double share = static_cast<double>(step) / static_cast<double>(steps);
        const int rank = std::max(1, static_cast<int>((query * 7 % 40 + 1) * (1 - share) + 1 + query % 3));
        journal::RetrievalSample sample{step, text, query, kWords[query], text ? "" : picture(query), rank, 196, {}};
        for (int place = 1; place <= 5; ++place) {
          const int concept_id =
              place == rank ? query : (query + place * 3 + static_cast<int>(step / every)) % kConcepts;
          if (place != rank && concept_id == query) continue;
          sample.top.push_back(
              {concept_id, kWords[concept_id], text ? picture(concept_id) : "", 0.82 - 0.07 * place + 0.1 * share});
        }
        put(static_cast<double>(step) / pace + 0.3, std::move(sample));
      }
  }

  void devices(double seconds) {
    std::normal_distribution<double> noise(0, 0.05);
    for (double t = 0.5; t < seconds; t += 1)
      put(t, journal::DeviceSample{
                 "cpu", std::clamp(0.9 + noise(random_) - (static_cast<int>(t) % 25 == 0 ? 0.4 : 0), 0.0, 1.0),
                 static_cast<std::int64_t>(412e6 + 1e6 * t), std::int64_t{8} << 30, -1, -1});
  }

  void happenings(std::int64_t steps, std::int64_t planned, double pace) {
    recipe::Prediction plan;
    plan.model = "two_tower: image 1.2 M, text 0.4 M";
    plan.steps = planned;
    put(0.1, journal::PredictionMade{recipe::to_json(plan)});
    put(0.1, journal::LogLine{journal::Severity::info,
                              "data set emoji: 541 pictures of 285 concepts to train on, 196 to test on"});
    put(0.2,
        journal::LogLine{journal::Severity::info, "two_tower: image 1.2 M, text 0.4 M parameters on cpu: 2 threads"});
    put(10 / pace,
        journal::PredictionChecked{10, pace * 1.06, pace, 437 << 20, 421 << 20,
                                   static_cast<double>(planned) / pace / 1.06, static_cast<double>(planned) / pace});
    for (std::int64_t step = 20; step <= steps; step += 20)
      put(static_cast<double>(step) / pace,
          journal::LogLine{step == 240 ? journal::Severity::warning : journal::Severity::info,
                           step == 240 ? "loader waited 0.4 s for the disk"
                                       : "step " + std::to_string(step) + " of " + std::to_string(steps)});
    for (std::int64_t step = 100; step <= steps; step += 100)
      checkpoint(static_cast<double>(step) / pace, step, step > steps - 100 * kKept);
  }

  void checkpoint(double seconds, std::int64_t step, bool kept) {
    const std::string folder = "checkpoints/step-" + std::to_string(step);
    if (kept) {
      std::filesystem::create_directories(directory_ / folder);
      std::ofstream(directory_ / folder / "COMPLETE");
    }
    put(seconds, journal::CheckpointWritten{step, 19'400'000, 0.21, folder});
  }

  void sort_events() {
    std::stable_sort(events_.begin(), events_.end(),
                     [](const journal::Event& a, const journal::Event& b) { return a.time_ns < b.time_ns; });
  }

  void end(store::RunId run, double seconds, journal::RunState state, const std::string& cause) {
    put(seconds, journal::StateChanged{state, cause});
    flush(run);
  }

  store::Writer& writer() { return *writer_; }

 private:
  [[nodiscard]] static std::string picture(int concept_id) { return "media/" + std::to_string(concept_id) + ".png"; }

  void draw_pictures() const {
    std::filesystem::create_directories(directory_ / "media");
    for (int i = 0; i < kConcepts; ++i) {
      QImage image(64, 64, QImage::Format_ARGB32);
      image.fill(Qt::white);
      QPainter painter(&image);
      painter.setRenderHint(QPainter::Antialiasing);
      painter.setPen(Qt::NoPen);
      painter.setBrush(QColor::fromHsv(i * 360 / kConcepts, 180, 220));
      if (i % 3 == 0) painter.drawEllipse(10, 10, 44, 44);
      if (i % 3 == 1) painter.drawRoundedRect(12, 14, 40, 36, 8, 8);
      if (i % 3 == 2) painter.drawPolygon(QPolygonF({{32, 8}, {56, 54}, {8, 54}}));
      painter.setBrush(QColor::fromHsv((i * 360 / kConcepts + 140) % 360, 160, 160));
      painter.drawEllipse(22 + i % 5, 26, 14, 14);
      image.save(QString::fromStdString((directory_ / picture(i)).string()));
    }
  }

  std::filesystem::path home_;
  std::filesystem::path directory_;
  std::unique_ptr<store::Writer> writer_;
  std::vector<journal::Event> events_;
  std::mt19937 random_;
  std::int64_t began_ = 0;
};

}  // namespace

store::RunId add_failed_fork(const std::filesystem::path& home, store::RunId parent, std::int64_t step) {
  Filler filler(home);
  const store::RunId run = filler.add("fork", 2 * step, now_ns() - 60 * kSecond, 7, {parent, step});
  filler.put(0.1, journal::Recovery{step, "fork of starter at step " + std::to_string(step)});
  filler.put(0.2, journal::FaultSeen{step, "invalid_input", "load the checkpoint into this recipe's model",
                                     "its head.weight is [16, 16], the model's is [32, 16]",
                                     "use the recipe that the checkpoint was written with"});
  filler.put(0.2, journal::LogLine{journal::Severity::error, std::string(400, 'x')});
  filler.end(run, 0.3, journal::RunState::failed, "Could not load the checkpoint into this recipe's model");
  return run;
}

store::RunId fill_history(const std::filesystem::path& home, const Filling& filling) {
  Filler filler(home);
  const std::int64_t now = now_ns();
  store::RunId last = 0;
  for (int i = 0; i < filling.runs; ++i) {
    const int age = filling.runs - i;
    const std::int64_t steps = 200 + 100 * (i % 5);
    const double pace = 2.1 + 0.13 * (i % 7);
    const double seconds = static_cast<double>(steps) / pace;
    last = filler.add((i % 4 == 0   ? "starter-"
                       : i % 4 == 1 ? "wider-text-"
                       : i % 4 == 2 ? "no-augment-"
                                    : "long-warmup-") +
                          std::to_string(i + 1),
                      steps, now - age * 5400 * kSecond, i + 1);
    const bool failed = i % 9 == 4;
    const bool stopped = i % 11 == 6;
    filler.curve(failed    ? steps / 3
                 : stopped ? steps / 2
                           : steps,
                 pace, 1.1 + 0.15 * (i % 6), filling.runs > 100 ? 10 : 2);
    filler.evaluations(failed ? steps / 3 : steps, 50, pace, 0.16 + 0.02 * (i % 8));
    filler.sort_events();
    filler.end(last, seconds,
               failed    ? journal::RunState::failed
               : stopped ? journal::RunState::stopped
                         : journal::RunState::finished,
               failed    ? "the loss is not a number at step 67"
               : stopped ? "asked to stop"
                         : "");
    if (i % 3 == 0)
      value_or_throw(filler.writer().set_tags(
          {last}, i % 2 == 0 ? std::vector<std::string>{"baseline"} : std::vector<std::string>{"augment", "night"}));
    if (i == filling.runs / 2) value_or_throw(filler.writer().set_pinned({last}, true));
    if (i % 5 == 1)
      value_or_throw(
          filler.writer().set_note(last, "Wider text tower: the loss falls faster, retrieval does not follow."));
  }
  if (!filling.rich) return last;
  const double pace = 2.42;
  const std::int64_t done = filling.rich_is_live ? filling.rich_steps * 3 / 5 : filling.rich_steps;
  last = filler.add("starter", filling.rich_steps,
                    now - static_cast<std::int64_t>(static_cast<double>(done) / pace * kSecond), 4242);
  filler.curve(done, pace, 0.92, 1);
  filler.evaluations(done, 40, pace, 0.29);
  filler.answers(done, 40, pace);
  filler.devices(static_cast<double>(done) / pace);
  filler.happenings(done, filling.rich_steps, pace);
  filler.sort_events();
  filler.flush(last);
  if (!filling.rich_is_live) filler.end(last, static_cast<double>(done) / pace, journal::RunState::finished, "");
  value_or_throw(filler.writer().set_tags({last}, {"baseline"}));
  return last;
}

}  // namespace athanor::app
