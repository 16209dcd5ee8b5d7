#include "core/agent/moved.h"

#include <algorithm>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

// Nobody has done anything with it since it was found.
bool is_journal_only(const store::Run& run, const std::vector<store::Run>& known) {
  if (store::is_live(run.status) || run.pinned || run.deleted_ns || !run.tags.empty() || !run.note.empty())
    return false;
  return std::ranges::none_of(known, [&run](const store::Run& other) { return other.parent == run.id; });
}

}  // namespace

Result<void> follow_moved_home(store::Writer& writer, std::vector<store::Run>& known, const fs::path& runs) {
  std::vector<store::RunId> gone;
  std::ranges::sort(known, {}, &store::Run::id);
  for (store::Run& run : known) {
    const fs::path here = runs / fs::path(run.directory).filename();
    std::error_code code;
    if (here == run.directory || fs::exists(run.directory, code) || !fs::exists(here, code)) continue;
    const auto twin = std::ranges::find(known, here.string(), &store::Run::directory);
    // Whatever was found later has a higher number.
    if (twin != known.end() && (run.id > twin->id || !is_journal_only(*twin, known))) continue;
    if (auto moved = writer.set_directory(run.id, here); !moved) return moved;
    if (twin != known.end()) {
      gone.push_back(twin->id);
      twin->directory.clear();
    }
    run.directory = here.string();
  }
  std::erase_if(known, [&gone](const store::Run& run) { return std::ranges::find(gone, run.id) != gone.end(); });
  return {};
}

}  // namespace athanor::agent
