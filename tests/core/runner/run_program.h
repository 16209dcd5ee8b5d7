// Runs athanor-run as its own process in a home of its own, and reads what it left behind.
#pragma once

#include "core/assembly/replay.h"
#include "core/journal/event.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace athanor::runner {

struct Outcome {
  int status = -1;  // exit status, or 128 + the signal that ended it
  std::string out, err;
};

// A home whose data sets are the prepared ones. One for all tests of the program and kept between
// them, so that the machine is measured once.
[[nodiscard]] const std::filesystem::path& shared_home();
// A home without anything.
[[nodiscard]] std::filesystem::path empty_home(const testing_support::TemporaryFolder& folder);
[[nodiscard]] bool has_data();

struct Launch {
  std::vector<std::string> arguments;
  std::filesystem::path home;              // empty: shared_home()
  std::string input;                       // standard input
  std::filesystem::path output;            // where standard output goes; empty: into Outcome::out
  std::int64_t file_size_limit = 0;        // bytes a file may grow to; 0: no limit
  std::function<void(int pid)> meanwhile;  // called once the process runs
};
[[nodiscard]] Outcome launch_program(const Launch& launch);
[[nodiscard]] Outcome run_program(std::vector<std::string> arguments);

// "train", the smoke recipe with a few steps, in `folder`, and what else is given.
[[nodiscard]] std::vector<std::string> train_arguments(const std::filesystem::path& folder,
                                                       const std::vector<std::string>& more = {});

[[nodiscard]] Replay read_run(const std::filesystem::path& folder);
[[nodiscard]] std::vector<journal::Payload> events_of(const std::filesystem::path& folder);
template <class Event>
[[nodiscard]] std::vector<Event> events_of_kind(const std::filesystem::path& folder) {
  std::vector<Event> out;
  for (const journal::Payload& payload : events_of(folder)) {
    if (const auto* event = std::get_if<Event>(&payload)) out.push_back(*event);
  }
  return out;
}
// Waits until the run has taken this many steps; false after half a minute.
[[nodiscard]] bool wait_for_step(const std::filesystem::path& folder, std::int64_t step);
[[nodiscard]] std::string bytes_of(const std::filesystem::path& file);

}  // namespace athanor::runner

#define ATH_NEEDS_DATA() \
  if (!athanor::runner::has_data()) GTEST_FAIL() << "prepare the data first: ./bootstrap test does"
