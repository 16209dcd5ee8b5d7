// What the readers of all formats have in common. Internal; everything here may throw Failure, which source.cpp turns
// into Errors.
#pragma once

#include "core/import/source.h"

namespace athanor::imports {

// Throws what telling says.
inline void tell_or_throw(const Tell& tell, std::int64_t time_ns, journal::Payload payload) {
  value_or_throw(tell(time_ns, std::move(payload)));
}

// Where the path holds no such store, nothing is found.
[[nodiscard]] Found find_tensorboard(const std::filesystem::path& path);
[[nodiscard]] Told read_tensorboard(const Source& source, const Tell& tell);
[[nodiscard]] Found find_mlflow(const std::filesystem::path& path);
[[nodiscard]] Told read_mlflow(const Source& source, const Tell& tell);
[[nodiscard]] Found find_wandb(const std::filesystem::path& path);
[[nodiscard]] Told read_wandb(const Source& source, const Tell& tell);
[[nodiscard]] Found find_csv(const std::filesystem::path& path);
[[nodiscard]] Told read_csv(const Source& source, const Tell& tell);

// MLflow has two kinds of stores.
[[nodiscard]] Found find_mlflow_database(const std::filesystem::path& file);
[[nodiscard]] Told read_mlflow_database(const Source& source, const Tell& tell);
// Sets what a tag of MLflow says: the name, the note, a tag of ours, or where the run comes from.
void take_mlflow_tag(Told& told, const std::string& key, const std::string& value);
// "FINISHED", or the number that folders have in its place.
void take_mlflow_status(Told& told, const std::string& status);

}  // namespace athanor::imports
