#include "core/query/complete.h"

#include "core/query/names.h"
#include "core/query/parse.h"
#include "core/query/token.h"

#include <algorithm>
#include <array>

namespace athanor::query {
namespace {

struct Function {
  const char* name;
  const char* help;
  Type type;
};
constexpr std::array<Function, 8> kFunctions = {
    {{"min", "least value of a metric's curve", Type::number},
     {"max", "greatest value of a metric's curve", Type::number},
     {"first", "first value of a metric's curve", Type::number},
     {"last", "last value of a metric's curve, as its name alone", Type::number},
     {"mean", "mean of a metric's curve", Type::number},
     {"count", "how many values a metric's curve has", Type::number},
     {"has", "whether the run has it at all", Type::truth},
     {"is_nan", "whether the value is not a number", Type::truth}}};

struct SignHelp {
  const char* text;
  const char* help;
};
constexpr std::array<SignHelp, 6> kOrder = {{{"=", "is"},
                                             {"!=", "is not"},
                                             {"<", "is less than"},
                                             {"<=", "is at most"},
                                             {">", "is greater than"},
                                             {">=", "is at least"}}};
constexpr std::array<SignHelp, 2> kMatches = {
    {{"~", "a pattern is found in it"}, {"!~", "a pattern is not found in it"}}};
constexpr std::array<SignHelp, 2> kLists = {{{"in", "is one of: in (a, b)"}, {"not in", "is none of: not in (a, b)"}}};
constexpr std::array<SignHelp, 4> kArithmetic = {{{"+", "plus"}, {"-", "minus"}, {"*", "times"}, {"/", "divided by"}}};
constexpr std::array<SignHelp, 2> kJoins = {{{"and", "both hold"}, {"or", "one of them holds"}}};

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool begins(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && std::ranges::equal(text.substr(0, with.size()), with, {}, small, small);
}
bool holds(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, small, small).empty() || part.empty();
}

bool is_measure(Type type) { return type == Type::number || type == Type::duration || type == Type::time; }

// What stands at the caret, as far as the tokens before it tell.
struct Place {
  enum class Wanted : std::uint8_t { condition, value, sign, join } wanted = Wanted::condition;
  std::optional<std::size_t> column;  // the one that is compared or that signs would follow
  std::optional<Type> type;           // its type, or that of what stands before the caret
  bool metric = false;                // inside of min( and the like
  bool pattern = false;               // after ~
  bool negated = false;               // after not, before in
  bool compared = false;              // on the right of a comparison
};

// Follows the tokens before the caret.
class Follower {
 public:
  Follower(const Table& table, const std::vector<Token>& tokens) : columns_(table.columns()), tokens_(tokens) {}

  Place follow(std::size_t count) {
    for (at_ = 0; at_ < count; ++at_) token(tokens_[at_]);
    return place_;
  }

 private:
  using Wanted = Place::Wanted;
  struct Bracket {
    Place outer;
    std::optional<Type> result;  // of a function
    bool list = false;
    bool condition = false;  // something inside of it compares or joins
  };

  void token(const Token& token) {
    switch (token.kind) {
      case TokenKind::word: return word(token);
      case TokenKind::quoted_name: return name(token.text);
      case TokenKind::text: return place_.wanted == Wanted::value ? operand() : word_alone();
      case TokenKind::plus:
      case TokenKind::minus:
      case TokenKind::times:
      case TokenKind::over: return arithmetic();
      case TokenKind::both:
      case TokenKind::either:
      case TokenKind::negation: return condition();
      case TokenKind::open: return open();
      case TokenKind::close: return close();
      case TokenKind::comma: place_.wanted = Wanted::value; return;
      case TokenKind::end: return;
      default:  // = < ~ …
        compares();
        place_.pattern = token.kind == TokenKind::matches || token.kind == TokenKind::matches_not;
        place_.wanted = Wanted::value;
        return;
    }
  }

  void compares() {
    place_.compared = true;
    if (!brackets_.empty()) brackets_.back().condition = true;
  }
  void arithmetic() {
    const bool compared = place_.compared;
    place_ = {.wanted = Wanted::value, .column = {}, .type = Type::number};
    place_.compared = compared;
  }
  // A value stands there that is compared, or could be.
  void operand() { place_.wanted = place_.compared ? Wanted::join : Wanted::sign; }
  void word_alone() { place_ = {.wanted = Wanted::join, .column = {}, .type = {}}; }
  void condition() {
    compares();
    place_ = {};
  }

  void word(const Token& token) {
    if (is_keyword(token, "and") || is_keyword(token, "or")) return condition();
    if (is_keyword(token, "not") && place_.wanted == Wanted::sign) {
      place_.negated = true;
      return;
    }
    if (is_keyword(token, "not")) return condition();
    if (is_keyword(token, "in") && place_.wanted == Wanted::sign) {
      compares();
      list_follows_ = true;
      return;
    }
    const bool called = tokens_[at_ + 1].kind == TokenKind::open && is_function(token.text);
    if (!called) name(token.text);
  }

  void name(std::string_view text) {
    if (place_.wanted == Wanted::value && !place_.metric) return operand();
    const auto found = find_columns(columns_, text, place_.metric);
    if (found.empty()) return word_alone();
    place_ = {.wanted = Wanted::sign, .column = {}, .type = {}};
    if (found.size() > 1) return;
    place_.column = found.front();
    place_.type = columns_[found.front()].type;
  }

  void open() {
    Bracket bracket{.outer = place_, .result = {}, .list = list_follows_};
    list_follows_ = false;
    const std::string_view before = at_ > 0 ? std::string_view(tokens_[at_ - 1].text) : std::string_view();
    const auto* function =
        std::ranges::find(kFunctions, before, [](const Function& one) { return std::string_view(one.name); });
    if (bracket.list) {
      place_.wanted = Wanted::value;
    } else if (function != kFunctions.end()) {
      bracket.result = function->type;
      const bool curve = function->type == Type::number;
      place_ = {.wanted = Wanted::value, .column = {}, .type = {}, .metric = curve};
      if (before == "is_nan") place_.type = Type::number;
    } else {
      place_ = {};
    }
    brackets_.push_back(bracket);
  }

  void close() {
    if (brackets_.empty()) return;
    const Bracket bracket = brackets_.back();
    brackets_.pop_back();
    const std::optional<Type> type = bracket.result ? bracket.result : place_.type;
    const bool condition = bracket.list || type == Type::truth || (bracket.condition && !bracket.result);
    place_ = bracket.outer;
    if (condition) return word_alone();
    operand();
    place_.type = type;
  }

  std::span<const Column> columns_;
  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
  Place place_;
  std::vector<Bracket> brackets_;
  bool list_follows_ = false;
};

class Collector {
 public:
  Collector(const Table& table, std::string typed) : table_(table), typed_(std::move(typed)) {}

  std::vector<Candidate> collect(const Place& place) {
    switch (place.wanted) {
      case Place::Wanted::condition: conditions(); break;
      case Place::Wanted::value: values(place); break;
      case Place::Wanted::sign:
        if (place.negated) {
          offer({"in", CandidateKind::sign, {}, {}, "is none of: not in (a, b)"}, "in");
          break;
        }
        signs(place.type);
        joins();
        break;
      case Place::Wanted::join:
        joins();
        if (place.type == Type::number) group(kArithmetic);
        break;
    }
    // Another condition may stand side by side, once something of it is there.
    const bool side_by_side = place.wanted == Place::Wanted::sign || place.wanted == Place::Wanted::join;
    if (side_by_side && !place.negated && !typed_.empty()) conditions();
    std::ranges::move(good_, std::back_inserter(best_));
    if (best_.size() > kMostCandidates) best_.resize(kMostCandidates);
    return std::move(best_);
  }

 private:
  // Those that begin with what is typed come first, then those that hold it; others do not come at all.
  void offer(Candidate candidate, std::string_view name) {
    if (begins(name, typed_) || (candidate.kind == CandidateKind::column && begins(last_part(name), typed_))) {
      best_.push_back(std::move(candidate));
    } else if (holds(name, typed_)) {
      good_.push_back(std::move(candidate));
    }
  }
  template <std::size_t N>
  void group(const std::array<SignHelp, N>& signs) {
    for (const SignHelp& sign : signs) offer({sign.text, CandidateKind::sign, {}, {}, sign.help}, sign.text);
  }
  void joins() { group(kJoins); }

  void signs(std::optional<Type> type) {
    const bool text = type == Type::text || type == Type::texts;
    if (text || type == Type::truth) {
      for (std::size_t i = 0; i < 2; ++i)
        offer({kOrder.at(i).text, CandidateKind::sign, {}, {}, kOrder.at(i).help}, kOrder.at(i).text);
    } else {
      group(kOrder);
    }
    if (text) group(kMatches);
    if (type != Type::truth) group(kLists);
    if (!text && type != Type::truth) group(kArithmetic);
  }

  void conditions() {
    columns(false);
    functions(false);
    offer({"not", CandidateKind::sign, {}, {}, "the opposite"}, "not");
    marks();
  }

  void columns(bool metrics_only, bool measures_only = false) {
    for (const Column& column : table_.columns()) {
      if (metrics_only && column.origin != Origin::metric) continue;
      if (measures_only && !is_measure(column.type)) continue;
      const std::string text = is_plain_name(column.name) ? column.name : quoted(column.name, '`');
      offer({text, CandidateKind::column, column.origin, column.type, column.help}, column.name);
    }
  }

  void functions(bool numbers_only) {
    for (const Function& function : kFunctions) {
      if (numbers_only && function.type != Type::number) continue;
      offer({std::string(function.name) + '(', CandidateKind::function, {}, function.type, function.help},
            function.name);
    }
  }

  void marks() {
    for (std::size_t i = 0; i < table_.columns().size(); ++i) {
      const Column& column = table_.columns()[i];
      if (column.origin != Origin::field) continue;
      if (column.type == Type::truth) mark(column.name, column.help);
      if (column.name != "status") continue;
      for (const std::string& value : table_.values(i)) mark(value, {});
    }
  }
  void mark(const std::string& name, const std::string& help) {
    if (typed_.empty()) return;
    offer({"is:" + name, CandidateKind::mark, {}, {}, help}, "is:" + name);
  }

  void values(const Place& place) {
    if (place.metric) return columns(true);
    if (place.type == Type::truth) {
      for (const char* value : {"true", "false"}) offer({value, CandidateKind::value, {}, {}, {}}, value);
      return;
    }
    if (place.type == Type::time) {
      for (const SignHelp& ago :
           {SignHelp{"-1d", "a day ago"}, SignHelp{"-7d", "seven days ago"}, SignHelp{"-30d", "thirty days ago"}})
        offer({ago.text, CandidateKind::value, {}, {}, ago.help}, ago.text);
      return;
    }
    if (place.type == Type::text || place.type == Type::texts) {
      if (!place.column) return;
      for (const std::string& value : table_.values(*place.column)) {
        const bool bare = is_plain_name(value) && !place.pattern;
        offer({bare ? value : quoted(value, '"'), CandidateKind::value, {}, place.type, {}}, value);
      }
      return;
    }
    columns(false, place.type && is_measure(*place.type));
    functions(true);
  }

  const Table& table_;
  std::string typed_;
  std::vector<Candidate> best_, good_;
};

bool is_written(TokenKind kind) {
  return kind == TokenKind::word || kind == TokenKind::text || kind == TokenKind::quoted_name;
}

}  // namespace

Completion complete(std::string_view text, std::size_t caret, const Table& table) {
  text = text.substr(0, kLongestQuery);
  caret = std::min(caret, text.size());
  const std::vector<Token> tokens = tokens_of(text);
  Completion completion{caret, caret, {}};
  std::size_t before = 0;
  while (tokens[before].kind != TokenKind::end && tokens[before].position + tokens[before].length < caret) ++before;
  std::string typed;
  const Token& token = tokens[before];
  if (token.position < caret && is_written(token.kind)) {
    completion.begin = token.position;
    completion.end = token.position + token.length;
    typed = text.substr(token.position, caret - token.position);
    if (token.kind != TokenKind::word && !typed.empty() && (typed[0] == '"' || typed[0] == '\'' || typed[0] == '`')) {
      const bool whole = caret == completion.end && token.closed;
      typed = whole ? token.text : typed.substr(1);
    }
  } else if (token.position < caret) {
    ++before;  // a sign that ends here
  }
  const Place place = Follower(table, tokens).follow(before);
  completion.candidates = Collector(table, std::move(typed)).collect(place);
  return completion;
}

}  // namespace athanor::query
