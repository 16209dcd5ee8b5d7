#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/names.h"
#include "core/checkpoint/rank_words.h"
#include "core/checkpoint/reader.h"
#include "core/checkpoint/safetensors_header.h"
#include "core/checkpoint/whole.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "step-";
constexpr const char* kUseAnother = "use another step or restore it from a copy";

// Everything, as numbers.
Result<Contents> read_contents(const Reader& reader) {
  Contents out{reader.state(), {}, {}, {}};
  struct Target {
    Holding holding;
    std::vector<float> values;
    std::vector<std::byte> narrow;  // where the stored numbers are no floats
  };
  std::vector<Target> targets;
  // What coding took away belongs to ranks; who goes on with it asks for it.
  for (Holding& holding : reader.holdings())
    if (holding.section != Section::residual) targets.push_back({std::move(holding), {}, {}});
  std::vector<Wanted> wanted;
  for (Target& target : targets) {
    const auto count = static_cast<std::size_t>(volume(target.holding.shape));
    target.values.resize(count);
    const bool as_is = target.holding.dtype == "F32";
    if (!as_is) target.narrow.resize(count * static_cast<std::size_t>(bytes_per_element(target.holding.dtype)));
    wanted.push_back({target.holding.section, target.holding.name, target.holding.dtype,
                      whole_box(target.holding.shape),
                      as_is ? std::as_writable_bytes(std::span(target.values)) : std::span(target.narrow)});
  }
  if (const auto read = reader.read(wanted); !read) return tl::unexpected(read.error());
  for (Target& target : targets) {
    if (target.holding.dtype != "F32") {
      const auto widened = to_floats(target.holding.name, target.holding.dtype, target.narrow, target.values);
      if (!widened) return tl::unexpected(widened.error());
    }
    auto& arrays = target.holding.section == Section::model ? out.parameters : out.optimizer;
    arrays.push_back({std::move(target.holding.name), std::move(target.holding.shape), std::move(target.values)});
  }
  return out;
}

Saved saved_as(const fs::path& checkpoint, const Manifest& manifest) {
  Saved out{manifest.step, checkpoint, 0};
  for (const auto& [name, facts] : manifest.files) out.bytes += facts.bytes;
  return out;
}

}  // namespace

std::string folder_name(std::int64_t step) { return fmt::format("{}{}", kPrefix, step); }

std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc{} || end != name.data() + name.size() || step < 0) return std::nullopt;
  return step;
}

std::vector<std::int64_t> steps(const fs::path& folder) {
  std::vector<std::int64_t> out;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    if (const auto step = step_of(entry.path().filename().string())) out.push_back(*step);
  }
  std::ranges::sort(out);
  return out;
}

std::vector<Saved> saved(const fs::path& folder) {
  std::vector<Saved> out;
  for (const std::int64_t step : steps(folder)) {
    Manifest manifest;
    const fs::path checkpoint = folder / folder_name(step);
    if (judge(checkpoint, manifest).empty()) out.push_back(saved_as(checkpoint, manifest));
  }
  return out;
}

Result<Saved> find_step(const fs::path& folder, std::int64_t step) {
  const fs::path checkpoint = folder / folder_name(step);
  const auto intention = fmt::format("load the checkpoint {}", checkpoint.string());
  std::error_code code;
  if (!fs::exists(checkpoint, code)) {
    std::string known;
    for (const Saved& other : saved(folder)) known += fmt::format("{}{}", known.empty() ? "" : ", ", other.step);
    return fail(ErrorKind::invalid_input, intention, "there is no such checkpoint",
                known.empty() ? "the run has none" : "the run has steps " + known);
  }
  if (std::string reason = why_not_whole(checkpoint); !reason.empty())
    return fail(ErrorKind::corrupt, intention, std::move(reason), kUseAnother);
  Manifest manifest;
  if (std::string reason = judge(checkpoint, manifest); !reason.empty())
    return fail(ErrorKind::corrupt, intention, std::move(reason), kUseAnother);
  return saved_as(checkpoint, manifest);
}

std::string why_not_whole(const fs::path& checkpoint) {
  const auto reader = Reader::open(checkpoint);
  if (!reader) return reader.error().cause;
  const auto verified = reader->verify();
  return verified ? std::string() : verified.error().cause;
}

Result<Chosen> load_newest(const fs::path& folder, const std::function<Result<void>(const Reader&)>& load,
                           const Ranks& ranks) {
  const auto intention = fmt::format("load a checkpoint from {}", folder.string());
  const auto known = from_leader(ranks, ranks.is_leader() ? steps(folder) : Numbers());
  if (!known) return tl::unexpected(known.error());
  if (known->empty())
    return fail(ErrorKind::invalid_input, intention, "it holds none", "let the run go on until it has written one");
  Chosen out;
  std::string reasons;
  for (auto step = known->rbegin(); step != known->rend(); ++step) {
    out.step = *step;
    out.folder = folder / folder_name(*step);
    const auto reader = Reader::open(out.folder);
    const auto loaded = agree(ranks, reader ? load(*reader) : tl::unexpected(reader.error()));
    if (loaded) return out;
    const Error& error = loaded.error();
    if (error.kind != ErrorKind::corrupt && error.kind != ErrorKind::io) return tl::unexpected(error);
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", folder_name(*step), error.cause);
    out.skipped.push_back({folder_name(*step), error.cause});
  }
  return fail(ErrorKind::corrupt, intention, "none is whole (" + reasons + ")",
              "restore one from a copy or start anew");
}

Result<Loaded> load_newest(const fs::path& folder) {
  Loaded out;
  auto chosen = load_newest(
      folder,
      [&out](const Reader& reader) {
        return read_contents(reader).map([&out](Contents&& contents) { out.contents = std::move(contents); });
      },
      Ranks{});
  if (!chosen) return tl::unexpected(chosen.error());
  out.folder = std::move(chosen->folder);
  out.skipped = std::move(chosen->skipped);
  return out;
}

Result<Found> find_newest(const fs::path& folder) {
  Found out;
  auto chosen = load_newest(
      folder,
      [&out](const Reader& reader) {
        out.state = reader.state();
        return reader.verify();
      },
      Ranks{});
  if (!chosen) return tl::unexpected(chosen.error());
  out.folder = std::move(chosen->folder);
  out.skipped = std::move(chosen->skipped);
  return out;
}

Result<Found> open(const Saved& found) {
  return Reader::open(found.folder).map([&](const Reader& reader) { return Found{reader.state(), found.folder, {}}; });
}

Result<Loaded> load(const Saved& found) {
  const auto reader = Reader::open(found.folder);
  auto contents = reader ? read_contents(*reader) : tl::unexpected(reader.error());
  if (contents) return Loaded{std::move(*contents), found.folder, {}};
  Error& error = contents.error();
  return fail(error.kind, fmt::format("load the checkpoint {}", found.folder.string()), error.cause, kUseAnother);
}

Result<Loaded> load_step(const fs::path& folder, std::int64_t step) {
  const auto found = find_step(folder, step);
  if (!found) return tl::unexpected(found.error());
  return load(*found);
}

}  // namespace athanor::checkpoint
