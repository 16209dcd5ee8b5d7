#include "tests/core/distributed/tensor_models.h"

#include "core/assembly/norm.h"
#include "core/autograd/backward.h"
#include "core/comm/group.h"
#include "core/distributed/tensor_ranks.h"
#include "core/models/decoder/decoder.h"
#include "core/models/two_tower/two_tower.h"
#include "core/models/vit/vit.h"
#include "core/ops/loss.h"
#include "tests/core/engine/support.h"

#include <cmath>
#include <mutex>
#include <utility>

namespace athanor::test {
namespace {

constexpr std::int64_t kBatch = 8;
constexpr std::uint64_t kSeed = 11;

Tensor some_ids(Context& context, const Shape& shape, std::int32_t vocabulary, std::uint64_t seed) {
  std::vector<std::int32_t> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::int32_t>(philox_at(seed, 0, 0, i).word[0] % static_cast<std::uint32_t>(vocabulary));
  return ids(context, values, shape);
}

// Noise of another colour in each picture. Pictures that look alike to the model make a loss whose gradient is a
// difference of large numbers, of which f32 keeps fewer places than are compared.
Tensor some_pictures(Context& context, const Shape& shape) {
  std::vector<float> numbers = random_numbers(shape.numel(), 3, 0.5F);
  const std::int64_t each = shape.numel() / shape.dim(0), channels = shape.dim(-1);
  for (std::int64_t picture = 0; picture < shape.dim(0); ++picture)
    for (std::int64_t i = 0; i < each; ++i) {
      const auto hue = static_cast<std::uint64_t>(picture * channels + i % channels);
      numbers[static_cast<std::size_t>(picture * each + i)] += random_numbers(1, 100 + hue, 2.0F).front();
    }
  return context.upload(numbers, shape);
}

SmallModel small_two_tower(Context& context, float dropout, bool with_bert, bool has_goals) {
  models::TwoTowerConfig config{.image_px = 16,
                                .stem_channels = {8, 16},
                                .image_width = 32,
                                .image_depth = 2,
                                .image_heads = 4,
                                .text_width = 24,
                                .text_depth = 2,
                                .text_heads = 4,
                                .dropout = dropout,
                                .vocabulary = 37,
                                .max_tokens = 6,
                                .embedding_dim = 16,
                                .temperature_rate = 1.0F};
  if (with_bert)
    config.bert = models::BertConfig{
        .vocabulary = 37, .width = 32, .depth = 2, .heads = 4, .feed_forward = 64, .positions = 8, .dropout = dropout};
  auto model = std::make_shared<models::TwoTower>(context, config, kSeed);
  const Tensor images = some_pictures(context, {kBatch, 16, 16, 3});
  const Tensor words = some_ids(context, {kBatch, 6}, 37, 4);
  const Tensor lengths = ids(context, {6, 2, 3, 6, 1, 5, 4, 6}, {kBatch});
  // Of each row its own.
  const Tensor image_goal = random_tensor(context, {kBatch, 16}, 5),
               text_goal = random_tensor(context, {kBatch, 16}, 6);
  const auto loss = [&context, model, images, words, lengths, image_goal, text_goal, has_goals] {
    const models::TwoTowerOutput out = model->forward(context, images, words, lengths);
    const Variable contrast = ops::contrastive_loss(context, out.image_BD, out.text_BD, out.logit_scale);
    if (!has_goals) return contrast;
    const Variable goals = ops::add(context, ops::smooth_l1_loss(context, out.image_BD, image_goal),
                                    ops::smooth_l1_loss(context, out.text_BD, text_goal));
    return ops::add(context, contrast, ops::scale(context, goals, 40.0F));
  };
  return {model, model->named_parameters(), loss};
}

SmallModel small_vit(Context& context, float dropout) {
  auto model = std::make_shared<models::Vit>(
      context,
      models::VitConfig{
          .image_px = 16, .patch_px = 4, .width = 32, .depth = 2, .heads = 4, .dropout = dropout, .outputs = 10},
      kSeed);
  const Tensor images = some_pictures(context, {kBatch, 16, 16, 3});
  const Tensor targets = some_ids(context, {kBatch}, 10, 4);
  return {model, model->named_parameters(), [&context, model, images, targets] {
            return ops::cross_entropy(context, model->forward(context, images), targets);
          }};
}

SmallModel small_decoder(Context& context, float dropout, bool tied) {
  auto model = std::make_shared<models::Decoder>(context,
                                                 models::DecoderConfig{.vocabulary = 43,
                                                                       .max_tokens = 12,
                                                                       .width = 32,
                                                                       .depth = 2,
                                                                       .heads = 4,
                                                                       .dropout = dropout,
                                                                       .tied = tied,
                                                                       .word_deviation = 0.3F},
                                                 kSeed);
  const Tensor words = some_ids(context, {kBatch, 12}, 43, 3);
  std::vector<std::int32_t> next = context.download_ids(some_ids(context, {kBatch, 12}, 43, 4));
  next[5] = next[50] = kernels::kIgnoredTarget;
  const Tensor targets = ids(context, next, {kBatch, 12});
  return {model, model->named_parameters(),
          [&context, model, words, targets] { return model->loss(context, words, targets); }};
}

void move_last_bits(Context& context, const std::vector<Parameter>& parameters, int draw) {
  std::uint64_t at = 0;
  for (const Parameter& parameter : parameters) {
    std::vector<float> numbers = context.download(parameter->value);
    for (float& number : numbers)
      number = std::nextafter(number, philox_at(kSeed, 0, static_cast<std::uint32_t>(draw), at++).word[0] % 2 == 0
                                          ? HUGE_VALF
                                          : -HUGE_VALF);
    context.write(parameter->value, numbers);
  }
}

// What each rank adds to what all found together.
class Joining {
 public:
  explicit Joining(Outcome& out) : out_(out) {}

  // Every rank's, under the lock. `what` tells apart arrays of one path.
  void add(const std::string& what, Numbers& into, const ParameterState& parameter, const Tensor& tensor,
           const Context& context) {
    std::vector<float>& whole = into[parameter.path];
    const std::vector<float> own = context.download(tensor);
    if (!parameter.shard) {
      if (whole.empty()) whole = own;
      if (whole != own) out_.different.push_back(what + parameter.path);
      return;
    }
    whole.resize(static_cast<std::size_t>(logical_numel(parameter)));
    paste(*parameter.shard, own, whole);
  }

 private:
  Outcome& out_;
};

void train_rank(const Family& family, const Training& training, comm::Communicator* ranks, const Outcome* begins,
                std::mutex& mutex, Outcome& out) {
  Context context({.threads = training.threads, .seed = kSeed});
  std::unique_ptr<distributed::TensorRanks> group;
  if (ranks) group = std::make_unique<distributed::TensorRanks>(*ranks, training.divides_rows);
  context.set_tensor_group(group.get());
  SmallModel model = family.make(context, training.dropout);
  const auto optimizer =
      optim::make_optimizer(context, model.parameters, {.kind = optim::Kind::sgd, .weight_decay = 0.05F});
  const auto norm = runner::make_norm(model.parameters, nullptr, nullptr, {.tensor = ranks ? ranks->rank() : 0},
                                      {.tensor = ranks}, *optimizer);
  Joining joining(out);
  const auto add_all = [&](const char* what, Numbers Step::*into, std::size_t step, Tensor ParameterState::*array) {
    const std::lock_guard lock(mutex);
    for (const Parameter& parameter : model.parameters)
      joining.add(what, out.steps[step].*into, *parameter, (*parameter).*array, context);
  };
  {
    const std::lock_guard lock(mutex);
    for (const Parameter& parameter : model.parameters) {
      joining.add("initial ", out.initial, *parameter, parameter->value, context);
      if (ranks && ranks->rank() > 0) continue;
      out.own_numbers += parameter->value.numel();
      if (parameter->shard) out.divided.push_back(parameter->path);
    }
  }
  for (std::size_t step = 0; step < out.steps.size(); ++step) {
    context.set_step(static_cast<std::uint32_t>(step));
    for (const Parameter& parameter : model.parameters)
      if (begins && step > 0) context.write(parameter->value, begins->steps[step - 1].weights.at(parameter->path));
    if (training.moves_last_bits > 0) move_last_bits(context, model.parameters, training.moves_last_bits);
    const Variable loss = model.loss();
    backward(context, loss);
    add_all("gradient of ", &Step::gradients, step, &ParameterState::gradient);
    const optim::StepReport report = optimizer->step(context, {.learning_rate = 0.01F, .max_norm = 1.0F});
    optimizer->clear_gradients();
    add_all("", &Step::weights, step, &ParameterState::value);
    const double value = context.download(loss.value()).front();
    const std::lock_guard lock(mutex);
    Step& told = out.steps[step];
    if (!std::exchange(told.told, true)) {
      told.loss = value;
      told.norm = report.gradient_norm;
    }
    if (told.loss != value || told.norm != report.gradient_norm) out.different.push_back("loss or norm");
  }
}

}  // namespace

const std::vector<Family>& divided_families() {
  static const std::vector<Family> families = {
      {"two_tower", [](Context& context, float dropout) { return small_two_tower(context, dropout, false, true); }},
      {"two_tower with bert",
       [](Context& context, float dropout) { return small_two_tower(context, dropout, true, true); }},
      {"vit", small_vit},
      {"decoder", [](Context& context, float dropout) { return small_decoder(context, dropout, true); }},
      {"decoder with a head", [](Context& context, float dropout) { return small_decoder(context, dropout, false); }}};
  return families;
}

const std::vector<Family>& contrastive_families() {
  static const std::vector<Family> families = {
      {"two_tower", [](Context& context, float dropout) { return small_two_tower(context, dropout, false, false); }},
      {"two_tower with bert",
       [](Context& context, float dropout) { return small_two_tower(context, dropout, true, false); }}};
  return families;
}

Outcome train(const Family& family, const Training& training, const Outcome* begins) {
  Outcome out;
  out.steps.resize(static_cast<std::size_t>(training.steps));
  std::mutex mutex;
  if (training.ranks == 1) {
    train_rank(family, training, nullptr, begins, mutex, out);
    return out;
  }
  comm::run_threads(training.ranks, {},
                    [&](comm::Group& group) { train_rank(family, training, &group.world(), begins, mutex, out); });
  return out;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return HUGE_VAL;
  double difference = 0, length = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += d * d;
    length += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return difference == 0 ? 0.0 : std::sqrt(difference / length);
}

}  // namespace athanor::test
