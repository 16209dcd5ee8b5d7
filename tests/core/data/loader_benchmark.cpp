// What a batch costs on one thread: 128 pictures of 32 pixels of the starter data, with and without augmentation.
#include "core/data/dataset.h"
#include "core/data/loader.h"

#include <benchmark/benchmark.h>

#include <memory>

namespace athanor::data {
namespace {

LoaderOptions starter(Augmentation augmentation) {
  LoaderOptions options;
  options.selection = {{"Animals & Nature", "Food & Drink"}, {"noto", "openmoji"}, "en"};
  options.workers = 0;
  options.keyword_probability = 0.3F;
  options.augmentation = augmentation;
  return options;
}

void make_batches(benchmark::State& state, Augmentation augmentation) {
  auto dataset = Dataset::open_named("emoji");
  if (!dataset) return state.SkipWithError(dataset.error().message().c_str());
  const auto loader =
      value_or_throw(Loader::create(std::make_shared<const Dataset>(std::move(*dataset)), starter(augmentation)));
  std::int64_t step = 0;
  for (auto _ : state) benchmark::DoNotOptimize(loader->make(step++));
}

const Augmentation kUsual{.scale = {0.8F, 1.2F},
                          .rotation_degrees = 15,
                          .shift = 0.12F,
                          .flip = 0.5F,
                          .hue_degrees = 20,
                          .saturation = 0.4F,
                          .greyscale = 0.1F,
                          .brightness = 0.2F,
                          .contrast = 0.2F,
                          .white_background = 0.2F,
                          .stroke = 0.3F,
                          .blur = 0.3F,
                          .cutout = 0.3F};
const Augmentation kWithNoise = [] {
  Augmentation augmentation = kUsual;
  augmentation.noise = 0.02F;
  return augmentation;
}();

BENCHMARK_CAPTURE(make_batches, plain, Augmentation{})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_batches, usual, kUsual)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_batches, usual_with_noise, kWithNoise)->Unit(benchmark::kMillisecond);

void open_data_set(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Dataset::open_named("emoji"));
}
BENCHMARK(open_data_set)->Unit(benchmark::kMillisecond);

void create_loader(benchmark::State& state) {
  auto dataset = Dataset::open_named("emoji");
  if (!dataset) return state.SkipWithError(dataset.error().message().c_str());
  const auto shared = std::make_shared<const Dataset>(std::move(*dataset));
  for (auto _ : state) benchmark::DoNotOptimize(Loader::create(shared, starter({})));
}
BENCHMARK(create_loader)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace athanor::data

BENCHMARK_MAIN();
