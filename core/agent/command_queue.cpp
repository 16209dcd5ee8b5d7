// The queue, from a terminal.
#include "core/agent/commands.h"
#include "core/agent/protocol_queue.h"
#include "core/base/command_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>

namespace athanor::agent {
namespace {

constexpr const char* kColumns = "{:>4} {:>6} {:>5} {:<16} {:<28} {}";

std::string room_in_words(const Room& room) {
  std::string words = counted(static_cast<std::size_t>(room.cores), "core");
  if (room.gpus > 0) words = counted(static_cast<std::size_t>(room.gpus), "GPU") + ", " + words;
  return words;
}

std::string row_of(const QueueEntry& entry) {
  const std::string place = entry.position > 0 ? std::to_string(entry.position) : "on";
  std::string words = entry.position > 0 ? entry.text : std::string(store::to_string(entry.job.status));
  if (entry.job.retry.done > 0 && entry.why != Why::later)
    words += fmt::format("; attempt {} of {}", entry.job.retry.done + 1, entry.job.retry.limit + 1);
  return fmt::format(fmt::runtime(kColumns), place, entry.job.run, entry.job.priority, room_in_words(entry.room),
                     entry.job.name, shortened(words));
}

std::string head_of(const QueueView& view) {
  std::string text =
      fmt::format("{} of {} are free", view.free.cores, counted(static_cast<std::size_t>(view.all.cores), "core"));
  if (view.all.gpus > 0)
    text += fmt::format(", {} of {}", view.free.gpus, counted(static_cast<std::size_t>(view.all.gpus), "GPU"));
  if (view.settings.slots)
    text += fmt::format("; at most {} at a time", counted(static_cast<std::size_t>(*view.settings.slots), "run"));
  if (view.settings.held) text += "; the queue is held: athanor-agent release --queue";
  return text;
}

// "all" or a number; what is not said stays as it is.
Result<void> set_limit(std::optional<int>& limit, const std::string& text, const char* what) {
  if (text.empty()) return {};
  limit.reset();
  if (text == "all") return {};
  int number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size())
    return fail(ErrorKind::invalid_input, fmt::format("limit the {} that the agent uses", what),
                fmt::format("'{}' is neither a number nor all", text), "say how many, or all");
  limit = number;
  return {};
}

}  // namespace

int run_queue(Client& client) {
  const auto view = client.queue();
  if (!view) return refuse(view.error());
  if (wants_json()) {
    print(to_json(*view));
    return 0;
  }
  std::string text = head_of(*view);
  if (!view->going_on.empty() || !view->queued.empty())
    text += "\n" + fmt::format(fmt::runtime(kColumns), "", "run", "prio", "takes", "name", "state");
  for (const auto* part : {&view->going_on, &view->queued})
    for (const QueueEntry& entry : *part) text += "\n" + row_of(entry);
  print_line(text);
  return 0;
}

int run_move(Client& client, const CommandLine& line) {
  const auto runs = find_runs(client, line.runs);
  if (!runs) return refuse(runs.error());
  if (line.has_priority) return acknowledge(client.set_priority(*runs, line.wish.priority));
  if (line.front || line.end)
    return acknowledge(client.move(*runs, line.front ? store::Spot::front : store::Spot::end));
  const bool before = !line.before.empty();
  const auto beside = find_run(client.list(), before ? line.before : line.behind);
  if (!beside) return refuse(beside.error());
  return acknowledge(client.move(*runs, before ? store::Spot::before : store::Spot::after, *beside));
}

int run_hold(Client& client, const CommandLine& line, bool held) {
  if (line.queue) return acknowledge(client.hold_queue(held));
  if (line.sweep != 0) return acknowledge(client.hold_sweep(line.sweep, held));
  const auto runs = find_runs(client, line.runs);
  if (!runs) return refuse(runs.error());
  return acknowledge(held ? client.hold(*runs) : client.release(*runs));
}

int run_limits(Client& client, const CommandLine& line) {
  const auto view = client.queue();
  if (!view) return refuse(view.error());
  store::QueueSettings limits = view->settings;
  for (const auto& set : {set_limit(limits.cores, line.cores, "cores"), set_limit(limits.gpus, line.gpus, "GPUs"),
                          set_limit(limits.slots, line.slots, "runs")})
    if (!set) return refuse(set.error());
  if (auto done = client.limit(limits); !done) return refuse(done.error());
  const auto now = client.queue();
  if (!now) return refuse(now.error());
  const std::string done = "the limits are set all the same";
  if (wants_json()) {
    nlohmann::json json = to_json(now->settings);
    json.erase("held");
    print(json, done);
  } else {
    print_line(head_of(*now), done);
  }
  return 0;
}

}  // namespace athanor::agent
