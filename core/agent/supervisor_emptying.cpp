// Runs that are taken away for ever.
#include "core/agent/supervisor.h"
#include "core/base/files.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/inotify.h>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

constexpr const char* kEmptied = ".emptied-";  // folders of runs that are being taken away

// Also what an import has left that was killed.
bool is_leftover(const std::string& name) {
  if (name.starts_with(kEmptied)) return true;
  if (!name.starts_with(kStagedFolder)) return false;
  const auto process = static_cast<pid_t>(std::atoi(name.c_str() + std::strlen(kStagedFolder)));
  return process <= 0 || (::kill(process, 0) != 0 && errno == ESRCH);
}

tl::unexpected<Error> refuse(store::RunId run, std::string cause, std::string remedy) {
  return fail(ErrorKind::invalid_input, fmt::format("delete run {} for ever", run), std::move(cause),
              std::move(remedy));
}

}  // namespace

Result<std::int64_t> Supervisor::empty(store::RunId run) {
  const auto row = reader_.run(run);
  if (!row) return tl::unexpected(row.error());
  if (store::is_live(row->status) || !has_settled(run))
    return refuse(run, "it is still going", fmt::format("stop it first: athanor-agent stop {}", run));
  if (!row->deleted_ns) return refuse(run, "it is not among the deleted ones", "delete it first");
  const auto jobs = writer_.jobs();
  if (!jobs) return tl::unexpected(jobs.error());
  for (const store::Job& job : *jobs) {
    if (job.parent == run && (job.status == store::RunStatus::queued || job.status == store::RunStatus::starting))
      return refuse(run, fmt::format("run {} is about to begin from it", job.run), "wait until that has begun");
  }
  return take_away(*row);
}

// The folder first, and in one step to a name under which no run is found: were the row the first to go, an agent that
// died in between would leave a folder that the next one takes for a new run.
Result<std::int64_t> Supervisor::take_away(const store::Run& row) {
  const fs::path folder = row.directory;
  const fs::path aside = places_.runs / fmt::format("{}{}", kEmptied, row.id);
  const bool is_ours = folder.parent_path() == places_.runs;  // what lies elsewhere is not the agent's to remove
  const std::int64_t bytes = is_ours ? folder_bytes(folder) : 0;
  std::error_code code;
  if (is_ours) fs::rename(folder, aside, code);
  if (code && code != std::errc::no_such_file_or_directory)
    return tl::unexpected(write_refusal("remove the folder " + folder.string(), code.value()));
  if (auto removed = writer_.remove(row.id); !removed) {
    fs::rename(aside, folder, code);
    return tl::unexpected(removed.error());
  }
  forget(row.id, folder);
  fs::remove_all(aside, code);
  if (code) spdlog::warn("{} is removed at the next start: {}", aside.string(), code.message());
  spdlog::info("Run {} is deleted for ever", row.id);
  tell(Change::What::runs, row.id);
  return bytes;
}

void Supervisor::forget(store::RunId run, const fs::path& directory) {
  watches_.erase(run);
  awake_.erase(run);
  run_in_.erase(directory);
  std::erase_if(directories_, [&](const auto& watched) {
    if (watched.second != directory) return false;
    ::inotify_rm_watch(inotify_.get(), watched.first);
    return true;
  });
}

void Supervisor::remove_leftovers() const {
  std::vector<fs::path> leftovers;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(places_.runs, code))
    if (is_leftover(entry.path().filename().string())) leftovers.push_back(entry.path());
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, code);
}

}  // namespace athanor::agent
