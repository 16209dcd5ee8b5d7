#include "core/ranks/meeting_place.h"

#include "core/base/files.h"
#include "core/comm/group.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <unistd.h>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "athanor-ranks-";

fs::path notice_file(const fs::path& group) { return group / "notice.json"; }

std::string text_of(const GroupNotice& notice) {
  return nlohmann::json{
      {"members", notice.members},    {"ranks_before", notice.ranks_before}, {"lost", notice.lost},
      {"cause", notice.cause},        {"last_sign_ns", notice.last_sign_ns}, {"noticed_ns", notice.noticed_ns},
      {"opened_ns", notice.opened_ns}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// What runs that were killed have left.
void sweep(const fs::path& parent) {
  std::error_code ignored;
  std::vector<fs::path> left;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t owner = 0;
    if (!name.starts_with(kPrefix)) continue;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), owner);
    if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH) left.push_back(entry.path());
  }
  for (const fs::path& folder : left) fs::remove_all(folder, ignored);
}

}  // namespace

int GroupNotice::place_of(int rank) const noexcept {
  const auto found = std::ranges::find(members, rank);
  return found == members.end() ? -1 : static_cast<int>(found - members.begin());
}

fs::path group_folder(const fs::path& meeting, int epoch) { return meeting / fmt::format("e{}", epoch); }
fs::path over_file(const fs::path& meeting) { return meeting / "over"; }
fs::path reached_file(const fs::path& meeting) { return meeting / "reached"; }
fs::path cut_file(const fs::path& meeting) { return meeting / "cut"; }
fs::path asked_file(const fs::path& meeting, int rank) { return meeting / ("asked-" + std::to_string(rank)); }
fs::path left_file(const fs::path& meeting, int epoch, int rank) {
  return meeting / fmt::format("left-e{}-{}", epoch, rank);
}

std::int64_t steady_now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

Result<GroupNotice> read_notice(const fs::path& meeting, int epoch) {
  const fs::path file = notice_file(group_folder(meeting, epoch));
  const auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  try {
    const auto json = nlohmann::json::parse(*text);
    return GroupNotice{json.at("members"),      json.at("ranks_before"), json.at("lost"),     json.at("cause"),
                       json.at("last_sign_ns"), json.at("noticed_ns"),   json.at("opened_ns")};
  } catch (const nlohmann::json::exception& refusal) {
    return fail(ErrorKind::corrupt, "read " + file.string(), refusal.what(), "start the run again with --resume");
  }
}

MeetingPlace::MeetingPlace() {
  const fs::path parent = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
  sweep(parent);
  std::string name = parent / fmt::format("{}{}-XXXXXX", kPrefix, ::getpid());
  if (::mkdtemp(name.data()) == nullptr)
    throw Failure(ErrorKind::unavailable, "make a place for the ranks to meet", std::strerror(errno),
                  "Free some memory and try again");
  folder_ = name;
}

MeetingPlace::~MeetingPlace() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::unique_ptr<comm::Board> MeetingPlace::open(int epoch, const GroupNotice& notice) const {
  const fs::path unfinished = folder_ / fmt::format("new-e{}", epoch);
  fs::create_directory(unfinished);
  value_or_throw(write_file_atomically(notice_file(unfinished), text_of(notice)));
  auto board = comm::watch_processes(unfinished, static_cast<int>(notice.members.size()));
  fs::rename(unfinished, group_folder(folder_, epoch));
  return board;
}

void MeetingPlace::close(const std::string& why) const { (void)write_file_atomically(over_file(folder_), why); }

bool MeetingPlace::has_left(int epoch, int rank) const {
  std::error_code ignored;
  return fs::exists(left_file(folder_, epoch, rank), ignored);
}

std::string MeetingPlace::reached() const { return read_file(reached_file(folder_)).value_or(""); }

}  // namespace athanor::runner
