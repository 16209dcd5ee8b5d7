// The tables of history.db and the steps from each version to the next. Internal to the store.
#pragma once

namespace SQLite {
class Database;
}

namespace athanor::store {

// Takes the store from version `from` to `to`, one transaction per step. Throws SQLite::Exception.
void migrate(SQLite::Database& database, int from, int to);

// Names each run's folder <anywhere>/runs/<name> as runs/<name>, as seen from the folder of the history. Where two rows
// would name the same one, those whose folder it was called before come first; the others stay as they are.
void name_folders_from_home(SQLite::Database& database);

}  // namespace athanor::store
