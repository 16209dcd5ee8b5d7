#include "core/base/command_line.h"
#include "core/base/paths.h"
#include "core/data/prepare/emoji.h"
#include "core/observe/process.h"
#include "core/runner/commands.h"
#include "core/runner/prepare_encoder.h"

#include <fmt/format.h>

namespace athanor::runner {

namespace {

int prepare_text_encoder(const PrepareOptions& options, Console& console) {
  const PrepareEncoderOptions wish{sources_dir() / options.dataset, weights_dir() / options.dataset, options.force};
  const data::DatasetCard card = value_or_throw(prepare_minilm(wish));
  console.info(fmt::format("{}: {} numbers, vocabulary of {}, digest {}, in {}", card.name, card.counts.at("numbers"),
                           card.counts.at("vocabulary"), card.digest.substr(0, 12), wish.output.string()));
  if (options.json) print_line(data::to_json(card));
  return 0;
}

}  // namespace

int run_prepare(const PrepareOptions& options, Console& console) {
  if (options.dataset == kTextEncoder) return prepare_text_encoder(options, console);
  if (options.dataset != kPreparable) {
    throw Failure(ErrorKind::invalid_input, fmt::format("prepare {}", options.dataset),
                  fmt::format("only {} and {} can be prepared", kPreparable, kTextEncoder),
                  fmt::format("Run athanor-run prepare {} or athanor-run prepare {}", kPreparable, kTextEncoder));
  }
  data::PrepareOptions wish;
  wish.sources = data::default_sources();
  wish.output = dataset_dir(options.dataset);
  wish.force = options.force;
  wish.threads = observe::machine().cores;
  wish.progress = [&console](double fraction, std::string_view what) { console.progress(fraction, what); };
  const data::DatasetCard card = value_or_throw(data::prepare_emoji(wish));
  console.end_progress();
  const auto count = [&card](const char* name) {
    const auto found = card.counts.find(name);
    return found == card.counts.end() ? std::int64_t{0} : found->second;
  };
  console.info(fmt::format("{}: {} pictures of {} concepts, digest {}, in {}", card.name, count("pictures"),
                           count("concepts"), card.digest.substr(0, 12), wish.output.string()));
  if (options.json) print_line(data::to_json(card));
  return 0;
}

}  // namespace athanor::runner
