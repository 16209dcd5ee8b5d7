// One training step of the starter's model on random data, without the loader: forward, backward, clipping, AdamW.
// Reads lines "steps N" from stdin and answers each with the milliseconds per step, so that a driver can take turns
// with another program. First line out: the number of parameters.
//   train_step [--batch 128] [--threads 2]
#include "core/autograd/backward.h"
#include "core/models/two_tower/two_tower.h"
#include "core/ops/loss.h"
#include "core/optim/adamw.h"

#include <charconv>
#include <chrono>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace athanor;

constexpr std::int64_t kVocabulary = 1024;
constexpr std::int64_t kTokens = 12;
constexpr int kConcepts = 285;

struct RandomBatch {
  std::vector<float> images;
  std::vector<std::int32_t> tokens, lengths, concepts;
};

RandomBatch random_batch(std::int64_t batch, std::int64_t px) {
  std::mt19937 generator(7);
  std::uniform_real_distribution<float> brightness(-1.0f, 1.0f);
  std::uniform_int_distribution<std::int32_t> word(1, kVocabulary - 1), length(1, kTokens),
      concept_id(0, kConcepts - 1);
  RandomBatch made;
  made.images.resize(static_cast<std::size_t>(batch * px * px * 3));
  for (auto& value : made.images) value = brightness(generator);
  for (std::int64_t row = 0; row < batch; ++row) {
    made.lengths.push_back(length(generator));
    made.concepts.push_back(concept_id(generator));
    for (std::int64_t token = 0; token < kTokens; ++token)
      made.tokens.push_back(token < made.lengths.back() ? word(generator) : 0);
  }
  return made;
}

class Bench {
 public:
  Bench(std::int64_t batch, int threads)
      : batch_(batch),
        context_({.threads = threads}),
        model_(context_, config(), 1),
        data_(random_batch(batch, config().image_px)),
        optimizer_(context_, model_.named_parameters(), {}) {}

  static models::TwoTowerConfig config() {
    models::TwoTowerConfig made;
    made.vocabulary = kVocabulary;
    made.max_tokens = kTokens;
    return made;
  }

  [[nodiscard]] std::int64_t parameters() const {
    std::int64_t count = 0;
    for (const auto& parameter : model_.named_parameters()) count += parameter->value.numel();
    return count;
  }

  void step() {
    const auto px = config().image_px;
    const auto out =
        model_.forward(context_, context_.upload(std::span<const float>(data_.images), {batch_, px, px, 3}),
                       context_.upload(std::span<const std::int32_t>(data_.tokens), {batch_, kTokens}),
                       context_.upload(std::span<const std::int32_t>(data_.lengths), {batch_}));
    const auto ids = context_.upload(std::span<const std::int32_t>(data_.concepts), {batch_});
    Variable loss = ops::contrastive_loss(context_, out.image_BD, out.text_BD, out.logit_scale, {.ids = ids});
    backward(context_, loss);
    (void)optimizer_.step(context_, {.learning_rate = 1e-3f, .max_norm = 1.0f});
    optimizer_.clear_gradients();
  }

 private:
  std::int64_t batch_;
  Context context_;
  models::TwoTower model_;
  RandomBatch data_;
  optim::AdamW optimizer_;
};

int option(int count, char** words, const std::string& name, int fallback) {
  for (int word = 1; word + 1 < count; ++word)
    if (words[word] == name) return std::stoi(words[word + 1]);
  return fallback;
}

}  // namespace

int main(int count, char** words) {
  Bench bench(option(count, words, "--batch", 128), option(count, words, "--threads", 2));
  std::cout << "parameters " << bench.parameters() << std::endl;
  for (std::string verb; std::cin >> verb;) {
    int steps = 0;
    std::cin >> steps;
    const auto begin = std::chrono::steady_clock::now();
    for (int step = 0; step < steps; ++step) bench.step();
    const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - begin;
    std::cout << spent.count() / steps << std::endl;
  }
  return 0;
}
