#include "core/data/prepare/emoji.h"

#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/data/prepare/emoji_list.h"
#include "core/data/prepare/noto.h"
#include "core/data/prepare/svg.h"
#include "core/data/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <sstream>
#include <thread>

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFont = "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf";
constexpr const char* kOpenmoji = "usr/lib/python3/dist-packages/openshot_qt/emojis/color/svg";
constexpr const char* kGems = "usr/share/rubygems-integration/all/gems";
constexpr const char* kLanguages[] = {"en", "de", "fr", "es", "zh", "ja", "ar", "ru"};
constexpr int kRenderedPixels = 2 * kStoredPixels;  // drawn larger, then averaged down: smooth edges

const std::vector<Source>& packages() {
  static const std::vector<Source> sources = {
      {"fonts-noto-color-emoji", "", "", "OFL-1.1 (drawings Apache-2.0)", "Google Inc.", "drawings of the style noto"},
      {"openshot-qt", "", "", "CC-BY-SA-4.0", "OpenMoji contributors", "drawings of the style openmoji"},
      {"ruby-gemojione", "", "", "CC-BY-SA-4.0", "Ranks.com Inc. (EmojiOne)", "drawings of the style emojione"},
      {"unicode-data", "", "", "Unicode-DFS-2016", "Unicode, Inc.",
       "the list of emoji, their groups and English names"},
      {"unicode-cldr-core", "", "", "Unicode-DFS-2016", "Unicode, Inc.", "keywords, and names in other languages"},
  };
  return sources;
}

// One picture to be made: PNG bytes of the font or the path of an SVG file.
struct Job {
  std::string style;
  std::int32_t concept_id = 0;
  std::string png;
  fs::path svg;
};

class Reporter {
 public:
  explicit Reporter(const Progress& progress) : progress_(progress) {}
  void operator()(double fraction, std::string_view what) const {
    if (progress_) progress_(fraction, what);
  }

 private:
  const Progress& progress_;
};

fs::path emojione_folder(const fs::path& sources) {
  std::error_code ignored;
  std::set<fs::path> found;
  for (const auto& entry : fs::directory_iterator(sources / kGems, ignored)) {
    if (entry.path().filename().string().starts_with("gemojione-")) found.insert(entry.path() / "assets/svg");
  }
  return found.empty() ? sources / kGems / "gemojione/assets/svg" : *found.rbegin();
}

Result<void> check_sources(const fs::path& sources) {
  std::vector<std::string> absent;
  for (const fs::path& path : {sources / kFont, sources / kOpenmoji, emojione_folder(sources),
                               sources / "usr/share/unicode/emoji/emoji-test.txt",
                               sources / "usr/share/unicode/cldr/common/annotations/en.xml"}) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) absent.push_back(path.string());
  }
  if (absent.empty()) return {};
  return fail(ErrorKind::invalid_input, "prepare the data set emoji",
              fmt::format("its sources are not there: {}", fmt::join(absent, ", ")),
              fmt::format("run `installer/fetch-starter-data {}`", sources.parent_path().string()));
}

// Versions and digests as the fetching script noted them; "unknown" where it did not.
std::vector<Source> versioned_packages(const fs::path& sources) {
  std::map<std::string, std::pair<std::string, std::string>> known;
  if (const auto table = read_file(sources / "packages.tsv")) {
    std::istringstream lines(*table);
    for (std::string name, version, digest; lines >> name >> version >> digest;) known[name] = {version, digest};
  }
  std::vector<Source> result = packages();
  for (Source& source : result) {
    const auto found = known.find(source.package);
    source.version = found != known.end() ? found->second.first : "unknown";
    source.sha256 = found != known.end() ? found->second.second : "";
  }
  return result;
}

DatasetCard card_head(const fs::path& sources) {
  DatasetCard card;
  card.name = "emoji";
  card.title = "Emoji in three drawing styles with names in eight languages";
  card.sources = versioned_packages(sources);
  card.steps = {
      "Every fully qualified emoji of emoji-test.txt without skin tones is a concept; its English name is the one "
      "there.",
      "Names in other languages and all keywords are CLDR's annotations, looked up without variation selectors.",
      "noto: the bitmap of the one glyph that HarfBuzz shapes the characters to.",
      fmt::format("openmoji, emojione: the SVG file of that code point, drawn by librsvg at {0} x {0} pixels.",
                  kRenderedPixels),
      fmt::format("Each drawing is padded to a square and averaged down to {0} x {0} pixels, RGBA, straight alpha.",
                  kStoredPixels),
      "Of drawings of one style that are the same pixel by pixel, the first keeps its place and the others are left "
      "out.",
      "Keywords and names without a letter or digit are left out; one WordPiece vocabulary is learnt per language.",
  };
  return card;
}

// SVG files by bare id; of several spellings of one id the first in order of names.
std::map<std::string, fs::path> svg_files(const fs::path& folder) {
  std::set<fs::path> sorted;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".svg") sorted.insert(entry.path());
  }
  std::map<std::string, fs::path> files;
  for (const fs::path& path : sorted) files.emplace(bare_id(path.stem().string()), path);
  return files;
}

std::vector<Job> list_jobs(const std::vector<Emoji>& emoji, const fs::path& sources) {
  const BitmapFont font = value_or_throw(BitmapFont::open(sources / kFont));
  const std::pair<const char*, std::map<std::string, fs::path>> vector_styles[] = {
      {"openmoji", svg_files(sources / kOpenmoji)}, {"emojione", svg_files(emojione_folder(sources))}};
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < emoji.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (std::string png = font.png(emoji[i].code_points); !png.empty())
      jobs.push_back({"noto", id, std::move(png), {}});
    for (const auto& [style, files] : vector_styles) {
      const auto found = files.find(bare_id(emoji[i].described.id));
      if (found != files.end()) jobs.push_back({style, id, {}, found->second});
    }
  }
  // By style, then by concept: pictures of one style lie together.
  std::ranges::stable_sort(jobs, {}, [](const Job& job) { return job.style; });
  return jobs;
}

Result<Image> make_picture(const Job& job) {
  Result<Image> image;
  if (job.svg.empty()) {
    image = decode_png(job.png);
  } else {
    auto svg = read_file(job.svg);
    if (!svg) return tl::unexpected(svg.error());
    image = render_svg(*svg, kRenderedPixels, job.svg.string());
  }
  if (!image) return image;
  return fit_square(*image, kStoredPixels);
}

// Slot i belongs to job i, so the result does not depend on the threads.
std::vector<Result<Image>> make_pictures(const std::vector<Job>& jobs, int threads, const Reporter& report) {
  std::vector<Result<Image>> images(jobs.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&](bool reports) {
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      images[i] = make_picture(jobs[i]);
      if (reports) report(0.1 + 0.8 * static_cast<double>(i) / static_cast<double>(jobs.size()), "drawing");
    }
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < threads; ++i) helpers.emplace_back(work, false);
  work(true);
  for (std::thread& helper : helpers) helper.join();
  return images;
}

// Moves the pictures into `content`, leaving out copies and noting them and what could not be drawn.
void collect(const std::vector<Job>& jobs, std::vector<Result<Image>>& images, NewDataset& content) {
  std::map<std::pair<std::string, std::vector<std::uint8_t>>, std::string> first_of;
  for (const char* count : {"dropped.copies", "dropped.undrawable"}) content.card.counts[count] = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Concept& shown = content.concepts[static_cast<std::size_t>(jobs[i].concept_id)];
    const std::string name = fmt::format("{}/{} ({})", jobs[i].style, shown.id, shown.in("en")->name);
    if (!images[i]) {
      content.card.notes.push_back(fmt::format("{}: {}", name, images[i].error().cause));
      ++content.card.counts["dropped.undrawable"];
      continue;
    }
    const auto [entry, fresh] = first_of.try_emplace({jobs[i].style, images[i]->rgba}, name);
    if (!fresh) {
      content.card.notes.push_back(fmt::format("{}: the same drawing as {}", name, entry->second));
      ++content.card.counts["dropped.copies"];
      continue;
    }
    content.pictures.push_back({jobs[i].style, jobs[i].concept_id, std::move(*images[i])});
  }
}

NewDataset build(const PrepareOptions& options, const Reporter& report) {
  NewDataset content;
  content.card = card_head(options.sources);
  report(0, "reading names");
  std::vector<Emoji> emoji = value_or_throw(read_emoji_list(options.sources));
  for (const char* language : kLanguages) (void)value_or_throw(add_annotations(emoji, options.sources, language));
  report(0.05, "finding drawings");
  const std::vector<Job> jobs = list_jobs(emoji, options.sources);
  for (Emoji& one : emoji) content.concepts.push_back(std::move(one.described));
  std::vector<Result<Image>> images = make_pictures(jobs, std::clamp(options.threads, 1, 64), report);
  collect(jobs, images, content);
  for (const Source& source : packages()) {
    const auto text = read_file(options.sources / "usr/share/doc" / source.package / "copyright");
    if (text) content.licences[source.package + ".txt"] = *text;
  }
  return content;
}

// A whole data set made from the same packages in the same way.
bool is_current(const PrepareOptions& options, DatasetCard& card) {
  const auto present = Dataset::open(options.output);
  if (!present || !present->corrupt().empty()) return false;
  const DatasetCard head = card_head(options.sources);
  card = present->card();
  return card.sources == head.sources && card.steps == head.steps;
}

}  // namespace

Result<DatasetCard> prepare_emoji(const PrepareOptions& options) {
  const Reporter report(options.progress);
  if (DatasetCard card; !options.force && is_current(options, card)) {
    report(1, "already prepared");
    return card;
  }
  if (auto checked = check_sources(options.sources); !checked) return tl::unexpected(checked.error());
  try {
    NewDataset content = build(options, report);
    report(0.9, "learning vocabularies, writing");
    auto card = write_dataset(std::move(content), options.output);
    if (card) report(1, "done");
    return card;
  } catch (const Failure& failure) {
    return tl::unexpected(failure.error());
  } catch (const fs::filesystem_error& error) {
    return tl::unexpected(write_refusal("prepare the data set emoji", error.code().value()));
  }
}

fs::path default_sources() { return sources_dir() / "root"; }

}  // namespace athanor::data
