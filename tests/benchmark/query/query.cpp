// query: how long filters and expressions take over a table of runs, beside a C++ lambda that does the same comparisons
// and SQLite that does them over a table with the same columns. Medians of `--rounds` rounds, taken in turns.
//   query [--rows 100000] [--rounds 15]
#include "core/query/query.h"

#include <CLI/CLI.hpp>
#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>
#include <regex>
#include <string>
#include <vector>

namespace {

using namespace athanor;
using query::Aggregate;
using query::Origin;
using query::Type;

struct Runs {
  std::vector<std::string> name, model, status, note;
  std::vector<std::vector<std::string>> tags;
  std::vector<double> id, step, created, learning_rate, loss, r1, min_r1;
  [[nodiscard]] std::size_t size() const { return name.size(); }
};

Runs random_runs(std::size_t rows) {
  std::mt19937_64 random(1);
  const auto below = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  const auto share = [&] { return static_cast<double>(random() >> 11U) * 0x1p-53; };
  const std::vector<std::string> models = {"two-tower", "clip-small", "two-tower-wide", "minilm"};
  const std::vector<std::string> states = {"finished", "running", "failed", "stopped", "queued"};
  const std::vector<std::string> kinds = {"abl", "sweep", "baseline", "final", "debug"};
  Runs runs;
  for (std::size_t i = 0; i < rows; ++i) {
    runs.name.push_back(fmt::format("{}-{}-lr{}-seed{}", models[below(4)], kinds[below(5)], below(10), below(100)));
    runs.model.push_back(models[below(4)]);
    runs.status.push_back(states[below(5)]);
    runs.note.push_back(below(4) == 0 ? "as before, with longer warm-up" : "");
    runs.tags.push_back(below(3) == 0 ? std::vector<std::string>{kinds[below(5)], "emoji"}
                                      : std::vector<std::string>());
    runs.id.push_back(static_cast<double>(i + 1));
    runs.step.push_back(static_cast<double>(1 + below(10'000)));
    runs.created.push_back(1.79e9 + 1e6 * share());
    runs.learning_rate.push_back(1e-3 * share());
    runs.loss.push_back(3 * share());
    runs.r1.push_back(share());
    runs.min_r1.push_back(runs.r1.back() * share());
  }
  return runs;
}

class RunTable final : public query::Table {
 public:
  explicit RunTable(const Runs& runs) : runs_(runs) {}
  [[nodiscard]] std::span<const query::Column> columns() const override { return columns_; }
  [[nodiscard]] std::vector<std::string> values(std::size_t column) const override {
    return column == 2 ? std::vector<std::string>{"finished", "running", "failed", "stopped", "queued"}
                       : std::vector<std::string>();
  }
  [[nodiscard]] Handle bind(std::size_t column, Aggregate aggregate) override {
    return static_cast<Handle>(aggregate == Aggregate::min ? columns_.size() : column);
  }
  [[nodiscard]] std::optional<double> number(Handle handle, std::size_t row) const override {
    return (*numbers_[handle])[row];
  }
  [[nodiscard]] std::optional<std::string_view> text(Handle handle, std::size_t row) const override {
    return (*texts_[handle])[row];
  }
  [[nodiscard]] std::span<const std::string> texts(Handle, std::size_t row) const override { return runs_.tags[row]; }

 private:
  const Runs& runs_;
  std::vector<query::Column> columns_ = {
      {"name", Type::text, Origin::field, "", true},
      {"model", Type::text, Origin::field, "", true},
      {"status", Type::text, Origin::field, "", true},
      {"note", Type::text, Origin::field, "", true},
      {"tag", Type::texts, Origin::field, "", true},
      {"id", Type::number, Origin::field, "", true},
      {"step", Type::number, Origin::field, "", false},
      {"created", Type::time, Origin::field, "", false},
      {"train.learning_rate", Type::number, Origin::parameter, "", false},
      {"train/loss", Type::number, Origin::metric, "", false},
      {"val/r1", Type::number, Origin::metric, "", false},
  };
  std::vector<const std::vector<std::string>*> texts_ = {&runs_.name, &runs_.model, &runs_.status, &runs_.note};
  std::vector<const std::vector<double>*> numbers_ = {nullptr,     nullptr,        nullptr,
                                                      nullptr,     nullptr,        &runs_.id,
                                                      &runs_.step, &runs_.created, &runs_.learning_rate,
                                                      &runs_.loss, &runs_.r1,      &runs_.min_r1};
};

void fill(SQLite::Database& database, const Runs& runs) {
  database.exec(
      "CREATE TABLE runs (id INTEGER PRIMARY KEY, name TEXT, model TEXT, status TEXT, note TEXT, tags TEXT, step REAL, "
      "created REAL, learning_rate REAL, loss REAL, r1 REAL, min_r1 REAL)");
  SQLite::Transaction transaction(database);
  SQLite::Statement insert(database, "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::string tags;
    for (const std::string& tag : runs.tags[i]) tags += tag + "\n";
    SQLite::bind(insert, runs.id[i], runs.name[i], runs.model[i], runs.status[i], runs.note[i], tags, runs.step[i],
                 runs.created[i], runs.learning_rate[i], runs.loss[i], runs.r1[i], runs.min_r1[i]);
    insert.exec();
    insert.reset();
  }
  transaction.commit();
}

double milliseconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// One way to answer; what it returns must be the same for all.
struct Way {
  std::string name;
  std::function<double()> answer;
};

void compare(const std::string& title, int rounds, const std::vector<Way>& ways) {
  std::vector<std::vector<double>> times(ways.size());
  std::vector<double> answers(ways.size());
  for (int round = -1; round < rounds; ++round) {  // the first one is to warm up
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const double time = milliseconds_of([&] { answers[i] = ways[i].answer(); });
      if (round >= 0) times[i].push_back(time);
    }
  }
  fmt::print("{}\n", title);
  for (std::size_t i = 0; i < ways.size(); ++i) {
    std::ranges::sort(times[i]);
    fmt::print("  {:<34} {:9.3f} ms   answer {:.10g}\n", ways[i].name, times[i][times[i].size() / 2], answers[i]);
  }
}

class Bench {
 public:
  Bench(std::size_t rows, int rounds) : runs_(random_runs(rows)), table_(runs_), rounds_(rounds) {
    fill(database_, runs_);
  }

  void filter(const std::string& text, const std::function<bool(std::size_t)>& plain, const std::string& where,
              const std::vector<Way>& others = {}) {
    const auto filter = query::Filter::compile(text, table_, kSettings);
    if (!filter) {
      fmt::print("{}: {}\n", text, to_string(filter.error().front()));
      return;
    }
    std::vector<Way> ways = {{"query", [&] { return count([&](std::size_t row) { return filter->matches(row); }); }}};
    if (plain) ways.push_back({"C++ lambda", [&] { return count(plain); }});
    std::optional<SQLite::Statement> statement;
    if (!where.empty()) {
      statement.emplace(database_, "SELECT count(*) FROM runs WHERE " + where);
      ways.push_back({"SQLite", [&] { return first_of(*statement); }});
    }
    ways.insert(ways.end(), others.begin(), others.end());
    compare(text, rounds_, ways);
  }

  void expression(const std::string& text, const std::function<double(std::size_t)>& plain, const std::string& select) {
    const auto expression = query::Expression::compile(text, table_, kSettings);
    if (!expression) return;
    SQLite::Statement statement(database_, "SELECT total(" + select + ") FROM runs");
    const auto sum = [this](const auto& value) {
      double all = 0;
      for (std::size_t row = 0; row < runs_.size(); ++row) all += value(row);
      return all;
    };
    compare(text, rounds_,
            {{"query", [&] { return sum([&](std::size_t row) { return expression->number(row).value_or(0); }); }},
             {"C++ lambda", [&] { return sum(plain); }},
             {"SQLite", [&] { return first_of(statement); }}});
  }

  void compiling(const std::string& text) {
    compare(
        "compiling " + text, rounds_,
        {{"query", [&] { return static_cast<double>(query::Filter::compile(text, table_, kSettings).has_value()); }}});
  }

  template <class Matches>
  [[nodiscard]] double count(const Matches& matches) const {
    std::size_t found = 0;
    for (std::size_t row = 0; row < runs_.size(); ++row) found += matches(row) ? 1 : 0;
    return static_cast<double>(found);
  }
  [[nodiscard]] const Runs& runs() const { return runs_; }

 private:
  static constexpr query::Settings kSettings{1.791e9, query::Zone::utc};
  static double first_of(SQLite::Statement& statement) {
    statement.executeStep();
    const double value = statement.getColumn(0).getDouble();
    statement.reset();
    return value;
  }

  Runs runs_;
  RunTable table_;
  SQLite::Database database_{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  int rounds_;
};

bool holds(const std::string& text, std::string_view small_word) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  return std::search(text.begin(), text.end(), small_word.begin(), small_word.end(), same) != text.end();
}

void measure(Bench& bench) {
  const Runs& runs = bench.runs();
  bench.filter(
      "loss < 2.7 and min(val/r1) > 5% and step >= 1k and model != clip-small",
      [&](std::size_t row) {
        return runs.loss[row] < 2.7 && runs.min_r1[row] > 0.05 && runs.step[row] >= 1000 &&
               runs.model[row] != "clip-small";
      },
      "loss < 2.7 AND min_r1 > 0.05 AND step >= 1000 AND model <> 'clip-small'");
  bench.filter(
      "loss < 0.3 and (model = two-tower or tag ~ \"abl.*\") and min(val/r1) > 40%",
      [&](std::size_t row) {
        const auto is_ablation = [](const std::string& tag) { return holds(tag, "abl"); };
        return runs.loss[row] < 0.3 &&
               (runs.model[row] == "two-tower" || std::ranges::any_of(runs.tags[row], is_ablation)) &&
               runs.min_r1[row] > 0.4;
      },
      "loss < 0.3 AND (model = 'two-tower' OR tags LIKE '%abl%') AND min_r1 > 0.4");
  bench.filter(
      "status in (running, failed, queued) or created > -3d",
      [&](std::size_t row) {
        return runs.status[row] == "running" || runs.status[row] == "failed" || runs.status[row] == "queued" ||
               runs.created[row] > 1.791e9 - 3 * 86400;
      },
      "status IN ('running', 'failed', 'queued') OR created > 1791000000.0 - 3 * 86400");
  const std::regex pattern("(abl|sweep)-.*seed[0-9]7$", std::regex::icase | std::regex::optimize);
  bench.filter("name ~ \"(abl|sweep)-.*seed[0-9]7$\"", {}, "",
               {{"std::regex", [&] {
                   return bench.count([&](std::size_t row) { return std::regex_search(runs.name[row], pattern); });
                 }}});
  bench.filter("name ~ \"([a-z0-9-]+)+([a-z0-9-]+)+x$\"", {}, "");
  bench.filter(
      "abl lr7",
      [&](std::size_t row) {
        const auto somewhere = [&](std::string_view word) {
          return holds(runs.name[row], word) || holds(runs.model[row], word) || holds(runs.status[row], word) ||
                 holds(runs.note[row], word) ||
                 std::ranges::any_of(runs.tags[row], [&](const std::string& tag) { return holds(tag, word); });
        };
        return somewhere("abl") && somewhere("lr7");
      },
      "(name LIKE '%abl%' OR model LIKE '%abl%' OR status LIKE '%abl%' OR note LIKE '%abl%' OR tags LIKE '%abl%') AND "
      "(name LIKE '%lr7%' OR model LIKE '%lr7%' OR status LIKE '%lr7%' OR note LIKE '%lr7%' OR tags LIKE '%lr7%')");
  bench.expression(
      "(min(val/r1) + r1) * 100 / step",
      [&](std::size_t row) { return (runs.min_r1[row] + runs.r1[row]) * 100 / runs.step[row]; },
      "(min_r1 + r1) * 100 / step");
  bench.compiling("loss < 0.3 and (model = two-tower or tag ~ \"abl.*\") and min(val/r1) > 40%");
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t rows = 100'000;
  int rounds = 15;
  CLI::App app("Filters over a table of runs, beside a lambda and SQLite");
  app.add_option("--rows", rows);
  app.add_option("--rounds", rounds);
  CLI11_PARSE(app, argc, argv);
  Bench bench(rows, rounds);
  fmt::print("{} rows, medians of {} rounds\n", rows, rounds);
  measure(bench);
  return EXIT_SUCCESS;
}
