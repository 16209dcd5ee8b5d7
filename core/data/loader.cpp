#include "core/data/loader.h"

#include "core/data/permutation.h"
#include "core/data/random.h"

#include <fmt/format.h>
#include <opencv2/core/utility.hpp>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

namespace athanor::data {
namespace {

using Tokens = std::vector<std::int32_t>;

std::size_t pixels_of(int px) { return static_cast<std::size_t>(px) * static_cast<std::size_t>(px) * 3; }

Result<void> check(const LoaderOptions& options) {
  const auto refuse = [](const char* field, int value, int low, int high) -> Result<void> {
    if (value >= low && value <= high) return {};
    return fail(ErrorKind::invalid_input, "load data", fmt::format("{} is {}", field, value),
                fmt::format("choose a number from {} to {}", low, high));
  };
  for (const auto& checked :
       {refuse("batch size", options.batch_size, 1, 1 << 16), refuse("picture size", options.image_px, 4, 1024),
        refuse("number of tokens", options.max_tokens, 1, 4096),
        refuse("number of loader threads", options.workers, 0, 64),
        refuse("length of the loader's queue", options.queue, 1, 1024)}) {
    if (!checked) return checked;
  }
  const Share& share = options.share;
  if (share.count >= 1 && share.index >= 0 && share.runs >= 1 && share.index + share.runs <= share.count &&
      options.batch_size % share.count == 0)
    return {};
  return fail(ErrorKind::invalid_input, "load data",
              fmt::format("batches of {} have no share {} of {}, {} long", options.batch_size, share.index, share.count,
                          share.runs),
              "choose a batch size that is a multiple of the number of shares");
}

Batch empty_batch(std::int64_t step, int size, const LoaderOptions& options, const Tokenizer& tokenizer) {
  const auto count = static_cast<std::size_t>(size);
  Batch batch{step, size, options.image_px, options.max_tokens, {}, {}, {}, {}, {}};
  batch.images.resize(count * pixels_of(options.image_px));
  batch.tokens.assign(count * static_cast<std::size_t>(options.max_tokens), tokenizer.special().pad);
  batch.lengths.resize(count);
  batch.concepts.resize(count);
  batch.pictures.resize(count);
  return batch;
}

std::span<float> image_of(Batch& batch, std::size_t row) {
  return std::span(batch.images).subspan(row * pixels_of(batch.image_px), pixels_of(batch.image_px));
}

void write_tokens(Batch& batch, std::size_t row, const Tokens& tokens) {
  std::copy(tokens.begin(), tokens.end(), batch.tokens.begin() + static_cast<std::ptrdiff_t>(row) * batch.max_tokens);
  batch.lengths[row] = static_cast<std::int32_t>(tokens.size());
}

// Everything a worker needs, prepared once.
struct Material {
  struct Item {
    std::int32_t picture = 0;
    std::int32_t concept_id = 0;
    Drawing drawing;
  };
  struct Texts {
    Tokens name;                   // pieces, without a frame
    std::vector<Tokens> keywords;  // those that hold a known token
  };
  std::vector<Item> items;
  std::map<std::int32_t, Texts> texts;  // by concept
};

bool is_known(const Tokens& tokens, const Tokenizer& tokenizer) {
  return std::ranges::any_of(tokens, [&](std::int32_t id) { return id != tokenizer.special().unknown; });
}

std::filesystem::path tokenizer_path(const Dataset& dataset, const LoaderOptions& options) {
  return options.tokenizer.empty() ? dataset.tokenizer_file(options.selection.language) : options.tokenizer;
}

Result<Drawing> load_drawing(const Dataset& dataset, std::size_t picture, float margin) {
  auto image = dataset.decode(picture);
  if (!image) return tl::unexpected(image.error());
  return make_drawing(image->rgba, image->width, image->height, kStoredPixels, margin);
}

Result<Material> load_material(const Dataset& dataset, const LoaderOptions& options, const Tokenizer& tokenizer) {
  auto selected = dataset.select(options.selection);
  if (!selected) return tl::unexpected(selected.error());
  Material material;
  for (const std::size_t picture : *selected) {
    auto drawing = load_drawing(dataset, picture, options.fit_margin);
    if (!drawing) return tl::unexpected(drawing.error());
    const std::int32_t id = dataset.pictures()[picture].concept_id;
    material.items.push_back({static_cast<std::int32_t>(picture), id, std::move(*drawing)});
    const auto [entry, fresh] = material.texts.try_emplace(id);
    if (!fresh) continue;
    const Wording& wording = *dataset.concepts()[static_cast<std::size_t>(id)].in(options.selection.language);
    entry->second.name = tokenizer.pieces(wording.name, options.max_tokens);
    for (const std::string& keyword : wording.keywords) {
      Tokens tokens = tokenizer.pieces(keyword, options.max_tokens);
      if (is_known(tokens, tokenizer)) entry->second.keywords.push_back(std::move(tokens));
    }
  }
  return material;
}

}  // namespace

class Loader::Impl {
 public:
  Impl(Tokenizer words, Material content, LoaderOptions chosen)
      : options(std::move(chosen)), tokenizer(std::move(words)), material(std::move(content)) {
    for (int i = 0; i < options.workers; ++i) threads_.emplace_back([this] { work(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Batch make(std::int64_t step) const {
    const int rows = options.batch_size / options.share.count;
    Batch batch = empty_batch(step, rows * options.share.runs, options, tokenizer);
    const auto first = static_cast<std::uint64_t>(step) * static_cast<std::uint64_t>(options.batch_size) +
                       static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(options.share.index);
    for (std::size_t row = 0; row < batch.lengths.size(); ++row) {
      const std::uint64_t sample = first + row;
      const std::uint64_t count = material.items.size();
      const KeyedPermutation order(count, options.seed, sample / count);
      const Material::Item& item = material.items[order(sample % count)];
      batch.pictures[row] = item.picture;
      batch.concepts[row] = item.concept_id;
      write_caption(batch, row, material.texts.at(item.concept_id), sample);
      augment(item.drawing, options.augmentation, options.seed, sample, options.image_px, image_of(batch, row));
    }
    return batch;
  }

  Batch next() {
    if (threads_.empty()) return make(position_++);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ready_.contains(position_) || fault_; });
    if (fault_) std::rethrow_exception(fault_);
    Batch batch = std::move(ready_.extract(position_++).mapped());
    lock.unlock();
    changed_.notify_all();
    return batch;
  }

  void seek(std::int64_t step) {
    {
      const std::lock_guard lock(mutex_);
      if (step == position_) return;
      position_ = step;
      claimed_ = step;
      ++generation_;
      ready_.clear();
      fault_ = nullptr;
    }
    changed_.notify_all();
  }

  std::int64_t position() const {
    const std::lock_guard lock(mutex_);
    return position_;
  }

  const LoaderOptions options;
  const Tokenizer tokenizer;
  const Material material;

 private:
  void write_caption(Batch& batch, std::size_t row, const Material::Texts& texts, std::uint64_t sample) const {
    SampleRandom random(options.seed, Purpose::caption, sample);
    const auto count = static_cast<std::uint32_t>(texts.keywords.size());
    Tokens pieces;
    if (!random.chance(options.keyword_probability) || count == 0) {
      pieces = texts.name;
    } else {
      const std::uint32_t first = random.below(count);
      pieces = texts.keywords[first];
      if (count >= 2 && !random.chance(0.5F)) {
        const Tokens& second = texts.keywords[(first + 1 + random.below(count - 1)) % count];
        pieces.insert(pieces.end(), second.begin(), second.end());
      }
    }
    write_tokens(batch, row, tokenizer.framed(std::move(pieces), options.max_tokens));
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stop_ || (!fault_ && claimed_ < position_ + options.queue); });
      if (stop_) return;
      const std::int64_t step = claimed_++;
      const std::uint64_t generation = generation_;
      lock.unlock();
      Batch batch;
      std::exception_ptr fault;
      try {
        batch = make(step);
      } catch (const std::exception& error) {
        fault = std::make_exception_ptr(
            Failure(ErrorKind::internal, fmt::format("prepare the data of step {}", step), error.what()));
      }
      lock.lock();
      if (generation != generation_) continue;  // somebody moved on meanwhile
      if (fault) {
        fault_ = fault;
      } else {
        ready_.emplace(step, std::move(batch));
      }
      changed_.notify_all();
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, Batch> ready_;
  std::exception_ptr fault_;
  std::int64_t position_ = 0;
  std::int64_t claimed_ = 0;  // the next step a worker takes
  std::uint64_t generation_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

Loader::Loader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Loader::~Loader() = default;

Result<std::unique_ptr<Loader>> Loader::create(std::shared_ptr<const Dataset> dataset, LoaderOptions options) {
  if (auto checked = check(options); !checked) return tl::unexpected(checked.error());
  // The arithmetic of training owns the cores; this library's own threads would only fight with it.
  cv::setNumThreads(0);
  auto tokenizer = Tokenizer::load(tokenizer_path(*dataset, options));
  if (!tokenizer) {
    // The selection's message about an unknown language is the better one.
    if (auto selected = dataset->select(options.selection); !selected) return tl::unexpected(selected.error());
    return tl::unexpected(tokenizer.error());
  }
  auto material = load_material(*dataset, options, *tokenizer);
  if (!material) return tl::unexpected(material.error());
  auto impl = std::make_unique<Impl>(std::move(*tokenizer), std::move(*material), std::move(options));
  return std::unique_ptr<Loader>(new Loader(std::move(impl)));
}

Batch Loader::next() { return impl_->next(); }
void Loader::seek(std::int64_t step) { impl_->seek(step); }
std::int64_t Loader::position() const { return impl_->position(); }
Batch Loader::make(std::int64_t step) const { return impl_->make(step); }
std::int64_t Loader::pictures() const { return static_cast<std::int64_t>(impl_->material.items.size()); }
double Loader::steps_per_epoch() const {
  return static_cast<double>(pictures()) / static_cast<double>(impl_->options.batch_size);
}
const LoaderOptions& Loader::options() const { return impl_->options; }
const Tokenizer& Loader::tokenizer() const { return impl_->tokenizer; }

Result<EvaluationSet> EvaluationSet::create(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options) {
  if (auto checked = check(options); !checked) return tl::unexpected(checked.error());
  cv::setNumThreads(0);
  auto selected = dataset->select(options.selection);
  if (!selected) return tl::unexpected(selected.error());
  auto tokenizer = Tokenizer::load(tokenizer_path(*dataset, options));
  if (!tokenizer) return tl::unexpected(tokenizer.error());
  EvaluationSet set;
  set.dataset_ = std::move(dataset);
  set.options_ = options;
  set.tokenizer_ = std::make_shared<const Tokenizer>(std::move(*tokenizer));
  set.pictures_ = std::move(*selected);
  return set;
}

std::int64_t EvaluationSet::batches() const { return (size() + options_.batch_size - 1) / options_.batch_size; }

const std::string& EvaluationSet::caption(std::size_t i) const {
  const Picture& picture = dataset_->pictures()[pictures_.at(i)];
  return dataset_->concepts()[static_cast<std::size_t>(picture.concept_id)].in(options_.selection.language)->name;
}

Batch EvaluationSet::batch(std::int64_t index) const {
  const std::int64_t first = index * options_.batch_size;
  const auto count = static_cast<int>(std::clamp<std::int64_t>(size() - first, 0, options_.batch_size));
  Batch batch = empty_batch(index, count, options_, *tokenizer_);
  for (std::size_t row = 0; row < batch.lengths.size(); ++row) {
    const std::size_t place = static_cast<std::size_t>(first) + row;
    const std::size_t picture = pictures_[place];
    batch.pictures[row] = static_cast<std::int32_t>(picture);
    batch.concepts[row] = dataset_->pictures()[picture].concept_id;
    write_tokens(batch, row, tokenizer_->encode(caption(place), options_.max_tokens));
    const Drawing drawing = value_or_throw(load_drawing(*dataset_, picture, options_.fit_margin));
    render_plain(drawing, options_.image_px, image_of(batch, row));
  }
  return batch;
}

}  // namespace athanor::data
