// A history in a folder of its own, and ways to feed it without journals.
#pragma once

#include "core/store/reader.h"
#include "core/store/writer.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace athanor::store {

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "athanor-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

class History {
 public:
  History() { open(); }

  void open() {
    reader.reset();
    writer.reset();
    writer = value_or_throw(Writer::open(file));
    reader = value_or_throw(Reader::open(file));
  }

  RunId add(const std::string& name, RunStatus status = RunStatus::running) {
    NewRun run;
    run.name = name;
    run.recipe_toml = "[run]\nname = \"" + name + "\"\n";
    run.created_ns = ++clock;
    run.status = status;
    run.launch = status == RunStatus::queued ? Launch::fresh : Launch::nothing;
    run.directory = scratch / "runs";
    run.id_in_directory = true;
    return value_or_throw(writer->add_run(run)).run;
  }

  // One stretch, with one event per microsecond.
  Result<Touched> feed(RunId run, std::vector<journal::Payload> payloads, int rank = 0) {
    std::vector<journal::Event> events;
    for (auto& payload : payloads) events.push_back({(++clock) * 1000, std::move(payload)});
    const std::int64_t from = value_or_throw(writer->offset(run, rank));
    return writer->ingest({run, rank, from, from + 100, kAnchor, events});
  }

  static constexpr std::int64_t kAnchor = 1'700'000'000'000'000'000;
  Scratch scratch;
  std::filesystem::path file = scratch / "history.db";
  std::unique_ptr<Writer> writer;
  std::unique_ptr<Reader> reader;
  std::int64_t clock = 0;
};

}  // namespace athanor::store
