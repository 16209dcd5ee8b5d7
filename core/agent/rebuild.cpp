#include "core/agent/rebuild.h"

#include "core/agent/follower.h"
#include "core/agent/launch.h"
#include "core/agent/lock.h"
#include "core/agent/process.h"
#include "core/agent/protocol.h"
#include "core/base/files.h"
#include "core/base/guarded.h"
#include "core/journal/reader.h"
#include "core/store/reader.h"
#include "core/store/writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <set>
#include <unistd.h>
#include <utility>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

constexpr const char* kKept = ".before-rebuild-";
constexpr const char* kOnlyCopy = "-only-copy";  // of what the new history could not take over: never removed

fs::path with(const fs::path& file, const char* suffix) { return file.string() + suffix; }

void remove_store(const fs::path& file) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;
    fs::remove(with(file, suffix), ignored);
  }
}

// A folder that cannot be looked into is no empty one: its runs are somewhere.
std::vector<store::NewRun> runs_found(const fs::path& folder, bool must_be_there) {
  std::vector<store::NewRun> found;
  std::error_code code;
  for (auto entry = fs::directory_iterator(folder, code); !code && entry != fs::directory_iterator();
       entry.increment(code)) {
    if (auto run = recognise(entry->path())) found.push_back(std::move(*run));
  }
  if (code && (must_be_there || code != std::errc::no_such_file_or_directory)) {
    throw Failure(ErrorKind::io, "look into the folder of the runs " + folder.string(), code.message(),
                  "mount or restore it; the history stays as it is until then");
  }
  sort_for_entry(found);
  return found;
}

class Rebuilding {
 public:
  explicit Rebuilding(const Places& places) : places_(places), fresh_(with(places.history, ".rebuilt")) {}

  Rebuilt run() {
    remove_store(fresh_);
    try {
      fill();
      replace();
    } catch (...) {
      remove_store(fresh_);
      throw;
    }
    forget_earlier_copies();
    value_or_throw(flush_folder(places_.home));
    return std::move(out_);
  }

 private:
  void fill() {
    const auto writer = value_or_throw(store::Writer::open(fresh_));
    take_over(*writer);
    std::map<store::RunId, store::Run> known;
    for (store::Run& run : value_or_throw(value_or_throw(store::Reader::open(fresh_))->runs()))
      known.emplace(run.id, std::move(run));
    const bool any_started = std::ranges::any_of(known, [](const auto& each) { return has_started(each.second); });
    const auto found = runs_found(places_.runs, any_started);
    for (const store::NewRun& run : found) known.erase(take_in(*writer, run, known));
    for (const store::NewRun& run : found) {
      if (const auto id = value_or_throw(writer->run_in(run.directory)))
        value_or_throw(note_parent(*writer, *id, run.directory));
    }
    for (const auto& [id, run] : known) leave_out_or_keep(*writer, run);
  }

  void take_over(store::Writer& writer) {
    std::error_code code;
    if (!fs::exists(places_.history, code)) return;
    auto copied = writer.copy_runs(places_.history);
    if (copied) {
      taken_in_before_ = std::move(*copied);
      return;
    }
    if (copied.error().kind != ErrorKind::corrupt && copied.error().kind != ErrorKind::internal)
      throw Failure(copied.error());
    out_.failures.push_back(
        "Numbers, names, tags, notes and the queue were not taken over, since the old history is "
        "damaged: " +
        copied.error().message());
  }

  store::RunId take_in(store::Writer& writer, const store::NewRun& run,
                       const std::map<store::RunId, store::Run>& known) {
    const auto row = value_or_throw(writer.run_in(run.directory));
    const store::RunId id = row ? *row : value_or_throw(writer.add_run(run)).run;
    ++out_.runs;
    const store::Job before = value_or_throw(writer.job(id));
    value_or_throw(writer.forget(id));
    Follower follower(id, run.directory);
    while (true) {
      const auto progress = follower.step(writer, false);
      if (!progress && !follower.journal_is_unreadable()) throw Failure(progress.error());
      if (!progress) out_.failures.push_back(fmt::format("Run {}: {}", id, progress.error().message()));
      if (!progress) break;
      for (const Error& error : progress->passed_over)
        out_.failures.push_back(fmt::format("Run {}: {}", id, error.message()));
      if (!progress->more) break;
    }
    const store::Job now = value_or_throw(writer.job(id));
    const bool goes_on = now.status == store::RunStatus::queued || journal::has_writer(follower.journal(0));
    if (!goes_on) value_or_throw(follower.note_tails(writer));
    // The wish to stop is in the history alone until the run says something of it.
    const bool was_asked = before.status == store::RunStatus::stopping && works_on(before.process, run.directory);
    if (goes_on && was_asked && store::is_live(now.status))
      value_or_throw(writer.set_status(id, store::RunStatus::stopping, ""));
    if (goes_on) return id;
    // An old history that had read as much knows more of how it ended than the journal and anything else that is left.
    const auto old = known.find(id);
    const bool had_read_all = taken_in_before_[id] >= value_or_throw(writer.offset(id, 0));
    if (old != known.end() && !store::is_live(old->second.status) && had_read_all) {
      value_or_throw(writer.set_status(id, old->second.status, old->second.cause, old->second.ended_ns));
    } else if (store::is_live(now.status)) {
      const Verdict ended = verdict(run.directory, {});
      value_or_throw(writer.set_status(id, ended.status, ended.cause, last_change_ns(follower.journal(0))));
    }
    return id;
  }

  static std::int64_t last_change_ns(const fs::path& file) {
    std::error_code code;
    const auto time = fs::last_write_time(file, code);
    if (code) return 0;
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::file_clock::to_sys(time).time_since_epoch())
        .count();
  }

  static bool has_started(const store::Run& run) {
    return run.status != store::RunStatus::queued && run.started_ns != 0;
  }

  // No journal of it was found: a run that never wrote one is what its row says, any other went with its folder.
  void leave_out_or_keep(store::Writer& writer, const store::Run& run) {
    const fs::path journal = fs::path(run.directory) / journal::file_name(0);
    std::error_code code;
    const bool is_there = fs::exists(journal, code);
    if (is_there) {
      const auto read = journal::read(journal, 0, 1);
      const std::string why = read ? "its journal is empty or damaged from the first byte on" : read.error().message();
      out_.failures.push_back(fmt::format("Run {}: {}", run.id, why));
    }
    if (is_there || !has_started(run)) {
      ++out_.runs;
      return;
    }
    value_or_throw(writer.remove(run.id));
    ++out_.left_out;
  }

  void replace() {
    std::error_code code;
    if (fs::exists(with(fresh_, "-wal"), code))
      throw Failure(ErrorKind::internal, "rebuild the history", "the new one could not be closed",
                    "please report this");
    if (fs::exists(places_.history, code)) keep_old();
    fs::rename(fresh_, places_.history, code);
    if (!code) return;
    const int reason = code.value();
    if (!out_.kept.empty()) {
      fs::rename(with(out_.kept, "-wal"), with(places_.history, "-wal"), code);
      fs::remove(out_.kept, code);
    }
    refuse_home(places_, reason);
  }

  // Under its new name before the new history takes its place, so that there is one at any time. A log that remains
  // beside it belongs to it and must not be found beside the new one.
  void keep_old() {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const fs::path kept = places_.history.string() +
                          fmt::format("{}{:%Y%m%dT%H%M%S}.{:03}", kKept, std::chrono::floor<std::chrono::seconds>(now),
                                      now.time_since_epoch().count() % 1000) +
                          (is_whole() ? "" : kOnlyCopy);
    store::fold_log(places_.history);
    std::error_code code;
    if (::link(places_.history.c_str(), kept.c_str()) != 0) {
      fs::copy_file(places_.history, kept, code);  // a file system without links
      if (code) refuse_home(places_, code.value());
    }
    if (fs::exists(with(places_.history, "-wal"), code)) {
      fs::rename(with(places_.history, "-wal"), with(kept, "-wal"), code);
      if (code) {
        std::error_code ignored;
        fs::remove(kept, ignored);  // without its log it is not the old history
        refuse_home(places_, code.value());
      }
    }
    fs::remove(with(places_.history, "-shm"), code);
    out_.kept = kept;
  }

  [[nodiscard]] bool is_whole() const { return out_.left_out == 0 && out_.failures.empty(); }

  // Only those of which nothing is missing in the new history.
  void forget_earlier_copies() const {
    if (out_.kept.empty() || !is_whole()) return;
    const auto now = ids_in(places_.history);
    if (!now) return;
    const std::string ours = out_.kept.filename().string();
    const std::string beginning = places_.history.filename().string() + kKept;
    std::vector<fs::path> copies;
    std::error_code code;
    for (auto entry = fs::directory_iterator(places_.home, code); !code && entry != fs::directory_iterator();
         entry.increment(code)) {
      const std::string name = entry->path().filename().string();
      const bool is_log = name.ends_with("-wal") || name.ends_with("-shm");
      if (name.starts_with(beginning) && !name.starts_with(ours) && !name.ends_with(kOnlyCopy) && !is_log)
        copies.push_back(entry->path());
    }
    for (const fs::path& copy : copies) {
      const auto then = ids_in(copy);
      if (then && std::ranges::includes(*now, *then)) remove_store(copy);
    }
  }

  // Nothing when it cannot be read.
  static std::optional<std::set<store::RunId>> ids_in(const fs::path& history) {
    const auto reader = store::Reader::open(history);
    if (!reader) return std::nullopt;
    const auto runs = (*reader)->runs();
    if (!runs) return std::nullopt;
    std::set<store::RunId> ids;
    for (const store::Run& run : *runs) ids.insert(run.id);
    return ids;
  }

  const Places& places_;
  fs::path fresh_;
  std::map<store::RunId, std::int64_t> taken_in_before_;  // bytes of its journal, by the old history
  Rebuilt out_;
};

}  // namespace

Result<Rebuilt> rebuild(const fs::path& home) {
  return guarded("rebuild the history", [&] {
    const Places places = places_of(home);
    const Descriptor lock = take_lock(places, "rebuild the history");
    return Rebuilding(places).run();
  });
}

}  // namespace athanor::agent
