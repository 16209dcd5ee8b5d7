#include "core/agent/follower.h"

#include "core/journal/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kBatchBytes = 1 << 20;  // some 50 ms of work at most, so that requests are answered in between

std::vector<store::JournalDamage> damage_of(const journal::Batch& batch, int rank) {
  std::vector<store::JournalDamage> all;
  for (const auto& each : batch.damage) all.push_back({rank, each.offset, each.bytes, false, each.reason});
  for (const auto& each : batch.cut) all.push_back({rank, each.offset, each.bytes, true, each.reason});
  return all;
}

std::int64_t newest_of(const journal::Batch& batch) {
  std::int64_t newest = batch.events.empty() ? 0 : batch.events.back().time_ns;
  for (const journal::MetricRows& rows : batch.rows) newest = std::max(newest, rows.times_ns.back());
  return newest;
}

journal::Event alert_of(const journal::Damage& damage, const fs::path& file, std::int64_t time_ns) {
  journal::Alert alert;
  alert.rule = "journal";
  alert.text = fmt::format("{}: {} bytes from byte {} on are damaged ({}); the rest was kept", file.filename().string(),
                           damage.bytes, damage.offset, damage.reason);
  return {time_ns, std::move(alert)};
}

}  // namespace

fs::path Follower::journal(int rank) const { return directory_ / journal::file_name(rank); }

Result<std::int64_t> Follower::offset(store::Writer& writer, int rank) {
  if (const auto known = offsets_.find(rank); known != offsets_.end()) return known->second;
  auto stored = writer.offset(run_, rank);
  if (stored) offsets_[rank] = *stored;
  return stored;
}

bool Follower::is_behind(store::Writer& writer) {
  for (const int rank : journal::ranks_in(directory_)) {
    if (unread_.contains(rank)) continue;
    const auto taken = offset(writer, rank);
    if (!taken || journal::differs_from(journal(rank), *taken)) return true;
  }
  return false;
}

Result<Follower::Progress> Follower::step(store::Writer& writer, bool goes_on) {
  Progress progress;
  journal_is_unreadable_ = false;
  for (const int rank : journal::ranks_in(directory_)) {
    const auto read = read_rank(writer, rank, goes_on, progress);
    if (read) continue;
    if (rank == 0 || !journal_is_unreadable_) return tl::unexpected(read.error());
    journal_is_unreadable_ = false;
    if (unread_.insert(rank).second) progress.passed_over.push_back(read.error());
  }
  return progress;
}

Result<void> Follower::read_rank(store::Writer& writer, int rank, bool goes_on, Progress& progress) {
  const auto from = offset(writer, rank);
  if (!from) return tl::unexpected(from.error());
  auto batch = journal::read(journal(rank), *from, kBatchBytes, journal::MetricsAs::rows);
  if (!batch) {
    journal_is_unreadable_ = batch.error().kind != ErrorKind::corrupt;
    if (journal_is_unreadable_) return tl::unexpected(batch.error());
    offsets_.clear();
    alerting_.forget();
    progress.more = true;
    return writer.forget(run_);
  }
  unread_.erase(rank);
  if (rank == 0 && batch->writer_pid != 0) progress.writer_pid = batch->writer_pid;
  tails_[rank] = batch->torn_tail_bytes;
  if (batch->next_offset == *from) return {};
  const auto lost = damage_of(*batch, rank);
  const std::int64_t time_ns = newest_of(*batch);
  for (const auto& damage : batch->damage) batch->events.push_back(alert_of(damage, journal(rank), time_ns));
  store::Stretch stretch{
      run_, rank,         *from,      batch->next_offset, batch->anchor_wall_ns, {}, batch->writer_pid,
      lost, batch->clock, batch->rows};
  if (rank == 0) {
    const auto due = alerting_.look(writer, *batch, stretch, goes_on);
    if (!due) return tl::unexpected(due.error());
    progress.is_alert_due |= *due;
  }
  stretch.events = batch->events;
  const auto touched = writer.ingest(stretch);
  if (!touched) {
    offsets_.erase(rank);  // asked anew next time
    alerting_.forget();
    return tl::unexpected(touched.error());
  }
  offsets_[rank] = batch->next_offset;
  progress.touched.runs |= touched->runs;
  progress.touched.metrics |= touched->metrics;
  progress.touched.log |= touched->log;
  progress.touched.retrieval |= touched->retrieval;
  progress.touched.occurrences |= touched->occurrences;
  progress.touched.spans |= touched->spans;
  std::error_code code;
  const auto size = fs::file_size(journal(rank), code);
  const std::int64_t seen = batch->next_offset + batch->torn_tail_bytes + batch->room_bytes;
  progress.more |= !code && static_cast<std::int64_t>(size) > seen;
  return {};
}

Result<bool> Follower::note_tails(store::Writer& writer) {
  bool any = false;
  for (const auto& [rank, bytes] : tails_) {
    if (bytes == 0) continue;
    const store::JournalDamage tail{rank, offsets_[rank], bytes, true, "the end of an event that was never finished"};
    if (auto noted = writer.note_damage(run_, tail); !noted) return tl::unexpected(noted.error());
    any = true;
  }
  tails_.clear();
  return any;
}

}  // namespace athanor::agent
