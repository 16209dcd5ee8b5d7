// Writes one training step of a two_tower model as raw numbers, for parity.py to repeat in PyTorch:
//   parity_dump DIRECTORY
// <path>.f32 and <path>.grad.f32 per parameter, images.f32, ids.i32, lengths.i32, concepts.i32, shapes.txt, result.txt.
#include "core/autograd/backward.h"
#include "core/models/two_tower/two_tower.h"
#include "core/ops/loss.h"
#include "core/optim/adamw.h"
#include "kernels/base/philox.h"

#include <filesystem>
#include <fstream>
#include <iostream>

namespace {

using namespace athanor;

constexpr std::int64_t kBatch = 48;
constexpr std::int64_t kVocabulary = 200;

template <class T>
void write(const std::filesystem::path& file, const std::vector<T>& values) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

std::uint32_t draw(std::uint64_t key, std::int64_t position) {
  return philox_at(key, 0, 0, static_cast<std::uint64_t>(position)).word[0];
}

void dump(const std::filesystem::path& directory) {
  Context context({.threads = 2});
  const models::TwoTower model(context, {.vocabulary = kVocabulary}, 11);
  const std::int64_t px = model.config().image_px, tokens = model.config().max_tokens;

  std::vector<float> images;
  for (std::int64_t i = 0; i < kBatch * px * px * 3; ++i)
    images.push_back(static_cast<float>(draw(1, i)) / 2147483648.0f - 1.0f);
  std::vector<std::int32_t> ids, lengths, concepts;
  for (std::int64_t row = 0; row < kBatch; ++row) {
    lengths.push_back(static_cast<std::int32_t>(1 + draw(2, row) % tokens));
    concepts.push_back(static_cast<std::int32_t>(draw(3, row) % 30));
    for (std::int64_t token = 0; token < tokens; ++token)
      ids.push_back(token < lengths.back() ? static_cast<std::int32_t>(1 + draw(4, row * tokens + token) % 199) : 0);
  }
  write(directory / "images.f32", images);
  write(directory / "ids.i32", ids);
  write(directory / "lengths.i32", lengths);
  write(directory / "concepts.i32", concepts);

  const auto upload = [&](const std::vector<std::int32_t>& values, const Shape& shape) {
    return context.upload(std::span<const std::int32_t>(values), shape);
  };
  const auto output = model.forward(context, context.upload(images, {kBatch, px, px, 3}), upload(ids, {kBatch, tokens}),
                                    upload(lengths, {kBatch}));
  const Variable loss = ops::contrastive_loss(context, output.image_BD, output.text_BD, output.logit_scale,
                                              {.ids = upload(concepts, {kBatch})});
  backward(context, loss);

  std::ofstream shapes(directory / "shapes.txt");
  for (const Parameter& parameter : model.named_parameters()) {
    write(directory / (parameter->path + ".f32"), context.download(parameter->value));
    write(directory / (parameter->path + ".grad.f32"), context.download(parameter->gradient));
    shapes << parameter->path << ' ' << parameter->decays;
    for (const std::int64_t dim : parameter->value.shape()) shapes << ' ' << dim;
    shapes << '\n';
  }
  optim::AdamW optimizer(context, model.named_parameters(), {});
  const optim::StepReport report = optimizer.step(context, {.learning_rate = 1e-3f, .max_norm = 0.5f});
  for (const Parameter& parameter : model.named_parameters())
    write(directory / (parameter->path + ".after.f32"), context.download(parameter->value));
  std::ofstream result(directory / "result.txt");
  result.precision(9);
  result << loss.value().item() << ' ' << report.gradient_norm << '\n';
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "usage: parity_dump DIRECTORY\n";
    return 2;
  }
  std::filesystem::create_directories(words[1]);
  dump(words[1]);
  return 0;
}
