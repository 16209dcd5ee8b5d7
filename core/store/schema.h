// The tables of history.db and the steps from each version to the next. Internal to the store.
#pragma once

namespace SQLite {
class Database;
}

namespace athanor::store {

// Takes the store from version `from` to `to`, one transaction per step. Throws SQLite::Exception.
void migrate(SQLite::Database& database, int from, int to);

}  // namespace athanor::store
