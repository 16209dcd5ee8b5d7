#include "tests/benchmark/models/models.h"

#include "core/models/decoder/decoder.h"
#include "core/models/mlp/mlp.h"
#include "core/models/two_tower/two_tower.h"
#include "core/models/vit/vit.h"
#include "core/ops/loss.h"
#include "kernels/base/error.h"
#include "kernels/base/philox.h"

#include <algorithm>
#include <fstream>

namespace athanor::bench {

namespace {

std::uint32_t draw(std::uint64_t key, std::size_t position) { return philox_at(key, 0, 0, position).word[0]; }

// Uniform within -1 and 1.
Input random_numbers(const std::string& name, const Shape& shape, std::uint64_t key) {
  Input input{.name = name, .shape = shape, .numbers = {}, .ids = {}};
  input.numbers.resize(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < input.numbers.size(); ++i)
    input.numbers[i] = static_cast<float>(draw(key, i)) / 2147483648.0f - 1.0f;
  return input;
}

// Uniform within [low, high].
Input random_ids(const std::string& name, const Shape& shape, std::uint64_t key, std::uint32_t low,
                 std::uint32_t high) {
  Input input{.name = name, .shape = shape, .numbers = {}, .ids = {}};
  input.ids.resize(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < input.ids.size(); ++i)
    input.ids[i] = static_cast<std::int32_t>(low + draw(key, i) % (high - low + 1));
  return input;
}

class MlpBench final : public Model {
 public:
  MlpBench(Context& context, std::int64_t batch)
      : model_(context, {.inputs = 784, .hidden = 1024, .depth = 4, .classes = 10}, 11) {
    inputs_ = {random_numbers("x", {batch, 784}, 1), random_ids("classes", {batch}, 2, 0, 9)};
  }
  Variable loss(Context& context) const override {
    return ops::cross_entropy(context, model_.forward(context, upload(context, 0)), upload(context, 1));
  }
  const std::vector<Parameter>& parameters() const override { return model_.named_parameters(); }

 private:
  models::Mlp model_;
};

class VitBench final : public Model {
 public:
  VitBench(Context& context, std::int64_t batch)
      : model_(context, {.image_px = 64, .patch_px = 8, .width = 192, .depth = 12, .heads = 3, .outputs = 100}, 11) {
    inputs_ = {random_numbers("images", {batch, 64, 64, 3}, 1), random_ids("classes", {batch}, 2, 0, 99)};
  }
  Variable loss(Context& context) const override {
    return ops::cross_entropy(context, model_.forward(context, upload(context, 0)), upload(context, 1));
  }
  const std::vector<Parameter>& parameters() const override { return model_.named_parameters(); }

 private:
  models::Vit model_;
};

class ClipBench final : public Model {
 public:
  static constexpr std::int64_t kVocabulary = 1024, kTokens = 12, kConcepts = 285;

  ClipBench(Context& context, std::int64_t batch)
      : model_(context, {.vocabulary = kVocabulary, .max_tokens = kTokens}, 11) {
    Input words = random_ids("ids", {batch, kTokens}, 4, 1, kVocabulary - 1);
    Input lengths = random_ids("lengths", {batch}, 2, 1, kTokens);
    for (std::size_t i = 0; i < words.ids.size(); ++i)
      if (static_cast<std::int64_t>(i) % kTokens >= lengths.ids[i / kTokens]) words.ids[i] = 0;
    inputs_ = {random_numbers("images", {batch, 32, 32, 3}, 1), std::move(words), std::move(lengths),
               random_ids("concepts", {batch}, 3, 0, kConcepts - 1)};
  }
  Variable loss(Context& context) const override {
    const auto out = model_.forward(context, upload(context, 0), upload(context, 1), upload(context, 2));
    return ops::contrastive_loss(context, out.image_BD, out.text_BD, out.logit_scale, {.ids = upload(context, 3)});
  }
  const std::vector<Parameter>& parameters() const override { return model_.named_parameters(); }

 private:
  models::TwoTower model_;
};

class GptBench final : public Model {
 public:
  static constexpr std::int64_t kVocabulary = 4096, kTokens = 256;

  GptBench(Context& context, std::int64_t batch)
      : model_(context, {.vocabulary = kVocabulary, .max_tokens = kTokens, .width = 256, .depth = 6, .heads = 4}, 11) {
    inputs_ = {random_ids("ids", {batch, kTokens}, 1, 0, kVocabulary - 1), {}};
    inputs_[1] = inputs_[0];
    inputs_[1].name = "next";
    std::rotate(inputs_[1].ids.begin(), inputs_[1].ids.begin() + 1, inputs_[1].ids.end());
  }
  Variable loss(Context& context) const override {
    return model_.loss(context, upload(context, 0), upload(context, 1));
  }
  const std::vector<Parameter>& parameters() const override { return model_.named_parameters(); }

 private:
  models::Decoder model_;
};

template <class T>
void write_bytes(const std::filesystem::path& file, const std::vector<T>& values) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

void write_shape(std::ofstream& out, const std::string& words, const Shape& shape) {
  out << words;
  for (const std::int64_t dim : shape) out << ' ' << dim;
  out << '\n';
}

}  // namespace

std::int64_t Model::numel() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters()) count += parameter->value.numel();
  return count;
}

Tensor Model::upload(Context& context, std::size_t input) const {
  const Input& from = inputs_[input];
  if (from.numbers.empty()) return context.upload(std::span<const std::int32_t>(from.ids), from.shape);
  return context.upload(std::span<const float>(from.numbers), from.shape);
}

std::unique_ptr<Model> make_model(const std::string& name, Context& context, std::int64_t batch) {
  const auto size = [&](std::int64_t timed) { return batch > 0 ? batch : timed; };
  if (name == "mlp") return std::make_unique<MlpBench>(context, size(1024));
  if (name == "vit") return std::make_unique<VitBench>(context, size(16));
  if (name == "clip") return std::make_unique<ClipBench>(context, size(128));
  if (name == "gpt") return std::make_unique<GptBench>(context, size(4));
  throw Failure(ErrorKind::invalid_input, "make a benchmark model", "there is no model " + name,
                "Choose mlp, vit, clip or gpt");
}

void write_numbers(const std::filesystem::path& file, const std::vector<float>& numbers) { write_bytes(file, numbers); }

void dump(const Model& model, Context& context, const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  std::ofstream shapes(directory / "shapes.txt"), inputs(directory / "inputs.txt");
  for (const Parameter& parameter : model.parameters()) {
    write_bytes(directory / (parameter->path + ".f32"), context.download(parameter->value));
    write_shape(shapes, parameter->path + (parameter->decays ? " 1 " : " 0 ") + std::to_string(parameter->rate),
                parameter->value.shape());
  }
  for (const Input& input : model.inputs()) {
    if (input.numbers.empty())
      write_bytes(directory / (input.name + ".i32"), input.ids);
    else
      write_bytes(directory / (input.name + ".f32"), input.numbers);
    write_shape(inputs, input.name, input.shape);
  }
}

}  // namespace athanor::bench
