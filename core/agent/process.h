// Processes of runs: started so that they outlive the agent, told apart from later ones with the same number, watched
// without being their parent.
#pragma once

#include "core/agent/descriptor.h"
#include "core/base/result.h"
#include "core/store/writer.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace athanor::agent {

// The living process with this number; nothing when there is none.
[[nodiscard]] std::optional<store::Process> identify(std::int64_t pid);
// Whether exactly this process still lives (a zombie does not).
[[nodiscard]] bool is_alive(const store::Process& process);
// The process that has started this one as a part of its own work, and lives: that of the same program. Otherwise this
// one itself.
[[nodiscard]] store::Process starter_of(const store::Process& process);
// Those that it has started and that live.
[[nodiscard]] std::vector<std::int64_t> started_by(std::int64_t pid);
// Whether a process has the file open.
[[nodiscard]] bool has_open(std::int64_t pid, const std::filesystem::path& file);
// Whether it lives and works on the run of this folder, or is still to become the program that does: the history of a
// copied home names the processes of the other one.
[[nodiscard]] bool works_on(const store::Process& process, const std::filesystem::path& run);
// Readable once the process has ended; nothing where the system cannot say so or it has ended already.
[[nodiscard]] Descriptor watch_end(const store::Process& process);

// How a child ended.
struct Ending {
  bool known = false;  // false: it was not our child
  int status = 0;      // exit status
  int signal = 0;      // or the signal that ended it
};
// Collects an ended child; `known` is false for others and for children that go on.
[[nodiscard]] Ending collect(std::int64_t pid);

// What of the machine a child may use.
struct Surroundings {
  int cores = 0;  // at most; 0: those that this process may use
  std::optional<std::vector<std::string>>
      devices;  // GPUs, as CUDA_VISIBLE_DEVICES names them; nothing: as this process
};

// A child in a session of its own that waits for the word before it becomes the program. If the word never comes, since
// this process died, it ends without having done anything.
class Waiting {
 public:
  // stdin is empty, stdout and stderr are appended to `log`. Errors: io.
  static Result<Waiting> spawn(const std::vector<std::string>& arguments, const std::filesystem::path& log,
                               const Surroundings& surroundings = {});
  Waiting(Waiting&&) = default;
  Waiting& operator=(Waiting&&) = delete;
  ~Waiting();
  [[nodiscard]] const store::Process& process() const { return process_; }
  // The word. An Error when the program cannot be run; the child is gone then.
  Result<void> go();

 private:
  Waiting() = default;
  store::Process process_;
  std::string program_;
  Descriptor word_;     // written to once
  Descriptor refusal_;  // errno of exec, or nothing when it went well
};

// The program of this name beside the one that runs now, or in ../bin of it.
[[nodiscard]] std::filesystem::path sibling_program(const std::string& name);

}  // namespace athanor::agent
