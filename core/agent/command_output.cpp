// What all commands share: how they answer and how runs are named.
#include "core/agent/commands.h"
#include "core/base/command_line.h"
#include "core/base/paths.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <filesystem>
#include <iostream>

namespace athanor::agent {
namespace fs = std::filesystem;

bool& wants_json() {
  static bool wanted = false;
  return wanted;
}

void print(const nlohmann::json& json, std::string_view done) {
  print_line(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), done);
}

int refuse(const Error& error) {
  std::cerr << error.message() << '\n';
  if (wants_json()) print_line(error_json(error));
  return exit_status(error.kind);
}

int acknowledge(const Result<void>& done) {
  if (!done) return refuse(done.error());
  if (wants_json()) print(nlohmann::json::object(), "it is done all the same");
  return 0;
}

Result<store::RunId> find_run(const Result<std::vector<store::Run>>& runs, const std::string& text) {
  store::RunId number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && end == text.data() + text.size()) return number;
  if (!runs) return tl::unexpected(runs.error());
  std::vector<store::RunId> found;
  const fs::path folder = whole_folder(text);
  const std::string name = text.ends_with('/') ? text.substr(0, text.find('/')) : text;  // as a shell completes it
  for (const store::Run& run : *runs) {
    if (run.name == text || fs::path(run.directory).filename() == name || run.directory == folder)
      found.push_back(run.id);
  }
  if (found.size() == 1) return found.front();
  return fail(ErrorKind::invalid_input, "find the run " + text,
              found.empty() ? "there is none" : "several have that name",
              "give its number: athanor-agent list shows them");
}

Result<std::vector<store::RunId>> find_runs(Client& client, const std::vector<std::string>& texts) {
  std::vector<store::RunId> found;
  if (texts.empty()) return found;
  const auto runs = client.list();
  if (!runs) return tl::unexpected(runs.error());
  for (const std::string& text : texts) {
    const auto id = find_run(runs, text);
    if (!id) return tl::unexpected(id.error());
    found.push_back(*id);
  }
  return found;
}

std::string shortened(std::string text) {
  constexpr std::size_t kLongest = 60;
  text = text.substr(0, text.find('\n'));
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string counted(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace athanor::agent
