// Runs of other trackers, which a client has written as run directories.
#include "core/agent/supervisor.h"
#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/import/imported.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace athanor::agent {
namespace fs = std::filesystem;

Result<TakenIn> Supervisor::take_in(const std::string& folder) {
  const std::string intention = "take in the imported run in " + folder;
  const fs::path staged = places_.runs / folder;
  if (!folder.starts_with(kStagedFolder) || folder.find('/') != std::string::npos)
    return fail(ErrorKind::invalid_input, intention, "it is no folder of an import");
  const auto fresh = imports::read_imported(staged);
  if (!fresh || !is_safe_name(fresh->format))
    return fail(ErrorKind::invalid_input, intention, "it does not say where it comes from");
  const fs::path target = places_.runs / imports::folder_of(fresh->format, fresh->id);
  const auto known = writer_.run_in(target);
  if (!known) return tl::unexpected(known.error());
  const auto old = imports::read_imported(target);
  if (*known && old && old->digest == fresh->digest) {
    std::error_code ignored;
    fs::remove_all(staged, ignored);
    return TakenIn{TakenIn::What::unchanged, **known};
  }
  if (*known) {
    if (auto done = take_again(**known, staged, target); !done) return tl::unexpected(done.error());
    return TakenIn{TakenIn::What::changed, **known};
  }
  if (auto done = replace_folder(staged, target); !done) return tl::unexpected(done.error());
  const auto run = recognise(target);
  if (!run) return fail(ErrorKind::corrupt, intention, "it holds no journal that can be read");
  return import(*run).map([](store::RunId id) { return TakenIn{TakenIn::What::added, id}; });
}

// First the history forgets: were it to die in between, the next agent takes in what the folder holds then.
Result<void> Supervisor::take_again(store::RunId run, const fs::path& staged, const fs::path& folder) {
  if (!has_settled(run)) {
    return fail(ErrorKind::unavailable, fmt::format("import run {} again", run), "it is still being taken in",
                "try again in a moment");
  }
  forget(run, folder);
  if (auto done = writer_.forget(run); !done) return done;
  if (auto done = replace_folder(staged, folder); !done) return done;
  if (const auto described = describe(folder)) {
    if (auto done = writer_.describe(run, described->recipe_toml, described->steps, described->name); !done)
      return done;
  }
  const auto job = writer_.job(run);
  if (!job) return tl::unexpected(job.error());
  spdlog::info("Run {} is imported again from {}", run, folder.string());
  take_up(*job);
  tell(Change::What::runs, run);
  tell(Change::What::metrics, run);
  return {};
}

}  // namespace athanor::agent
