#include "core/import/source.h"

#include "core/base/guarded.h"
#include "core/import/readers.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <system_error>
#include <tuple>

namespace athanor::imports {
namespace fs = std::filesystem;
namespace {

struct Reader {
  Format format;
  const char* name;
  Found (*find)(const fs::path&);
  Told (*read)(const Source&, const Tell&);
};

// In the order in which they are asked whether a path is theirs.
constexpr std::array<Reader, 4> kReaders = {{{Format::tensorboard, "tensorboard", find_tensorboard, read_tensorboard},
                                             {Format::mlflow, "mlflow", find_mlflow, read_mlflow},
                                             {Format::wandb, "wandb", find_wandb, read_wandb},
                                             {Format::csv, "csv", find_csv, read_csv}}};

constexpr const char* kLookedFor =
    "looked for TensorBoard's *tfevents* files, MLflow's mlruns folder or database, *.wandb files of W&B and CSV files "
    "with a column step";

std::string intention_of(const fs::path& path) { return "import " + path.string(); }

Found find_all(const fs::path& path, Format format) {
  std::error_code code;
  const auto status = fs::status(path, code);
  if (code && code != std::errc::no_such_file_or_directory && code != std::errc::not_a_directory)
    throw Failure(ErrorKind::io, intention_of(path), code.message());
  if (!fs::exists(status))
    throw Failure(ErrorKind::invalid_input, intention_of(path), "there is nothing", "check the path");
  Found all;
  for (const Reader& reader : kReaders) {
    if (format != Format::automatic && format != reader.format) continue;
    Found found = reader.find(path);
    std::ranges::move(found.sources, std::back_inserter(all.sources));
    std::ranges::move(found.left_out, std::back_inserter(all.left_out));
  }
  if (all.sources.empty()) {
    const std::string why = all.left_out.empty() ? "no run was found there: " + std::string(kLookedFor)
                                                 : "no run is left: " + all.left_out.front();
    throw Failure(ErrorKind::invalid_input, intention_of(path), why, "name the folder or the file that holds them");
  }
  std::ranges::sort(all.sources, {},
                    [](const Source& source) { return std::tie(source.path, source.begin, source.part); });
  return all;
}

}  // namespace

const char* to_string(Format format) noexcept {
  for (const Reader& reader : kReaders)
    if (reader.format == format) return reader.name;
  return "auto";
}

Result<Format> format_named(std::string_view name) {
  if (name == "auto") return Format::automatic;
  for (const Reader& reader : kReaders)
    if (reader.name == name) return reader.format;
  return fail(ErrorKind::invalid_input, "import as " + std::string(name), "there is no such format",
              "choose auto, tensorboard, mlflow, wandb or csv");
}

Result<Found> find_sources(const fs::path& path, Format format) {
  return guarded(intention_of(path), [&] { return find_all(path, format); });
}

Result<Told> read_source(const Source& source, const Tell& tell) {
  return guarded(intention_of(source.path), [&] {
    for (const Reader& reader : kReaders)
      if (reader.format == source.format) return reader.read(source, tell);
    throw Failure(ErrorKind::internal, intention_of(source.path), "its format is not known");
  });
}

}  // namespace athanor::imports
