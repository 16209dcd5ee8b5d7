#include "core/data/loader.h"

#include "core/data/captions.h"

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
      options.batch_size % share.count == 0) {
    if (options.row_cost.empty()) return {};
    const int groups = options.micro_batches;
    if (groups >= 1 && options.batch_size % groups == 0 && groups % share.count == 0 &&
        std::ssize(options.row_cost) == options.max_tokens)
      return {};
    return fail(ErrorKind::invalid_input, "load data",
                fmt::format("batches of {} cannot be grouped into {} micro-batches of {} shares, or the cost of a row "
                            "is known for {} lengths of {}",
                            options.batch_size, groups, share.count, options.row_cost.size(), options.max_tokens),
                "choose a batch size that is a multiple of the micro-batches, and these a multiple of the shares");
  }
  return fail(ErrorKind::invalid_input, "load data",
              fmt::format("batches of {} have no share {} of {}, {} long", options.batch_size, share.index, share.count,
                          share.runs),
              "choose a batch size that is a multiple of the number of shares");
}

Batch empty_batch(std::int64_t step, int size, const LoaderOptions& options, const Tokenizer& tokenizer) {
  const auto count = static_cast<std::size_t>(size);
  Batch batch;
  batch.step = step;
  batch.size = size;
  batch.image_px = options.image_px;
  batch.max_tokens = options.max_tokens;
  batch.is_grouped = !options.row_cost.empty();
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

Result<Drawing> load_drawing(const Dataset& dataset, std::size_t picture, float margin) {
  auto image = dataset.decode(picture);
  if (!image) return tl::unexpected(image.error());
  return make_drawing(image->rgba, image->width, image->height, kStoredPixels, margin);
}

Result<std::vector<Drawing>> load_drawings(const Dataset& dataset, const Captions& captions) {
  std::vector<Drawing> out;
  for (const Captions::Item& item : captions.items()) {
    auto drawing = load_drawing(dataset, static_cast<std::size_t>(item.picture), captions.options().fit_margin);
    if (!drawing) return tl::unexpected(drawing.error());
    out.push_back(std::move(*drawing));
  }
  return out;
}

}  // namespace

int Batch::tokens_of(const Rows& rows) const {
  if (!is_grouped) return max_tokens;
  const auto own =
      std::span(lengths).subspan(static_cast<std::size_t>(rows.first), static_cast<std::size_t>(rows.count));
  return own.empty() ? max_tokens : std::ranges::max(own);
}

class Loader::Impl {
 public:
  Impl(Captions texts, std::vector<Drawing> pictures)
      : captions(std::move(texts)), options(captions.options()), drawings(std::move(pictures)) {
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
    Batch batch = empty_batch(step, rows * options.share.runs, options, captions.tokenizer());
    const std::vector<std::uint64_t> samples = captions.samples(step);
    const auto first = static_cast<std::size_t>(rows) * static_cast<std::size_t>(options.share.index);
    for (std::size_t row = 0; row < batch.lengths.size(); ++row) {
      const std::uint64_t sample = samples[first + row];
      const std::size_t place = captions.item_of(sample);
      batch.pictures[row] = captions.items()[place].picture;
      batch.concepts[row] = captions.items()[place].concept_id;
      write_tokens(batch, row, captions.text_of(sample));
      augment(drawings[place], options.augmentation, options.seed, sample, options.image_px, image_of(batch, row));
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

  const Captions captions;
  const LoaderOptions& options;
  const std::vector<Drawing> drawings;

 private:
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
  auto captions = Captions::create(*dataset, std::move(options));
  if (!captions) return tl::unexpected(captions.error());
  auto drawings = load_drawings(*dataset, *captions);
  if (!drawings) return tl::unexpected(drawings.error());
  return std::unique_ptr<Loader>(new Loader(std::make_unique<Impl>(std::move(*captions), std::move(*drawings))));
}

Batch Loader::next() { return impl_->next(); }
void Loader::seek(std::int64_t step) { impl_->seek(step); }
std::int64_t Loader::position() const { return impl_->position(); }
Batch Loader::make(std::int64_t step) const { return impl_->make(step); }
std::int64_t Loader::pictures() const { return static_cast<std::int64_t>(impl_->drawings.size()); }
double Loader::steps_per_epoch() const {
  return static_cast<double>(pictures()) / static_cast<double>(impl_->options.batch_size);
}
const LoaderOptions& Loader::options() const { return impl_->options; }
const Tokenizer& Loader::tokenizer() const { return impl_->captions.tokenizer(); }

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
  set.options_.row_cost.clear();  // in the order of the data set
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
