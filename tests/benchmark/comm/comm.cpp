// All-reduce of f32 through shared memory against Gloo's over TCP, between processes of one host that take turns in one
// run. Gloo has what it needs to be quick: a loopback interface of its own with an MTU of 1500, its thread under
// SCHED_BATCH (tests/benchmark/README.md says why), the better of its two algorithms at each size.
//   comm [--ranks 2] [--rounds 7]
#include "core/comm/group.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <gloo/allreduce.h>
#include <gloo/math.h>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/file_store.h>
#include <gloo/transport/tcp/device.h>
#include <net/if.h>
#include <random>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace athanor;

bool own_loopback() {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  const int control = ::socket(AF_INET, SOCK_DGRAM, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_mtu = 1500;
  bool good = ::ioctl(control, SIOCSIFMTU, &request) == 0;
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  good = good && ::ioctl(control, SIOCSIFFLAGS, &request) == 0;
  ::close(control);
  return good;
}

class Gloo {
 public:
  Gloo(const std::string& folder, int ranks, int rank) {
    gloo::transport::tcp::attr attributes;
    attributes.hostname = "127.0.0.1";
    sched_param parameters{};
    ::sched_setscheduler(0, SCHED_BATCH, &parameters);
    device_ = gloo::transport::tcp::CreateDevice(attributes);
    ::sched_setscheduler(0, SCHED_OTHER, &parameters);
    gloo::rendezvous::FileStore store(folder);
    context_ = std::make_shared<gloo::rendezvous::Context>(rank, ranks);
    context_->connectFullMesh(store, device_);
  }
  void all_reduce(std::vector<float>& data, gloo::AllreduceOptions::Algorithm algorithm) {
    gloo::AllreduceOptions options(context_);
    options.setOutput(data.data(), data.size());
    options.setAlgorithm(algorithm);
    options.setTag(++tag_);
    void (*add)(void*, const void*, const void*, std::size_t) = &gloo::sum<float>;
    options.setReduceFunction(add);
    gloo::allreduce(options);
  }

 private:
  std::shared_ptr<gloo::transport::Device> device_;
  std::shared_ptr<gloo::rendezvous::Context> context_;
  std::uint32_t tag_ = 0;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Microseconds a call; the slowest rank counts, for all begin together.
template <class Call>
double timed(comm::Communicator& world, int calls, Call&& call) {
  world.barrier();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) call();
  double mine = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count() / calls;
  world.all_reduce(View(&mine, DType::f64, Shape{1}), comm::Reduce::max);
  return mine;
}

void measure(const std::string& folder, int ranks, int rank, int rounds) {
  const auto group = comm::join_processes(folder, ranks, rank, {});
  comm::Communicator& world = group->world();
  Gloo gloo(folder + "/gloo", ranks, rank);
  using Algorithm = gloo::AllreduceOptions::Algorithm;
  if (rank == 0) {
    fmt::print(
        "all_reduce, {} processes: microseconds a call, median of {} rounds in turns\n{:>10} {:>10} {:>10} {:>10} "
        "{:>7}\n",
        ranks, rounds, "bytes", "ours", "gloo ring", "gloo bcube", "ratio");
  }
  for (const std::size_t bytes :
       {1UL << 10, 4UL << 10, 16UL << 10, 64UL << 10, 256UL << 10, 1UL << 20, 4UL << 20, 16UL << 20, 64UL << 20}) {
    std::vector<float> data(bytes / sizeof(float));
    std::mt19937 random(static_cast<unsigned>(rank));
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (float& each : data) each = uniform(random);
    const auto fresh = data;
    const int calls = bytes <= 64 << 10 ? 200 : bytes <= 1 << 20 ? 30 : 3;
    std::vector<double> ours, ring, bcube;
    for (int round = 0; round <= rounds; ++round) {
      data = fresh;
      const double a = timed(world, calls, [&] {
        world.all_reduce(View(data.data(), DType::f32, Shape{static_cast<std::int64_t>(data.size())}));
      });
      data = fresh;
      const double b = timed(world, calls, [&] { gloo.all_reduce(data, Algorithm::RING); });
      data = fresh;
      const double c = timed(world, calls, [&] { gloo.all_reduce(data, Algorithm::BCUBE); });
      if (round == 0) continue;  // warm-up
      ours.push_back(a);
      ring.push_back(b);
      bcube.push_back(c);
    }
    if (rank == 0) {
      fmt::print("{:>10} {:>10.1f} {:>10.1f} {:>10.1f} {:>7.2f}\n", bytes, median(ours), median(ring), median(bcube),
                 std::min(median(ring), median(bcube)) / median(ours));
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  int ranks = 2;
  int rounds = 7;
  CLI::App app("All-reduce through shared memory against Gloo");
  app.add_option("--ranks", ranks)->check(CLI::Range(2, 16));
  app.add_option("--rounds", rounds)->check(CLI::Range(5, 101));
  CLI11_PARSE(app, argc, argv);
  if (!own_loopback()) {
    fmt::print("nothing was measured: a network namespace needs root\n");
    return 0;
  }
  std::string folder = "/dev/shm/athanor-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  std::filesystem::create_directory(folder + "/gloo");
  std::vector<pid_t> children;
  for (int rank = 0; rank < ranks; ++rank) {
    const pid_t pid = ::fork();
    if (pid != 0) {
      children.push_back(pid);
      continue;
    }
    try {
      measure(folder, ranks, rank, rounds);
    } catch (const std::exception& exception) {
      fmt::print(stderr, "rank {}: {}\n", rank, exception.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  int worst = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    worst |= status;
  }
  std::filesystem::remove_all(folder);
  return worst == 0 ? 0 : 1;
}
