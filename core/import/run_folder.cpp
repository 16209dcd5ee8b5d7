#include "core/import/run_folder.h"

#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/base/guarded.h"
#include "core/import/numbers.h"
#include "core/journal/reader.h"
#include "core/journal/transcript.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace athanor::imports {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kGathered = 1U << 17;                         // samples
constexpr std::size_t kLongestRecipe = 4U << 20, kShortValue = 32;  // bytes
constexpr std::size_t kLongestName = 4096;
constexpr std::size_t kManyMetrics = 1000;  // in a row; of more each is told by itself, since a frame has an end

// Events as a journal. Samples of single metrics are gathered, so that those of one stand together: a history takes
// them in by metric, and so many are not kept for long.
class Journal {
 public:
  explicit Journal(fs::path file, std::stop_token stop) : file_(std::move(file)), stop_(std::move(stop)) {}

  Result<void> tell(std::int64_t time_ns, journal::Payload payload) {
    if (stop_.stop_requested()) return fail(ErrorKind::cancelled, "import a run", "it was asked to stop");
    if (time_ns > 0) last_ns_ = time_ns;  // one without a time was told when the one before was
    if (auto* samples = std::get_if<journal::MetricSamples>(&payload)) {
      samples_ += static_cast<std::int64_t>(samples->values.size());
      last_step_ = std::max(last_step_, samples->step);
      for (auto& [name, value] : samples->values) {
        if (name.empty()) name = "unnamed";
        if (name.size() > kLongestName) name.resize(kLongestName);
      }
      if (samples->values.size() == 1 || samples->values.size() > kManyMetrics) return gather(*samples);
    }
    if (auto done = write_gathered(); !done) return done;
    return write(last_ns_, payload);
  }

  Result<void> end(const Told& told) {
    if (!transcript_ && told.created_ns > 0) last_ns_ = told.created_ns;
    if (auto done = write_gathered(); !done) return done;
    const auto state = told.end == End::finished ? journal::RunState::finished
                       : told.end == End::failed ? journal::RunState::failed
                                                 : journal::RunState::stopped;
    const std::int64_t ended_ns = told.ended_ns > 0 ? told.ended_ns : last_ns_;
    if (auto done = write(ended_ns, journal::StateChanged{state, told.cause}); !done) return done;
    return transcript_->finish();
  }

  [[nodiscard]] std::int64_t samples() const { return samples_; }
  [[nodiscard]] std::int64_t last_step() const { return last_step_; }
  [[nodiscard]] std::int64_t first_ns() const { return first_ns_; }

 private:
  struct Sample {
    std::int64_t step = 0, time_ns = 0;
    double value = 0;
  };

  Result<void> gather(journal::MetricSamples& samples) {
    for (auto& [name, value] : samples.values) gathered_[std::move(name)].push_back({samples.step, last_ns_, value});
    waiting_ += samples.values.size();
    return waiting_ < kGathered ? Result<void>() : write_gathered();
  }

  Result<void> write_gathered() {
    for (auto& [name, samples] : gathered_) {
      journal::MetricSamples event{0, {{name, 0.0}}};
      for (const Sample& sample : samples) {
        event.step = sample.step;
        event.values.front().second = sample.value;
        if (auto done = write(sample.time_ns, event); !done) return done;
      }
    }
    gathered_.clear();
    waiting_ = 0;
    return {};
  }

  Result<void> write(std::int64_t time_ns, const journal::Payload& payload) {
    if (!transcript_) {
      first_ns_ = time_ns;
      auto created = journal::Transcript::create(file_, time_ns);
      if (!created) return tl::unexpected(created.error());
      transcript_ = std::move(*created);
      if (auto done = transcript_->append(time_ns, journal::StateChanged{journal::RunState::running, ""}); !done)
        return done;
    }
    return transcript_->append(time_ns, payload);
  }

  fs::path file_;
  std::stop_token stop_;
  std::unique_ptr<journal::Transcript> transcript_;
  std::map<std::string, std::vector<Sample>> gathered_;
  std::size_t waiting_ = 0;
  std::int64_t first_ns_ = 0, last_ns_ = 0, last_step_ = 0, samples_ = 0;
};

// What does not fit any more is left out, whatever its place.
std::string recipe_within(Told& told) {
  std::size_t size = 0;
  const std::size_t dropped = std::erase_if(told.settings, [&](const auto& each) {
    const auto* text = std::get_if<std::string>(&each.second);
    const std::size_t own = each.first.size() + (text != nullptr ? text->size() : kShortValue);
    if (size + own > kLongestRecipe) return true;
    size += own;
    return false;
  });
  if (dropped > 0)
    told.left_out.push_back(counted(static_cast<std::int64_t>(dropped), "setting") +
                            ", since all of them are too long");
  return recipe_of(told.settings);
}

Imported write(const Source& source, const fs::path& folder, const std::stop_token& stop) {
  value_or_throw(make_folders(folder));
  const fs::path journal_file = folder / journal::file_name(0);
  Journal journal(journal_file, stop);
  Told told = value_or_throw(read_source(source, [&](std::int64_t time_ns, journal::Payload payload) {
    return journal.tell(time_ns, std::move(payload));
  }));
  value_or_throw(journal.end(told));
  const std::string recipe = recipe_within(told);
  Imported imported;
  imported.format = to_string(source.format);
  std::error_code ignored;
  imported.path = fs::weakly_canonical(source.path, ignored).string();
  imported.id = told.id;
  imported.name = cut_text(told.name.empty() ? told.id : told.name);
  imported.created_ns = told.created_ns > 0 ? told.created_ns : journal.first_ns();
  imported.last_step = journal.last_step();
  imported.samples = journal.samples();
  imported.tags = told.tags;
  imported.note = told.note;
  imported.origin = told.origin;
  imported.lost = told.lost;
  imported.left_out = told.left_out;
  // Of what the history takes in, wherever the source lies.
  Sha256 digest;
  digest.add(value_or_throw(sha256_file(journal_file)));
  digest.add(recipe);
  imported.digest = digest.finish();
  value_or_throw(write_file_flushed(folder / "recipe.toml", recipe));
  value_or_throw(write_file_flushed(folder / kImportedFile, to_json(imported)));
  value_or_throw(flush_folder(folder));
  return imported;
}

}  // namespace

Result<Imported> write_run_folder(const Source& source, const fs::path& folder, const std::stop_token& stop) {
  return guarded("import " + source.path.string(), [&] { return write(source, folder, stop); });
}

}  // namespace athanor::imports
