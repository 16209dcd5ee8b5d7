// What the writer's own files share: its connection, and how a call becomes a transaction. Internal to the store.
#pragma once

#include "core/store/database.h"
#include "core/store/ingest.h"
#include "core/store/queue_rows.h"
#include "core/store/writer.h"

#include <string>
#include <type_traits>
#include <utility>

namespace athanor::store {

struct Writer::State {
  Connection connection;
  SeriesCache cache;
  std::uint64_t alert_version = 0;
  bool is_together = false;  // within the transaction of several calls

  // One transaction. After a failure the cache may say more than the store, so it is dropped.
  template <class F>
  auto transact(const char* intention, F&& work) -> Result<decltype(work())> {
    if (is_together) return guarded(intention, std::forward<F>(work));
    auto result = guarded(intention, [&]() -> decltype(work()) {
      SQLite::Transaction transaction(connection.database(), SQLite::TransactionBehavior::IMMEDIATE);
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        finish(transaction);
      } else {
        auto value = work();
        finish(transaction);
        return value;
      }
    });
    if (!result) {
      connection.reset();
      cache.clear();
      if (result.error().kind == ErrorKind::io) connection.fold();  // on a full disk the log may have all the room
    }
    return result;
  }

  // The same, flushed to the disk before it returns.
  template <class F>
  auto durably(const char* intention, F&& work) -> Result<decltype(work())> {
    if (is_together) return guarded(intention, std::forward<F>(work));
    auto on = guarded(intention, [&] { connection.database().exec("PRAGMA synchronous = FULL"); });
    if (!on) return tl::unexpected(on.error());
    auto result = transact(intention, std::forward<F>(work));
    guarded(intention, [&] { connection.database().exec("PRAGMA synchronous = NORMAL"); });
    return result;
  }

  // Without a transaction.
  template <class F>
  auto look(const char* intention, F&& work) -> Result<decltype(work())> {
    return guarded(intention, [&] {
      auto value = work();
      connection.reset();
      return value;
    });
  }

  // Runs a statement of a literal with these values.
  template <class... Values>
  void execute(const char* sql, const Values&... values) {
    auto& statement = connection.statement(sql);
    if constexpr (sizeof...(values) > 0) SQLite::bind(statement, values...);
    statement.exec();
  }

  RunId insert(const NewRun& run, std::optional<SweepId> sweep);
  std::int64_t next_queue_order();
  void to_front(RunId run, Launch launch);
  void update_status(RunId run, RunStatus status, const std::string& cause, std::int64_t ended_ns);
  void forget(RunId run);
  void remove(RunId run);

 private:
  void finish(SQLite::Transaction& transaction) {
    connection.reset();
    transaction.commit();
  }

  void insert_job(RunId id, const NewRun& run, std::optional<SweepId> sweep);
  void release_followers(RunId run);
};

[[nodiscard]] std::int64_t now_ns();

}  // namespace athanor::store
