// The agent as a program: its command line, its socket, and what it refuses.
#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "core/store/writer.h"
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <random>
#include <sched.h>
#include <sstream>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace athanor::agent {
namespace {

namespace fs = std::filesystem;
using store::RunStatus;
using testing::HasSubstr;

int lines_of(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

TEST(Program, ServesDetachedAndDoesWhatItsCommandsSay) {
  Home home;
  EXPECT_EQ(home.call({}).status, 0);
  std::ofstream(home.root / "recipe.toml") << Home::recipe(20, "pace=1", "from-file");
  const auto queued = home.call({"enqueue", (home.root / "recipe.toml").string(), "--json"});
  EXPECT_EQ(nlohmann::json::parse(queued.text), nlohmann::json::parse(R"({"run":1})"));
  const auto waited = home.call({"wait", "from-file", "--json"});
  EXPECT_EQ(waited.status, 0);
  EXPECT_EQ(nlohmann::json::parse(waited.text).at("status"), "finished");
  EXPECT_EQ(nlohmann::json::parse(home.call({"list", "--json"}).text).at("runs").size(), 1U);
  EXPECT_THAT(home.call({"list"}).text, HasSubstr("from-file"));
  const auto stopped = home.call({"stop", "1"});
  EXPECT_EQ(stopped.status, 2);
  EXPECT_THAT(stopped.text, HasSubstr("ended already"));
  EXPECT_THAT(home.call({"stop", "nothing"}).text, HasSubstr("there is none"));
  EXPECT_EQ(home.call({"enqueue", "/no/such/file"}).status, 2);
  EXPECT_EQ(home.call({"frobnicate"}).status, 2);
  EXPECT_EQ(home.call({"quit"}).status, 0);
  const auto again = home.call({"quit"});
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(again.text, "No agent is running\n");
  EXPECT_EQ(home.call({"rebuild"}).status, 0);  // at once: the agent is gone when quit returns
  EXPECT_THAT(home.call({"--version"}).text, testing::MatchesRegex("athanor-agent [0-9.]+\n"));
}

TEST(Program, FailsWhenItsAnswerCannotBeWrittenAndSaysWhatIsDone) {
  Home home;
  const auto said_into_nothing = [&](const std::vector<std::string>& arguments) {
    const pid_t pid = home.spawn("athanor-agent", arguments, "/dev/full", Home::Streams::only_stdout);
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  std::ofstream(home.root / "recipe.toml") << Home::recipe(5, "pace=1");
  const std::string recipe = (home.root / "recipe.toml").string();
  testing::internal::CaptureStderr();
  EXPECT_EQ(said_into_nothing({"enqueue", recipe}), 1);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("Could not write the result"));
  EXPECT_THAT(said, HasSubstr("Run 1 is queued all the same"));
  for (const std::vector<std::string>& each : {std::vector<std::string>{"list"},
                                               {"list", "--json"},
                                               {"show", "1"},
                                               {"wait", "1"},
                                               {"stop", "9", "--json"},
                                               {"quit", "--json"},
                                               {"--help"},
                                               {"--version"}}) {
    EXPECT_EQ(said_into_nothing(each), 1) << each[0];
  }
}

TEST(Program, SaysWhichWordItDoesNotKnow) {
  Home home;
  const auto said = home.call({"follow"});
  EXPECT_EQ(said.status, 2);
  EXPECT_THAT(said.text, HasSubstr("there is no command follow"));
  EXPECT_THAT(said.text, HasSubstr("athanor-agent --help"));
}

TEST(Program, NamesTheFileOfARecipeWithFaults) {
  Home home;
  const auto file = (home.root / "bad.toml").string();
  std::ofstream(file) << "[train]\nsteps = \"many\"\nlearning_rat = 1\n";
  const auto refused = home.call({"enqueue", file});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.text, HasSubstr(file + ":2: train.steps"));
  EXPECT_THAT(refused.text, HasSubstr(file + ":3: train.learning_rat"));
  EXPECT_FALSE(Client::connect(home.path, false));  // no agent is started for it
}

TEST(Program, RefusesToQueueWhatAthanorRunRefusesAndSaysTheSame) {
  Home home("home", ATH_BINARY_DIR "/bin/athanor-run");
  const auto file = (home.root / "elsewhere.toml").string();
  std::ofstream(file) << "[data]\ndataset = \"unheard\"\n";
  const auto refused = home.call({"enqueue", file});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.text, testing::StartsWith(file + ":2: data.dataset: there is none"));
  EXPECT_EQ(refused.text, home.call({"plan", file}, "athanor-run").text);
  EXPECT_FALSE(fs::exists(home.path / "history.db"));
  const auto as_json = home.call({"enqueue", file, "--json"}, "athanor-agent", Home::Streams::only_stdout);
  const auto said = nlohmann::json::parse(as_json.text);
  EXPECT_EQ(said.at("faults").at(0).at("field"), "data.dataset");
  EXPECT_EQ(said.at("faults").at(0).at("line"), 2);
}

TEST(Program, ListsWithHeadsAndShortCauses) {
  Home home;
  home.start_agent();
  const auto run = home.enqueue(20, "pace=1 end=exit1");
  EXPECT_EQ(home.wait(run).status, RunStatus::failed);
  const std::string cause = home.run(run).cause;
  home.kill_agent();
  std::string longer = cause;
  while (longer.size() < 200) longer += " and so on – und so weiter";
  value_or_throw(
      value_or_throw(store::Writer::open(home.path / "history.db"))->set_status(run, RunStatus::failed, longer));
  const std::string listed = home.call({"list"}).text;
  EXPECT_THAT(listed, testing::StartsWith("  run  status "));
  EXPECT_EQ(lines_of(listed), 2);
  EXPECT_THAT(listed, HasSubstr(cause.substr(0, 20)));
  EXPECT_THAT(listed, testing::EndsWith("…\n"));
  EXPECT_LT(listed.size(), 260U);
  EXPECT_THAT(home.call({"show", "1"}).text, HasSubstr(longer));
}

TEST(Program, SaysEverythingAsOneObjectWhenAskedForJson) {
  Home home;
  // Its words on stdout alone.
  const auto say = [&](std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const auto said = home.call(arguments, "athanor-agent", Home::Streams::only_stdout);
    return std::pair(said.status, nlohmann::json::parse(said.text));
  };
  std::ofstream(home.root / "recipe.toml") << Home::recipe(100000, "pace=2");
  std::ofstream(home.root / "bad.toml") << "[train]\nsteps = \"many\"\n";
  EXPECT_EQ(say({"enqueue", (home.root / "recipe.toml").string()}).second.at("run"), 1);
  ASSERT_TRUE(home.until_step(1, 1));
  const auto rebuilt = say({"rebuild"});
  EXPECT_EQ(rebuilt.first, 3);
  EXPECT_THAT(rebuilt.second.at("error").at("remedy").get<std::string>(), HasSubstr("athanor-agent quit"));
  const pid_t rank = home.rank_of(1);
  ASSERT_GT(rank, 0);
  ::kill(rank, SIGSTOP);  // it cannot have ended before the answer is made
  EXPECT_EQ(say({"stop", "1"}).second.at("status"), "stopping");
  ::kill(rank, SIGCONT);
  EXPECT_EQ(say({"wait", "1"}).first, 130);
  EXPECT_EQ(say({"resume", "1"}).second.at("id"), 1);
  EXPECT_EQ(say({"show", "1"}).second.at("damage"), nlohmann::json::array());
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"stop", "9"},
                                                {"resume", "nothing"},
                                                {"show", "9"},
                                                {"wait", "9"},
                                                {"frobnicate"},
                                                {"enqueue"},
                                                {"enqueue", "/no/such/file"},
                                                {"enqueue", (home.root / "bad.toml").string()}}) {
    const auto refused = say(wrong);
    EXPECT_EQ(refused.first, 2) << wrong[0];
    EXPECT_EQ(refused.second.at("error").at("kind"), "invalid_input") << wrong[0];
  }
  EXPECT_EQ(say({"quit"}).second.at("was_running"), true);
  EXPECT_EQ(say({"quit"}).second.at("was_running"), false);
  const auto refused = [&] {
    std::filesystem::remove(home.path / "agent/lock");
    std::filesystem::create_directories(home.path / "agent/lock");
    return say({"list"});
  }();
  EXPECT_EQ(refused.first, 1);
  EXPECT_THAT(refused.second.at("error").at("intention").get<std::string>(), HasSubstr(home.path.string()));
}

// As an agent of another version does: it has the lock, listens, and greets otherwise.
[[noreturn]] void serve_otherwise(const Places& places, const std::string& greeting, bool with_lock) {
  if (with_lock) {
    const int lock = ::open(places.lock.c_str(), O_RDWR | O_CREAT, 0600);
    if (::flock(lock, LOCK_EX) != 0) ::_exit(1);
  }
  const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  places.socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ::_exit(1);
  if (::listen(server, 4) != 0) ::_exit(1);
  while (true) {
    const int client = ::accept(server, nullptr, nullptr);
    (void)::send(client, greeting.data(), greeting.size(), MSG_NOSIGNAL);
  }
}

TEST(Program, QuitsAnAgentOfAnotherVersionAndRefusesWhatItCannotEnd) {
  for (const bool with_lock : {true, false}) {
    Home home;
    const Places places = places_of(home.path);
    fs::create_directories(places.folder);
    const pid_t other = ::fork();
    if (other == 0)
      serve_otherwise(places, fmt::format("{{\"athanor_agent\":77,\"pid\":{}}}\n", ::getpid()), with_lock);
    ASSERT_TRUE(Home::until([&] { return fs::exists(places.socket); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // bound, and listening
    std::thread reaper([other] { ::waitpid(other, nullptr, 0); });
    const auto quit = home.call({"quit"});
    EXPECT_EQ(quit.status, with_lock ? 0 : 3) << quit.text;
    EXPECT_EQ(quit.text.find("No agent is running"), std::string::npos);
    if (with_lock) {
      EXPECT_TRUE(Home::until([&] { return ::kill(other, 0) != 0; }));  // ended, and collected by the thread above
    } else {
      EXPECT_EQ(::kill(other, 0), 0);
    }
    ::kill(other, SIGKILL);
    reaper.join();
  }
}

TEST(Program, KeepsItsSocketToItsUser) {
  Home home;
  home.start_agent();
  const Places places = places_of(home.path);
  struct stat info {};
  ASSERT_EQ(::stat(places.socket.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(places.socket.parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST(Program, ServesAHomeWhosePathIsTooLongForASocket) {
  Home home(std::string(140, 'x'));
  home.start_agent();
  EXPECT_EQ(home.wait(home.enqueue(10, "pace=1")).status, RunStatus::finished);
  fs::remove_all(places_of(home.path).socket.parent_path());
}

TEST(Program, RefusesToBeTheSecondForAHomeInOneSentence) {
  Home home;
  home.start_agent();
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--foreground"}, std::vector<std::string>{}}) {
    const auto second = home.call(arguments);
    EXPECT_EQ(second.status, 3);
    EXPECT_THAT(second.text, HasSubstr(std::to_string(home.agent_pid)));
    EXPECT_THAT(second.text, HasSubstr("athanor-agent quit"));
    EXPECT_EQ(lines_of(second.text), 1);
  }
  EXPECT_TRUE(home.client->list());
}

TEST(Program, RefusesAHistoryOfANewerVersion) {
  Home home;
  home.start_agent();
  value_or_throw(home.client->shut_down_agent());
  ::waitpid(home.agent_pid, nullptr, 0);
  home.agent_pid = 0;
  std::fstream file(home.path / "history.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(63);  // the last byte of user_version in SQLite's file header
  file.put(77);
  file.close();
  const auto refused = home.call({});
  EXPECT_EQ(refused.status, 3);
  EXPECT_THAT(refused.text, HasSubstr("newer Athanor"));
  EXPECT_EQ(lines_of(refused.text), 1);
}

TEST(Program, IsStartedByAClientThatFindsNone) {
  Home home;
  EXPECT_FALSE(Client::connect(home.path, false));
  home.client = value_or_throw(Client::connect(home.path, true));
  EXPECT_TRUE(value_or_throw(home.client->list()).empty());
  value_or_throw(home.client->shut_down_agent());
  EXPECT_TRUE(Home::until([&] { return !Client::connect(home.path, false); }));
}

// File systems of this test's own; false where that is not allowed.
bool own_mounts() {
  static const bool allowed =
      ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return allowed;
}

struct Mounted {
  Mounted(fs::path where, const char* options) : path(std::move(where)) {
    fs::create_directories(path);
    good = ::mount("tmpfs", path.c_str(), "tmpfs", 0, options) == 0;
  }
  ~Mounted() { ::umount2(path.c_str(), MNT_DETACH); }
  fs::path path;
  bool good = false;
};

TEST(Disk, ThatIsReadOnlyIsRefusedInOneSentenceAndItsHistoryCanStillBeRead) {
  if (!own_mounts()) GTEST_SKIP() << "mounting needs root";
  Home home;
  const Mounted mounted(home.path, "size=16m");
  ASSERT_TRUE(mounted.good);
  home.start_agent();
  EXPECT_EQ(home.wait(home.enqueue(20, "pace=1")).status, RunStatus::finished);
  value_or_throw(home.client->shut_down_agent());
  ::waitpid(home.agent_pid, nullptr, 0);
  home.agent_pid = 0;
  ASSERT_EQ(::mount("none", home.path.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{}, std::vector<std::string>{"list"}}) {
    const auto refused = home.call(arguments);
    EXPECT_NE(refused.status, 0);
    EXPECT_THAT(refused.text, HasSubstr("ATHANOR_HOME"));
    EXPECT_EQ(lines_of(refused.text), 1) << refused.text;
  }
  EXPECT_EQ(home.steps_of(1).size(), 20U);
  ASSERT_EQ(::mount("none", home.path.c_str(), nullptr, MS_REMOUNT, nullptr), 0);
}

TEST(Disk, ThatIsFullFailsTheRunHonestlyAndLeavesTheHistoryWhole) {
  if (!own_mounts()) GTEST_SKIP() << "mounting needs root";
  Home home;
  const Mounted mounted(home.path, "size=4m");
  ASSERT_TRUE(mounted.good);
  home.start_agent();
  const auto id = home.enqueue(100000, "pace=1");
  ASSERT_TRUE(home.until_step(id, 50));
  {
    std::ofstream filler(home.path / "filler", std::ios::binary);
    while (filler.write(std::string(4096, 'x').data(), 4096) && filler.flush()) {
    }
  }
  ASSERT_TRUE(Home::until([&] { return home.rank_of(id) == 0; }));
  EXPECT_TRUE(home.client->list());
  const auto acknowledged = home.acknowledged(id);
  fs::remove(home.path / "filler");
  const auto failed = home.wait(id);
  EXPECT_EQ(failed.status, RunStatus::failed);
  EXPECT_THAT(failed.cause, HasSubstr("No space left on device"));
  const auto steps = home.steps_of(id);
  ASSERT_GE(static_cast<std::int64_t>(steps.size()), acknowledged);
  for (std::size_t i = 0; i < steps.size(); ++i) ASSERT_EQ(steps[i], static_cast<std::int64_t>(i) + 1);
  EXPECT_EQ(home.wait(home.enqueue(20, "pace=1")).status, RunStatus::finished);
}

TEST(Journals, ThatAreDamagedAreReportedWithThePlaceAndOtherwiseTakenIn) {
  Home home;
  const auto directory = home.path / "runs/old";
  fs::create_directories(directory);
  const auto file = directory / journal::file_name(0);
  std::int64_t middle = 0;
  {
    const auto writer = value_or_throw(journal::Writer::open(file));
    for (int step = 1; step <= 100; ++step) {
      if (step == 50) middle = value_or_throw(journal::read(file, 0)).next_offset;
      value_or_throw(writer->append(journal::MetricSamples{step, {{"sequence", 1.0 * step}}}));
    }
    value_or_throw(writer->append(journal::StateChanged{journal::RunState::finished, ""}));
  }
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(middle + 30);
  bytes.put('\x55');
  bytes.close();
  home.start_agent();
  ASSERT_TRUE(Home::until(
      [&] { return value_or_throw(home.client->list()).size() == 1 && home.run(1).status == RunStatus::finished; }));
  EXPECT_EQ(home.steps_of(1).size(), 99U);
  std::string alert;
  for (const auto& occurrence : value_or_throw(home.history()->occurrences(1))) {
    if (const auto* found = std::get_if<journal::Alert>(&occurrence.payload)) alert = found->text;
  }
  EXPECT_THAT(alert, HasSubstr("from byte " + std::to_string(middle)));
  ASSERT_EQ(home.run(1).damage.size(), 1U);
  EXPECT_EQ(home.run(1).damage[0].offset, middle);
  EXPECT_EQ(value_or_throw(home.client->run(1)).damage.at(0).offset, middle);
  EXPECT_THAT(home.call({"list"}).text, HasSubstr("damaged in 1 place"));
  EXPECT_THAT(home.call({"show", "1"}).text, HasSubstr("from byte " + std::to_string(middle)));

  // A file system that lost its end: what is left is taken in anew.
  home.kill_agent();
  fs::resize_file(file, static_cast<std::uintmax_t>(middle));
  home.start_agent();
  EXPECT_TRUE(Home::until([&] { return home.steps_of(1).size() == 49U; }));
}

TEST(Journals, ThatEndInTheMiddleOfAnEventSaySoAlsoAfterItWasCut) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(1000, "pace=2");
  ASSERT_TRUE(home.until_step(id, 30));
  home.kill_agent();
  home.kill_rank(id);
  ASSERT_TRUE(Home::until([&] { return home.rank_of(id) == 0; }));
  const fs::path file = fs::path(home.run(id).directory) / journal::file_name(0);
  fs::resize_file(file, static_cast<std::uintmax_t>(value_or_throw(journal::read(file, 0)).next_offset - 5));
  const auto whole = value_or_throw(journal::read(file, 0)).next_offset;
  home.start_agent();
  // The history may have taken in more than is left; either way it knows of the tail.
  EXPECT_EQ(home.wait(id).status, RunStatus::broken);
  const auto at_the_tail = [&] {
    const auto damage = home.run(id).damage;
    return damage.size() == 1 && damage[0].tail && damage[0].offset == whole && damage[0].bytes > 0;
  };
  EXPECT_TRUE(at_the_tail());
  value_or_throw(home.client->resume(id));
  ASSERT_TRUE(home.until_step(id, 40));
  EXPECT_TRUE(at_the_tail());
  EXPECT_THAT(home.call({"show", std::to_string(id)}).text, HasSubstr("torn tail"));
}

class RawSocket {
 public:
  explicit RawSocket(const fs::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    timeval patience{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  ~RawSocket() { ::close(fd_); }
  [[nodiscard]] std::string receive() const {
    std::string text(1000, '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(fd_, text.data(), text.size(), 0))));
    return text;
  }
  void send(const std::string& bytes) const {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t sent = ::send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return;  // it let go of us
      at += static_cast<std::size_t>(sent);
    }
  }

 private:
  int fd_;
};

TEST(Socket, SurvivesWhateverIsSaidToIt) {
  Home home;
  home.start_agent();
  const fs::path socket = places_of(home.path).socket;
  std::mt19937 random(11);
  const std::vector<std::string> lines = {
      "",
      "null",
      "[]",
      "{}",
      "42",
      "\"text\"",
      "{",
      R"({"id":1})",
      R"({"do":7})",
      R"({"do":"stop"})",
      R"({"do":"stop","run":"x"})",
      R"({"do":"stop","run":1e300})",
      R"({"do":"wait","run":-1})",
      R"({"do":"set_tags","runs":[1,2],"tags":"x"})",
      R"({"do":"undo"})",
      R"({"do":"enqueue","recipe":[]})",
      R"({"do":"enqueue","recipe":"[train"})",
      R"({"do":"enqueue","recipe":"x","fork_of":99})",
      R"({"id":"x","do":"list"})",
      R"({"do":"rename","run":1,"name":null})",
      R"({"do":"erase","runs":[9223372036854775807]})",
      R"({"do":"nothing such"})",
      R"({"do":"move","runs":[1],"to":"nowhere"})",
      R"({"do":"move","runs":"1","to":"front"})",
      R"({"do":"set_priority","runs":[1],"priority":1e300})",
      R"({"do":"hold","runs":[9223372036854775807,-1]})",
      R"({"do":"edit","run":1,"set":7})",
      R"({"do":"limit","cores":-1,"gpus":"x","slots":1e9})",
      R"({"do":"add_sweep","recipe":"","plan":"over train.steps=1..9,3\nrandom 0"})",
      R"({"do":"add_sweep","recipe":"x","plan":[],"after":[1,"y"],"retries":-5})",
      R"({"do":"sweep","sweep":"x"})",
      R"({"do":"hold_sweep","sweep":1,"held":1})",
      R"({"do":"job","run":-1})",
      "\xff\xfe\x00",
      std::string(100000, '['),
      std::string(100000, '{') + "}",
      R"({"do":")" + std::string(1 << 20, 'a') + "\"}"};
  for (const std::string& line : lines) RawSocket(socket).send(line + "\n");
  for (int round = 0; round < 200; ++round) {
    const RawSocket raw(socket);
    for (int i = 0; i < 5; ++i) {
      std::string line = lines[random() % lines.size()].substr(0, 2000);
      for (int flips = 0; flips < 3 && !line.empty(); ++flips)
        line[random() % line.size()] = static_cast<char>(random());
      raw.send(round % 3 == 0 ? line : line + "\n");
    }
  }
  RawSocket(socket).send(std::string(kMaxLine + (1 << 20), 'x'));  // a line without an end
  EXPECT_TRUE(value_or_throw(home.client->list()).empty());
  EXPECT_EQ(home.wait(home.enqueue(10, "pace=1")).status, RunStatus::finished);
}

// Seconds of processor time that a process has used.
double used_by(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

TEST(Socket, RestsWhileItHasNoDescriptorsLeftAndThenLetsClientsIn) {
  Home home;
  rlimit old{};
  getrlimit(RLIMIT_NOFILE, &old);
  const rlimit few{40, old.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  home.start_agent();
  setrlimit(RLIMIT_NOFILE, &old);
  ASSERT_TRUE(home.client);
  std::vector<std::unique_ptr<RawSocket>> clients;
  for (int i = 0; i < 60; ++i) clients.push_back(std::make_unique<RawSocket>(places_of(home.path).socket));
  EXPECT_TRUE(home.client->list());
  const double before = used_by(home.agent_pid);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_LT(used_by(home.agent_pid) - before, 1.0);  // of two: it does not go round and round
  const auto last = std::move(clients.back());
  clients.clear();
  EXPECT_THAT(last->receive(), HasSubstr("athanor_agent"));
}

TEST(Socket, TellsFollowersWhatChangedUntilTheyAreAskedToEnd) {
  Home home;
  home.start_agent();
  std::atomic<int> runs = 0, metrics = 0, metadata = 0;
  Result<void> ended;
  std::jthread following([&](const std::stop_token& stop) {
    ended = home.client->follow(
        [&](const Change& change) {
          runs += change.what == Change::What::runs ? 1 : 0;
          metrics += change.what == Change::What::metrics && change.run == 1 ? 1 : 0;
          metadata += change.what == Change::What::metadata ? 1 : 0;
        },
        stop);
  });
  ASSERT_TRUE(Home::until([&] { return runs == 1; }));  // the first notice: from now on none is missed
  const auto other = value_or_throw(Client::connect(home.path, false));
  const auto id = value_or_throw(other->enqueue({Home::recipe(30, "pace=5"), 0, 0}));
  value_or_throw(other->set_note(id, "a note"));
  EXPECT_EQ(value_or_throw(other->wait(id, std::chrono::seconds(60))).status, RunStatus::finished);
  EXPECT_TRUE(Home::until([&] { return runs >= 3 && metrics >= 5 && metadata == 1; }));
  following.request_stop();
  following.join();
  EXPECT_TRUE(ended);

  std::atomic<bool> follows = false;
  std::jthread orphan([&] { ended = other->follow([&](const Change&) { follows = true; }, {}); });
  ASSERT_TRUE(Home::until([&] { return follows.load(); }));
  home.kill_agent();
  orphan.join();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::communication);
}

TEST(Socket, GivesUpWaitingAtTheDeadlineAndStaysUsable) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(1000, "pace=2");
  const auto waited = home.client->wait(id, std::chrono::milliseconds(50));
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().kind, ErrorKind::communication);
  EXPECT_EQ(value_or_throw(home.client->list()).size(), 1U);
  ASSERT_TRUE(Home::until([&] { return home.client->stop(id).has_value(); }));
  EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
}

TEST(Edits, ThroughTheAgentOutliveItAndAreTakenBackByTheNext) {
  Home home;
  home.start_agent();
  const auto id = home.enqueue(10, "pace=1");
  EXPECT_FALSE(home.client->erase({id}));  // it is still going
  EXPECT_EQ(home.wait(id).status, RunStatus::finished);
  value_or_throw(home.client->rename(id, "fox"));
  value_or_throw(home.client->set_pinned({id}, true));
  value_or_throw(home.client->erase({id}));
  home.kill_agent();
  EXPECT_TRUE(home.run(id).deleted_ns);
  home.start_agent();
  EXPECT_EQ(value_or_throw(home.client->undo()), "Delete run fox");
  EXPECT_FALSE(home.run(id).deleted_ns);
  EXPECT_EQ(value_or_throw(home.client->redo()), "Delete run fox");
  EXPECT_TRUE(home.run(id).deleted_ns);
  for (int i = 0; i < 3; ++i) value_or_throw(home.client->undo());
  EXPECT_EQ(home.run(id).name, "small");
  EXPECT_FALSE(home.client->undo());
}

}  // namespace
}  // namespace athanor::agent
