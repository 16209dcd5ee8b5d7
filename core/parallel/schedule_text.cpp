#include "core/parallel/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace athanor::parallel {
namespace {

// A number of at least 0 that is all of the text.
std::optional<int> number_in(std::string_view text) {
  int value = 0;
  const auto [stop, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || stop != text.data() + text.size() || value < 0 || text.front() == '-') return {};
  return value;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Takes the first word, or the first line, off a text.
std::string_view take(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

// Reads the lines one after the other and remembers the first fault.
class Reader {
 public:
  Result<Schedule> read(std::string_view text) {
    while (!text.empty() && cause_.empty()) {
      ++line_;
      const std::string_view line = trimmed(take(text, '\n'));
      if (!line.empty() && line.front() != '#') read_line(line);
    }
    if (cause_.empty() && schedule_.ranks.empty()) cause_ = "it has no line for a rank";
    if (!cause_.empty())
      return fail(ErrorKind::invalid_input, "read the schedule", cause_,
                  "write the lines \"schedule NAME\", \"micro-batches M\", \"stages RANK…\" and then \"rank R: OP…\"");
    return std::move(schedule_);
  }

 private:
  void read_line(std::string_view line) {
    std::string_view rest = line;
    const std::string_view word = take(rest, ' ');
    rest = trimmed(rest);
    if (word == "rank") return read_rank(rest);
    if (!schedule_.ranks.empty()) return refuse(fmt::format("\"{}\" stands after the first rank", word));
    if (word == "schedule") return read_name(rest);
    if (word == "micro-batches") return read_micro_batches(rest);
    if (word == "stages") return read_stages(rest);
    refuse(fmt::format("a line cannot begin with \"{}\"", word));
  }

  void read_name(std::string_view rest) {
    if (named_) return refuse("the name stands there twice");
    named_ = true;
    schedule_.name = std::string(rest);
  }

  void read_micro_batches(std::string_view rest) {
    const auto count = number_in(rest);
    if (!count) return refuse(fmt::format("\"{}\" is no number of micro-batches", rest));
    if (counted_) return refuse("the number of micro-batches stands there twice");
    counted_ = true;
    schedule_.micro_batches = *count;
  }

  void read_stages(std::string_view rest) {
    if (!schedule_.stage_ranks.empty()) return refuse("the ranks of the stages stand there twice");
    while (!(rest = trimmed(rest)).empty()) {
      const std::string_view word = take(rest, ' ');
      const auto rank = number_in(word);
      if (!rank) return refuse(fmt::format("\"{}\" is no rank", word));
      schedule_.stage_ranks.push_back(*rank);
    }
  }

  void read_rank(std::string_view rest) {
    if (!named_ || !counted_ || schedule_.stage_ranks.empty())
      return refuse("a rank stands before the name, the number of micro-batches or the ranks of the stages");
    if (rest.find(':') == std::string_view::npos) return refuse("there is no colon after the rank");
    const auto rank = number_in(trimmed(take(rest, ':')));
    if (!rank || *rank != schedule_.rank_count())
      return refuse(fmt::format("rank {} should follow here", schedule_.rank_count()));
    auto& ops = schedule_.ranks.emplace_back();
    while (!(rest = trimmed(rest)).empty()) {
      const auto op = parse_op(take(rest, ' '));
      if (!op) return refuse(op.error().cause);
      ops.push_back(*op);
    }
  }

  void refuse(const std::string& cause) { cause_ = fmt::format("line {}: {}", line_, cause); }

  Schedule schedule_;
  std::string cause_;
  int line_ = 0;
  bool named_ = false, counted_ = false;
};

}  // namespace

std::string to_text(const Op& op) {
  if (!has_micro_batch(op.kind)) return fmt::format("{}{}", to_string(op.kind), op.stage);
  return fmt::format("{}{}.{}", to_string(op.kind), op.stage, op.micro_batch);
}

Result<Op> parse_op(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_of("0123456789"), text.size());
  const auto kind = std::ranges::find(kOpKindNames, text.substr(0, digits));
  const auto refuse = [&](std::string_view cause) {
    return fail(ErrorKind::invalid_input, fmt::format("read the op \"{}\"", text),
                fmt::format("\"{}\" {}", text, cause), "write it as F3.12, or as STEP3 where no micro-batch belongs");
  };
  if (kind == kOpKindNames.end()) return refuse("begins with no kind of op");
  Op op{.kind = static_cast<OpKind>(kind - kOpKindNames.begin())};
  std::string_view numbers = text.substr(digits);
  const bool dotted = numbers.find('.') != std::string_view::npos;
  const auto stage = number_in(take(numbers, '.'));
  const auto micro_batch = numbers.empty() ? std::nullopt : number_in(numbers);
  if (!stage) return refuse("names no stage");
  if (has_micro_batch(op.kind) != dotted || dotted != micro_batch.has_value())
    return refuse(has_micro_batch(op.kind) ? "names no micro-batch" : "is of a whole stage and takes no micro-batch");
  op.stage = *stage;
  if (micro_batch) op.micro_batch = *micro_batch;
  return op;
}

std::string to_text(const Schedule& schedule) {
  std::string text = fmt::format("schedule {}\nmicro-batches {}\nstages {}\n", schedule.name, schedule.micro_batches,
                                 fmt::join(schedule.stage_ranks, " "));
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    text += fmt::format("rank {}:", rank);
    for (const Op& op : schedule.ranks[rank]) text += ' ' + to_text(op);
    text += '\n';
  }
  return text;
}

Result<Schedule> parse_schedule(std::string_view text) { return Reader().read(text); }

}  // namespace athanor::parallel
