// Learning a vocabulary by joining the most frequent adjacent pair, again and again.
#include "core/data/tokenizer.h"

#include <queue>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace athanor::data {
namespace {

using Symbol = std::uint32_t;
using Pair = std::pair<Symbol, Symbol>;

struct Word {
  std::vector<Symbol> symbols;
  std::int64_t count = 0;
};

struct Candidate {
  std::int64_t count;
  std::string left, right;
  Pair pair;
  // The largest count first; among equals the pair that sorts first.
  bool operator<(const Candidate& other) const {
    if (count != other.count) return count < other.count;
    return std::tie(left, right) > std::tie(other.left, other.right);
  }
};

std::vector<std::string> code_points(const std::string& word) {
  std::vector<std::string> result;
  for (const char c : word) {
    if (result.empty() || (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) result.emplace_back();
    result.back() += c;
  }
  return result;
}

class Trainer {
 public:
  Trainer(const std::vector<std::string>& texts, const Normalization& normalization) {
    std::map<std::string, std::int64_t> counts;
    for (const std::string& text : texts) {
      for (std::string& word : split_words(text, normalization)) ++counts[std::move(word)];
    }
    collect_alphabet(counts);
    for (const auto& [text, count] : counts) {
      Word word{.symbols = {}, .count = count};
      for (const std::string& c : code_points(text)) {
        word.symbols.push_back(symbol((word.symbols.empty() ? "" : "##") + c));
      }
      words_.push_back(std::move(word));
    }
    for (std::size_t i = 0; i < words_.size(); ++i) add_pairs(i, +1);
    for (const auto& [pair, count] : counts_) offer(pair);
  }

  std::vector<std::string> run(std::size_t size) {
    while (pieces_.size() < size && !queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      const auto now = counts_.find(best.pair);
      if (now == counts_.end() || now->second != best.count) continue;  // superseded by a later offer
      if (best.count < 2) break;
      join(best);
    }
    return pieces_;
  }

 private:
  void collect_alphabet(const std::map<std::string, std::int64_t>& counts) {
    std::set<std::string> alphabet;
    for (const auto& [text, count] : counts) {
      bool first = true;
      for (const std::string& c : code_points(text)) {
        alphabet.insert((first ? "" : "##") + c);
        first = false;
      }
    }
    pieces_ = {kPadText, kUnknownText};
    for (std::size_t i = 0; i < pieces_.size(); ++i) ids_[pieces_[i]] = static_cast<Symbol>(i);
    for (const std::string& c : alphabet) symbol(c);
  }

  Symbol symbol(const std::string& piece) {
    const auto [entry, fresh] = ids_.emplace(piece, static_cast<Symbol>(pieces_.size()));
    if (fresh) pieces_.push_back(piece);
    return entry->second;
  }

  void add_pairs(std::size_t index, std::int64_t sign) {
    const Word& word = words_[index];
    for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      const Pair pair{word.symbols[i], word.symbols[i + 1]};
      counts_[pair] += sign * word.count;
      where_[pair].insert(index);
    }
  }

  void offer(const Pair& pair) {
    const std::int64_t count = counts_[pair];
    if (count > 0) queue_.push({count, pieces_[pair.first], pieces_[pair.second], pair});
  }

  void join(const Candidate& best) {
    const Symbol joined = symbol(best.left + best.right.substr(2));
    const std::set<std::size_t> places = where_[best.pair];
    std::set<Pair> touched;
    for (const std::size_t index : places) {
      add_pairs(index, -1);
      std::vector<Symbol>& symbols = words_[index].symbols;
      note_pairs(symbols, touched);
      replace(symbols, best.pair, joined);
      add_pairs(index, +1);
      note_pairs(symbols, touched);
    }
    counts_.erase(best.pair);
    where_.erase(best.pair);
    touched.erase(best.pair);
    for (const Pair& pair : touched) offer(pair);
  }

  static void note_pairs(const std::vector<Symbol>& symbols, std::set<Pair>& pairs) {
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) pairs.emplace(symbols[i], symbols[i + 1]);
  }

  static void replace(std::vector<Symbol>& symbols, const Pair& pair, Symbol joined) {
    std::vector<Symbol> result;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      if (i + 1 < symbols.size() && symbols[i] == pair.first && symbols[i + 1] == pair.second) {
        result.push_back(joined);
        ++i;
      } else {
        result.push_back(symbols[i]);
      }
    }
    symbols = std::move(result);
  }

  std::vector<std::string> pieces_;
  std::map<std::string, Symbol> ids_;
  std::vector<Word> words_;
  std::map<Pair, std::int64_t> counts_;
  std::map<Pair, std::set<std::size_t>> where_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace

std::vector<std::string> train_wordpiece(const std::vector<std::string>& texts, std::size_t size,
                                         const Normalization& normalization) {
  return Trainer(texts, normalization).run(size);
}

}  // namespace athanor::data
