#include "core/agent/importing.h"

#include "core/agent/protocol.h"
#include "core/import/run_folder.h"

#include <fmt/format.h>

#include <atomic>
#include <system_error>
#include <unistd.h>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

constexpr auto kAskAgain = std::chrono::milliseconds(500);  // so that a wish to stop is heard

std::string staged_name() {
  static std::atomic<int> counter{0};
  return fmt::format("{}{}-{}", kStagedFolder, ::getpid(), ++counter);
}

Result<ImportedRun> import_one(Client& client, const fs::path& runs, const imports::Source& source,
                               const std::stop_token& stop) {
  const std::string name = staged_name();
  const auto remove = [&] {
    std::error_code ignored;
    fs::remove_all(runs / name, ignored);
  };
  auto facts = imports::write_run_folder(source, runs / name, stop);
  if (!facts) {
    remove();
    return tl::unexpected(facts.error());
  }
  const auto taken = client.take_in(name);
  remove();
  if (!taken) return tl::unexpected(taken.error());
  return ImportedRun{*taken, std::move(*facts)};
}

// Until the history has all of it. An agent that is still taking it in answers in between.
Result<void> wait_for(Client& client, store::RunId run, const std::stop_token& stop) {
  while (!client.wait(run, kAskAgain)) {
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, "import runs", "it was asked to stop");
    if (const auto alive = client.job(run); !alive) return tl::unexpected(alive.error());
  }
  return {};
}

bool ends_all(const Error& error) {
  return error.kind == ErrorKind::cancelled || error.kind == ErrorKind::communication;
}

}  // namespace

Result<ImportReport> import_runs(Client& client, const fs::path& home, const fs::path& path, imports::Format format,
                                 const std::function<void(const ImportedRun&)>& told, const std::stop_token& stop) {
  const Places places = places_of(fs::absolute(home).lexically_normal());
  auto found = imports::find_sources(path, format);
  if (!found) return tl::unexpected(found.error());
  ImportReport report;
  report.left_out = std::move(found->left_out);
  for (const imports::Source& source : found->sources) {
    auto run = import_one(client, places.runs, source, stop);
    if (!run && ends_all(run.error())) return tl::unexpected(run.error());
    if (!run) {
      report.failures.push_back(run.error());
      continue;
    }
    if (told) told(*run);
    report.runs.push_back(std::move(*run));
  }
  for (const ImportedRun& run : report.runs)
    if (auto read = wait_for(client, run.taken.run, stop); !read) return tl::unexpected(read.error());
  return report;
}

}  // namespace athanor::agent
