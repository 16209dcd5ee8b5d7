#include "core/base/nearest.h"
#include "core/parallel/layout.h"
#include "core/recipe/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace athanor::recipe {
namespace {

using Strings = std::vector<std::string>;

constexpr double kManySteps = 100'000'000;
constexpr std::size_t kLongestPath = 4096;
constexpr std::size_t kLongestNotes = 10'000;
constexpr double kLargestSeed = 2'147'483'647;

struct Number {
  std::string unit;
  double minimum, maximum;
};

Field field(std::string path, std::string label, FieldType type, Value fallback, std::string help) {
  Field made;
  made.path = std::move(path);
  made.label = std::move(label);
  made.type = type;
  made.fallback = std::move(fallback);
  made.help = std::move(help);
  return made;
}

Field integer(std::string path, std::string label, std::int64_t fallback, Number number, std::string help) {
  Field made = field(std::move(path), std::move(label), FieldType::integer, fallback, std::move(help));
  made.unit = std::move(number.unit);
  made.minimum = number.minimum;
  made.maximum = number.maximum;
  return made;
}

Field real(std::string path, std::string label, double fallback, Number number, std::string help) {
  Field made = field(std::move(path), std::move(label), FieldType::real, fallback, std::move(help));
  made.unit = std::move(number.unit);
  made.minimum = number.minimum;
  made.maximum = number.maximum;
  return made;
}

Field boolean(std::string path, std::string label, bool fallback, std::string help) {
  return field(std::move(path), std::move(label), FieldType::boolean, fallback, std::move(help));
}

Field text(std::string path, std::string label, std::string fallback, std::string help) {
  return field(std::move(path), std::move(label), FieldType::text, std::move(fallback), std::move(help));
}

Field choice(std::string path, std::string label, std::string fallback, Strings choices, std::string help) {
  Field made = field(std::move(path), std::move(label), FieldType::choice, std::move(fallback), std::move(help));
  made.choices = std::move(choices);
  return made;
}

Field list(std::string path, std::string label, Strings fallback, Strings choices, std::string help) {
  Field made = field(std::move(path), std::move(label), FieldType::list, std::move(fallback), std::move(help));
  made.choices = std::move(choices);
  return made;
}

// May be empty; a path or several lines need more room than a name.
Field optional(Field made, std::size_t longest) {
  made.optional = true;
  made.longest = longest;
  return made;
}

Field advanced(Field made) {
  made.advanced = true;
  return made;
}

const Strings kGroups = {"Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects"};
const Strings kStyles = {"noto", "openmoji", "emojione"};
const Strings kLanguages = {"en", "de", "fr", "es", "zh", "ja", "ar", "ru"};

void add_run(std::vector<Field>& out) {
  out.push_back(
      text("run.name", "Name", "experiment", "What the run is called in the history and in its folder's name."));
  out.push_back(integer("run.seed", "Seed", 1, {"", 0, kLargestSeed},
                        "Start of every random number: the same recipe and seed give the same run."));
  out.push_back(advanced(boolean("run.deterministic", "Deterministic", true,
                                 "Allows only operations whose bits never depend on timing or thread count; every "
                                 "operation of this version is such a one.")));
  out.push_back(
      optional(text("run.notes", "Notes", "", "Anything worth remembering about the experiment."), kLongestNotes));
}

void add_data(std::vector<Field>& out) {
  out.push_back(text("data.dataset", "Data set", "emoji", "Name of a prepared data set (athanor-run prepare)."));
  out.push_back(list("data.groups", "Groups", {"Animals & Nature", "Food & Drink"}, kGroups,
                     "Which groups of concepts take part."));
  out.push_back(list("data.train_styles", "Training styles", {"noto", "openmoji"}, kStyles,
                     "Drawing styles whose pictures are trained on."));
  out.push_back(list("data.test_styles", "Test styles", {"emojione"}, kStyles,
                     "Drawing styles that are only ever evaluated on."));
  out.push_back(choice("data.language", "Language", "en", kLanguages, "Language of the names and keywords."));
  out.push_back(
      integer("data.batch_size", "Batch size", 128, {"pairs", 2, 4096},
              "Picture and text pairs per step; every other pair of the batch is a wrong answer to tell apart."));
  out.push_back(
      integer("data.image_px", "Picture size", 32, {"px", 8, 64}, "Side of the square picture the model sees."));
  out.push_back(
      integer("data.max_tokens", "Longest text", 12, {"tokens", 1, 64}, "Texts are cut after this many tokens."));
  out.push_back(boolean(
      "data.group_by_length", "Group texts by length", false,
      "Pairs with texts of like length share a micro-batch, which is read only as far as its longest "
      "text goes. Micro-batches are so ordered that replicas that take several have about equally much to do."));
  out.push_back(real("data.keyword_share", "Keyword share", 0.1, {"", 0, 1},
                     "How often a training text is made of one or two keywords instead of the concept's name."));
  out.push_back(advanced(real("data.fit_margin", "Margin", 0.04, {"", 0, 0.5},
                              "Empty border left when pictures are cut to what is drawn, as a share of their side.")));
  out.push_back(advanced(integer("data.workers", "Loader threads", 1, {"threads", 0, 64},
                                 "Threads that prepare batches ahead; the order does not depend on it.")));
}

void add_augment(std::vector<Field>& out) {
  out.push_back(real("augment.scale_min", "Smallest zoom", 0.83, {"", 0.1, 4},
                     "Pictures are drawn at a random size from here on."));
  out.push_back(
      real("augment.scale_max", "Largest zoom", 1.11, {"", 0.1, 4}, "Pictures are drawn at a random size up to here."));
  out.push_back(real("augment.rotation", "Rotation", 11.5, {"degrees", 0, 180},
                     "Pictures are turned by up to this to either side."));
  out.push_back(
      real("augment.shift", "Shift", 0.05, {"", 0, 0.5}, "Pictures are moved by up to this share of their side."));
  out.push_back(real("augment.stretch", "Stretch", 0.2, {"", 0, 1},
                     "Width over height is changed by up to this natural logarithm either way."));
  out.push_back(real("augment.shear", "Shear", 0.1, {"", 0, 1}, "Pictures lean by up to this either way."));
  out.push_back(real("augment.flip", "Mirror", 0.5, {"", 0, 1}, "How often a picture is mirrored."));
  out.push_back(
      real("augment.hue", "Hue", 6.9, {"degrees", 0, 180}, "Colours are turned by up to this to either side."));
  out.push_back(
      real("augment.saturation", "Saturation", 0.3, {"", 0, 1}, "Strength of colour changes by up to this share."));
  out.push_back(real("augment.greyscale", "Grey share", 0.05, {"", 0, 1}, "How often a picture loses its colours."));
  out.push_back(real("augment.brightness", "Brightness", 0.2, {"", 0, 1}, "Brightness changes by up to this share."));
  out.push_back(real("augment.channel_gain", "Colour cast", 0.1, {"", 0, 1},
                     "Red, green and blue change apart from one another by up to this share."));
  out.push_back(real("augment.contrast", "Contrast", 0.3, {"", 0, 1}, "Contrast changes by up to this share."));
  out.push_back(real("augment.white_background", "White background", 0.7, {"", 0, 1},
                     "How often the background is white; otherwise it is any plain colour."));
  out.push_back(real("augment.stroke", "Stroke", 0.3, {"", 0, 1},
                     "How often light or dark lines grow by a pixel, half of the time each."));
  out.push_back(real("augment.blur", "Blur", 0.4, {"", 0, 1}, "How often a picture is made softer or sharper."));
  out.push_back(real("augment.cutout", "Cut-out", 0, {"", 0, 1}, "How often a rectangle is covered."));
  out.push_back(
      real("augment.noise", "Noise", 0, {"", 0, 1}, "Deviation of the grain that is added, in full brightness."));
}

void add_model(std::vector<Field>& out) {
  out.push_back(choice("model.family", "Family", "two_tower", {"two_tower"},
                       "Architecture: two_tower maps pictures and texts into one space."));
  out.push_back(integer("model.embedding_dim", "Embedding", 128, {"numbers", 8, 4096},
                        "Length of the vector that pictures and texts share."));
  out.push_back(text("model.stem", "Stem", "32,64,128,192",
                     "Channels of the convolutions that read the picture, in order; each halves its side."));
  out.push_back(integer("model.image_width", "Picture width", 192, {"numbers", 8, 4096},
                        "Width of the picture tower's transformer."));
  out.push_back(
      integer("model.image_depth", "Picture depth", 1, {"blocks", 0, 64}, "Transformer blocks of the picture tower."));
  out.push_back(integer("model.image_heads", "Picture heads", 4, {"heads", 1, 128},
                        "Attention heads of the picture tower; they share the width evenly."));
  Field tower = text("model.text_tower", "Text tower", kSmallTextTower,
                     "small: sized by the fields below, with the data set's own vocabulary. Otherwise the name of a "
                     "prepared text encoder (athanor-run prepare minilm) or its folder in the Hugging Face layout: its "
                     "architecture and vocabulary are taken.");
  tower.longest = kLongestPath;
  out.push_back(std::move(tower));
  out.push_back(integer("model.text_width", "Text width", 128, {"numbers", 8, 4096}, "Width of the text tower."));
  out.push_back(
      integer("model.text_depth", "Text depth", 1, {"blocks", 0, 64}, "Transformer blocks of the text tower."));
  out.push_back(integer("model.text_heads", "Text heads", 4, {"heads", 1, 128},
                        "Attention heads of the text tower; they share the width evenly."));
  out.push_back(real("model.mlp_ratio", "Feed-forward", 2, {"", 0.25, 16},
                     "Width of the feed-forward layers as a multiple of the tower's width."));
  out.push_back(real("model.dropout", "Dropout", 0.0, {"", 0, 0.9}, "Share of activations dropped while training."));
  out.push_back(
      advanced(real("model.initial_temperature", "First temperature", 0.2, {"", 0.01, 10},
                    "Where the learned temperature of the contrast starts; small tells answers apart harder.")));
  out.push_back(advanced(real("model.initial_bias", "First bias", -10, {"", -100, 100},
                              "Where the learned bias of the sigmoid loss starts; low says that few pairs match.")));
}

void add_train(std::vector<Field>& out) {
  out.push_back(integer("train.steps", "Steps", 400, {"steps", 1, kManySteps}, "How many batches are learnt from."));
  out.push_back(
      choice("train.loss", "Loss", "softmax", {"softmax", "sigmoid"},
             "softmax: each picture picks its text among the batch, and each text its picture; sigmoid: every "
             "pair is judged alone."));
  out.push_back(real("train.learning_rate", "Learning rate", 0.0015, {"", 1e-9, 10}, "Height of the cosine schedule."));
  out.push_back(advanced(real("train.temperature_rate", "Temperature's rate", 10, {"", 0, 1000},
                              "The temperature learns this many times faster than the weights.")));
  out.push_back(
      advanced(optional(text("train.rates", "Rates of parts", "",
                             "Factors on the learning rate by dotted path, as text_tower=0.1, image_tower.stem=0.5."),
                        kLongestPath)));
  out.push_back(integer("train.warmup_steps", "Warm-up", 50, {"steps", 0, kManySteps},
                        "Steps in which the learning rate rises to the cosine, which falls from the first step on."));
  out.push_back(advanced(real("train.final_share", "Final share", 0.01, {"", 0, 1},
                              "Share of the learning rate below which the schedule does not fall.")));
  out.push_back(choice("train.optimizer", "Optimizer", "adamw", {"adamw", "lamb", "sgd"},
                       "How gradients move weights: AdamW, LAMB for very large batches, or momentum alone."));
  out.push_back(real("train.weight_decay", "Weight decay", 0.05, {"", 0, 10},
                     "How strongly weights are pulled towards zero; biases, gains and positions are spared."));
  out.push_back(real("train.clip_norm", "Gradient limit", 1.0, {"", 0, 1e6},
                     "Gradients are scaled down to this norm; 0 leaves them as they are."));
  out.push_back(
      advanced(real("train.beta1", "Beta 1", 0.9, {"", 0, 0.9999}, "AdamW's and LAMB's memory of the gradient.")));
  out.push_back(
      advanced(real("train.beta2", "Beta 2", 0.98, {"", 0, 0.99999}, "AdamW's and LAMB's memory of its square.")));
  out.push_back(advanced(
      real("train.epsilon", "Epsilon", 1e-8, {"", 1e-16, 1}, "Keeps AdamW and LAMB from dividing by nothing.")));
  out.push_back(advanced(real("train.momentum", "Momentum", 0.9, {"", 0, 0.9999}, "SGD's memory of the gradient.")));
  out.push_back(advanced(
      boolean("train.nesterov", "Nesterov", false, "SGD takes the gradient as if the momentum had moved it already.")));
  out.push_back(choice("train.device", "Device", "auto", {"auto", "cpu", "cuda"},
                       "Where it is computed; auto takes a GPU where this build and machine have one."));
  out.push_back(advanced(integer("train.threads", "Threads", 0, {"threads", 0, 1024},
                                 "Threads that compute; 0 takes every core this process may use.")));
}

void add_finetune(std::vector<Field>& out) {
  out.push_back(optional(text("finetune.weights", "Weights", "",
                              "Prepared text encoder or folder whose weights the text tower starts from; empty starts "
                              "from random numbers."),
                         kLongestPath));
  out.push_back(optional(list("finetune.freeze", "Frozen", {}, {},
                              "Dotted paths of what does not learn, each with everything beneath it; * stands for any "
                              "characters."),
                         kLongestPath));
  out.push_back(integer("finetune.lora_rank", "Adapter rank", 0, {"", 0, 1024},
                        "Rank of the low-rank adapters that learn in place of their layers' weights; 0 adds none."));
  out.push_back(real("finetune.lora_alpha", "Adapter strength", 16, {"", 0.001, 10'000},
                     "What an adapter adds is multiplied by this over its rank."));
  out.push_back(advanced(real("finetune.lora_dropout", "Adapter dropout", 0, {"", 0, 0.9},
                              "Share of an adapter's inputs dropped while training.")));
  out.push_back(list("finetune.lora_targets", "Adapted", {"text_tower.encoder.blocks"}, {},
                     "Dotted paths whose linear layers get adapters, written as finetune.freeze."));
  out.push_back(real("finetune.layer_decay", "Decay by layer", 1, {"", 0.01, 1},
                     "Each block of the text encoder learns this many times as fast as the one above it."));
}

void add_precision(std::vector<Field>& out) {
  out.push_back(choice("precision.policy", "Number format", "fp32",
                       {"fp32", "tf32", "fp16", "bf16", "fp8-delayed", "fp8-current", "fp8-block", "dynamic"},
                       "Format in which products and activations are computed; parameters stay fp32, and dynamic "
                       "chooses for each layer while training."));
  out.push_back(real("precision.error_budget", "Error budget", 0.04, {"", 1e-6, 1},
                     "Relative error of products, averaged by their work, that dynamic may spend on lower formats."));
  out.push_back(real("precision.loss_budget", "Loss budget", 0.005, {"", 1e-9, 10},
                     "Relative change of a step's loss, summed over all layers, that dynamic may spend on lower "
                     "formats."));
  out.push_back(advanced(integer("precision.decide_every", "Decide every", 100, {"steps", 1, kManySteps},
                                 "Distance between measurements and decisions of dynamic.")));
  out.push_back(advanced(real("precision.spike", "Alarming loss", 6, {"deviations", 1, 1e6},
                              "How far a loss may rise above its moving mean before dynamic goes back to a copy in "
                              "memory and computes in bf16 for a while.")));
  out.push_back(advanced(integer("precision.high_steps", "Steps in bf16", 200, {"steps", 1, kManySteps},
                                 "How long dynamic stays in bf16 after an alarming loss.")));
  out.push_back(advanced(optional(text("precision.replay", "Repeat decisions of", "",
                                       "Folder of a run whose decisions dynamic repeats to the bit instead of "
                                       "deciding."),
                                  kLongestPath)));
  out.push_back(choice("precision.master", "Master weights", "fp32", {"fp32", "bf16_stochastic", "bf16_kahan"},
                       "What the weights of products learn in; in bf16, small steps are kept by rounding at random or "
                       "by a second bf16 number."));
  out.push_back(choice("precision.moments", "Moments", "fp32", {"fp32", "bf16"},
                       "Format of AdamW's memories of the gradient and its square."));
  out.push_back(advanced(integer("precision.key_blocks", "Key blocks", 1, {"blocks", 0, 64},
                                 "Blocks at each end of a stack that stay out of FP8.")));
  out.push_back(advanced(boolean("precision.exact_scales", "Exact scales", false,
                                 "FP8 scales are any fp32 number instead of powers of two.")));
  out.push_back(advanced(integer("precision.amax_history", "History", 16, {"steps", 1, 1024},
                                 "Steps whose largest magnitudes decide the scales of fp8-delayed.")));
  out.push_back(advanced(real("precision.loss_scale", "Loss scale", 65536, {"", 1, 4294967296.0},
                              "Power of two that fp16 multiplies the loss by at first, so that small gradients are "
                              "not lost.")));
  out.push_back(advanced(integer("precision.loss_scale_growth", "Scale grows after", 1000, {"steps", 1, kManySteps},
                                 "Steps without overflow after which fp16 doubles the loss scale.")));
}

void add_scale(std::vector<Field>& out) {
  out.push_back(advanced(integer("parallel.data", "Replicas", 1, {"ranks", 1, 256},
                                 "Copies of the model that share each batch, each a process of its own.")));
  out.push_back(advanced(integer("parallel.tensor", "Tensor shards", 1, {"ranks", 1, 64},
                                 "Ranks that share the model's large matrices: a part of the attention heads, the "
                                 "feed-forward width and the vocabulary each.")));
  out.push_back(advanced(boolean("parallel.sequence", "Split tokens", false,
                                 "Whether those ranks also share the tokens between the matrices, which needs less "
                                 "memory.")));
  out.push_back(advanced(integer("parallel.pipeline", "Pipeline ranks", 1, {"ranks", 1, 64},
                                 "Ranks that share the layers, each with one or two stages of the model.")));
  out.push_back(advanced(choice("parallel.schedule", "Schedule", "1f1b", parallel::schedule_names(),
                                "Order in which pipeline stages work on micro-batches: interleaved, zb-v, v-half and "
                                "v-min give each rank two stages, search looks for the fastest with the memory of "
                                "1f1b.")));
  out.push_back(advanced(integer("parallel.micro_batches", "Micro-batches", 1, {"", 1, 65536},
                                 "Parts a batch is cut into, of all replicas together: less memory, more time.")));
  out.push_back(advanced(
      choice("parallel.shard", "Sharded state", "none", parallel::shard_names(),
             "What replicas hold only a part of: the optimizer's state, then the gradients, then the parameters "
             "too. The numbers stay the same.")));
  out.push_back(
      advanced(choice("parallel.gradient_format", "Gradient exchange", "fp32", {"fp32", "bf16", "fp8", "int8"},
                      "Number format in which replicas exchange gradients.")));
  out.push_back(advanced(choice("parallel.balance", "Balance", "off", {"off", "checkpoints"},
                                "Whether work is shared out again at checkpoints by what it was measured to take: "
                                "micro-batches between replicas where one is slow, or in a pipeline layers between "
                                "stages. The numbers stay those of one process.")));
  out.push_back(advanced(integer("parallel.deadline", "Deadline", 60, {"s", 1, 3600},
                                 "How long ranks wait for one another in an exchange; one that has been stopped is "
                                 "then replaced.")));
}

void add_keeping(std::vector<Field>& out) {
  out.push_back(integer("checkpoint.every_steps", "Checkpoint every", 100, {"steps", 0, kManySteps},
                        "Distance between checkpoints; 0 writes one at the end only."));
  out.push_back(integer("checkpoint.keep", "Checkpoints kept", 3, {"checkpoints", 1, 10'000},
                        "How many of the newest checkpoints stay on the disk."));
  out.push_back(advanced(boolean("checkpoint.in_memory", "Copies in memory", true,
                                 "Where ranks share the state, each keeps its part of the last two steps in memory "
                                 "that outlives it, twice what it holds: when a rank is lost, one step is taken again "
                                 "instead of all since the last checkpoint.")));
  out.push_back(integer("eval.every_steps", "Evaluate every", 50, {"steps", 0, kManySteps},
                        "Distance between evaluations; 0 evaluates at the start and the end only."));
  out.push_back(integer("eval.probes", "Probes", 12, {"queries", 0, 256},
                        "Fixed queries in each direction whose best answers are recorded at every evaluation."));
}

std::vector<Field> make_fields() {
  std::vector<Field> out;
  add_run(out);
  add_data(out);
  add_augment(out);
  add_model(out);
  add_train(out);
  add_finetune(out);
  add_precision(out);
  add_scale(out);
  add_keeping(out);
  return out;
}

const std::vector<Field>& table() {
  static const std::vector<Field> fields = make_fields();
  return fields;
}

std::string_view last_part(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

}  // namespace

std::span<const Section> sections() {
  static const std::array<Section, 10> all = {{
      {"run", "Run", "What the experiment is called and where its randomness starts."},
      {"data", "Data", "What is learnt from."},
      {"augment", "Augmentation", "Random changes to the training pictures that keep what they show."},
      {"model", "Model", "Which architecture, and how large."},
      {"train", "Training", "How long, how fast and where."},
      {"finetune", "Finetuning", "What starts from other weights, what of it learns, and how."},
      {"precision", "Precision", "In which number format it is computed."},
      {"parallel", "Parallelism", "How the work is shared between ranks."},
      {"checkpoint", "Checkpoints", "How often the state is saved, and how much of it is kept."},
      {"eval", "Evaluation", "How often it is judged on the unseen style."},
  }};
  return all;
}

std::span<const Field> fields() { return table(); }

const Field* find_field(std::string_view path) {
  const auto found = std::ranges::find(table(), path, &Field::path);
  return found == table().end() ? nullptr : &*found;
}

std::string unknown_key(std::string_view path) {
  // A bare or misplaced key is compared with the last part of every path too; a section in the wrong place costs one.
  constexpr std::size_t kLongestCompared = 200;
  const std::string_view unknown = path.substr(0, kLongestCompared);
  const Field* nearest = nullptr;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const Field& candidate : table()) {
    const std::size_t distance = std::min(edit_distance(unknown, candidate.path),
                                          edit_distance(last_part(unknown), last_part(candidate.path)) + 1);
    if (distance < least) {
      least = distance;
      nearest = &candidate;
    }
  }
  if (least > 1 + last_part(unknown).size() / 3) return "unknown key; athanor-run show --fields lists those there are";
  return fmt::format("unknown key; did you mean {}?", nearest->path);
}

}  // namespace athanor::recipe
