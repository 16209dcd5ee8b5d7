// The tables of history.db and the steps from each version to the next. Internal to the store.
#pragma once

namespace SQLite {
class Database;
}

namespace athanor::store {

class Connection;

// Takes the store from version `from` to `to`, one transaction per step. Throws SQLite::Exception and Failure.
void migrate(Connection& connection, int from, int to);

// Names each run's folder <anywhere>/runs/<name> as runs/<name>, as seen from the folder of the history. Where two rows
// would name the same one, those whose folder it was called before come first; the others stay as they are.
void name_folders_from_home(SQLite::Database& database);

}  // namespace athanor::store
