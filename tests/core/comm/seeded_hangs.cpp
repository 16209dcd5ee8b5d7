#include "tests/core/comm/seeded_hangs.h"

#include "core/base/files.h"
#include "core/comm/group.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace athanor::comm {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSteps = 12;

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

View view_of(std::vector<float>& numbers) {
  return {numbers.data(), DType::f32, Shape{static_cast<std::int64_t>(numbers.size())}};
}

[[noreturn]] void wait_for_ever() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

// What replicas do in a step, and what one of them does instead.
void take_step(Group& group, const SeededHang* hang) {
  Communicator& world = group.world();
  const auto is = [&](HangKind kind) { return hang != nullptr && hang->kind == kind; };
  std::vector<float> rows(64), all(64 * static_cast<std::size_t>(world.size())), gradients(10'000);
  group.board().enter_section("data");
  if (is(HangKind::loader)) wait_for_ever();
  group.board().enter_section("forward");
  world.all_gather(view_of(rows), view_of(all));
  group.board().enter_section("backward");
  if (is(HangKind::stopped)) ::raise(SIGSTOP);
  if (is(HangKind::missing)) wait_for_ever();
  if (is(HangKind::size)) gradients.resize(10'004);
  if (is(HangKind::order)) {
    std::vector<float> wrong(gradients.size() * static_cast<std::size_t>(world.size()));
    world.all_gather(view_of(gradients), view_of(wrong));
  }
  world.all_reduce(view_of(gradients));
}

// Writes when it failed, behind the deadline of the step that it was in, and what it says.
void run_rank(const fs::path& folder, const SeededHang& hang, int rank, std::chrono::milliseconds deadline) {
  const auto group =
      join_processes(folder / "group", hang.ranks, rank, {.timeout = std::chrono::seconds(30), .digest = {}});
  group->world().set_timeout(deadline);
  Clock::time_point begin;
  try {
    for (int step = 0; step < kSteps; ++step) {
      begin = Clock::now();
      take_step(*group, step == hang.step && rank == hang.rank ? &hang : nullptr);
    }
  } catch (const Failure& failure) {
    const double late = std::max(0.0, seconds(Clock::now() - begin - deadline));
    (void)write_file_atomically(folder / fmt::format("said-{}", rank),
                                fmt::format("{} {}: {}", late, failure.error().intention, failure.error().cause));
  }
}

void judge(const SeededHang& hang, Diagnosis& diagnosis) {
  const std::string& text = diagnosis.text;
  const auto has = [&](const std::string& part) { return text.find(part) != std::string::npos; };
  const auto cause = text.find(": rank ");
  diagnosis.names_rank =
      cause != std::string::npos && text.substr(cause + 7).starts_with(std::to_string(hang.rank) + " ");
  for (int other = 0; other < hang.ranks; ++other)
    if (other != hang.rank && has(fmt::format("rank {} ", other))) diagnosis.names_rank = false;
  diagnosis.names_operation = has(hang.kind == HangKind::loader ? "all_gather" : "all_reduce");
  switch (hang.kind) {
    case HangKind::missing: diagnosis.names_cause = has("has not come to") && has("in backward"); break;
    case HangKind::size: diagnosis.names_cause = has("40016 bytes") && has("40000 bytes"); break;
    case HangKind::order: diagnosis.names_cause = has("is in all_gather"); break;
    case HangKind::stopped: diagnosis.names_cause = has("has been stopped"); break;
    case HangKind::loader: diagnosis.names_cause = has("has not come to") && has("in data"); break;
  }
}

fs::path fresh_folder() {
  std::string name = "/dev/shm/athanor-hang-XXXXXX";
  const fs::path folder = ::mkdtemp(name.data());
  fs::create_directory(folder / "group");
  return folder;
}

}  // namespace

const char* to_string(HangKind kind) noexcept {
  switch (kind) {
    case HangKind::missing: return "missing rank";
    case HangKind::size: return "another size";
    case HangKind::order: return "another order";
    case HangKind::stopped: return "stopped";
    case HangKind::loader: return "dead loader";
  }
  return "?";
}

SeededHang hang_of(unsigned seed) {
  const auto draw = [seed](unsigned part, unsigned count) {
    return static_cast<int>((seed * 2654435761U + part * 40503U) / 977U % count);
  };
  SeededHang hang;
  hang.kind = static_cast<HangKind>(seed % 5);
  hang.ranks = 3 + draw(1, 3);
  hang.rank = draw(2, static_cast<unsigned>(hang.ranks));
  hang.step = draw(3, kSteps);
  return hang;
}

Diagnosis diagnose(const SeededHang& hang, std::chrono::milliseconds deadline) {
  const fs::path folder = fresh_folder();
  std::vector<pid_t> processes;
  for (int rank = 0; rank < hang.ranks; ++rank) {
    const pid_t child = ::fork();
    if (child == 0) {
      run_rank(folder, hang, rank, deadline);
      ::_exit(0);
    }
    processes.push_back(child);
  }
  for (int rank = 0; rank < hang.ranks; ++rank)
    if (rank != hang.rank) ::waitpid(processes[static_cast<std::size_t>(rank)], nullptr, 0);
  ::kill(processes[static_cast<std::size_t>(hang.rank)], SIGKILL);
  ::waitpid(processes[static_cast<std::size_t>(hang.rank)], nullptr, 0);

  Diagnosis out;
  for (int rank = 0; rank < hang.ranks; ++rank) {
    std::istringstream said(read_file(folder / fmt::format("said-{}", rank)).value_or(""));
    double late = 0;
    std::string text;
    if (rank == hang.rank || !(said >> late) || !std::getline(said >> std::ws, text)) continue;
    out.late_s = std::max(out.late_s, late);
    if (out.text.empty()) out.text = text;
  }
  judge(hang, out);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return out;
}

}  // namespace athanor::comm
