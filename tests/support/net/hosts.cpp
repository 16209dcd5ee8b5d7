#include "tests/support/net/hosts.h"

#include "tests/support/temporary_folder.h"

#include <fmt/format.h>

#include <cstdio>
#include <fcntl.h>
#include <sched.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace athanor::testing_support {
namespace {

void enter_namespace(const std::string& name) {
  const int place = ::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (place < 0 || ::setns(place, CLONE_NEWNET) != 0) throw std::runtime_error("there is no namespace " + name);
  ::close(place);
}

void run_host(const std::string& prefix, const std::filesystem::path& folder, int ranks, int rank,
              const std::function<void(comm::Group&)>& work) {
  enter_namespace(fmt::format("{}-{}", prefix, rank + 1));
  std::vector<std::string> hosts;
  for (int host = 1; host <= ranks; ++host) hosts.push_back(std::to_string(host));
  const auto group = comm::join_hosts({folder, "eth0", ""}, folder, hosts, rank, {});
  work(*group);
}

}  // namespace

bool on_hosts(const std::string& prefix, int ranks, const std::function<void(comm::Group&)>& work) {
  const TemporaryFolder folder;
  std::vector<pid_t> children;
  for (int rank = 0; rank < ranks; ++rank) {
    const pid_t child = ::fork();
    if (child != 0) {
      children.push_back(child);
      continue;
    }
    int status = 0;
    try {
      run_host(prefix, folder.path(), ranks, rank, work);
    } catch (const std::exception& exception) {
      fmt::print(stderr, "rank {}: {}\n", rank, exception.what());
      status = 1;
    }
    std::fflush(stdout);
    ::_exit(status);
  }
  int worst = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    worst |= status;
  }
  return worst == 0;
}

}  // namespace athanor::testing_support
