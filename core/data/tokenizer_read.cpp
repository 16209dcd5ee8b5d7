// Tokenizers that stand in files.
#include "core/base/files.h"
#include "core/data/tokenizer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::data {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr std::uintmax_t kMostFileBytes = 200'000'000;
constexpr const char* kJsonName = "tokenizer.json";
constexpr const char* kVocabularyName = "vocab.txt";
constexpr const char* kConfigName = "tokenizer_config.json";
constexpr const char* kBeginText = "[CLS]";
constexpr const char* kEndText = "[SEP]";
constexpr const char* kMaskText = "[MASK]";

// What a file asks for and this library does not do.
struct Unknown {
  std::string what;
};

Result<std::string> read_bounded(const fs::path& file) {
  std::error_code code;
  const auto bytes = fs::file_size(file, code);
  if (!code && bytes > kMostFileBytes) {
    return fail(ErrorKind::corrupt, "read the tokenizer " + file.string(),
                fmt::format("it has {} bytes, more than any tokenizer", bytes));
  }
  return read_file(file);
}

bool flag(const Json& object, const char* name, bool fallback) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() ? found->get<bool>() : fallback;
}

std::string type_of(const Json& part) { return part.is_object() ? part.value("type", "") : ""; }

void read_bert_normalizer(const Json& bert, Normalization& out) {
  out.clean = flag(bert, "clean_text", true);
  out.split_ideographs = flag(bert, "handle_chinese_chars", true);
  out.lowercase = flag(bert, "lowercase", true);
  out.strip_accents = flag(bert, "strip_accents", out.lowercase);  // in that layout null means "as lowercase"
}

Normalization read_normalization(const Json& document) {
  Normalization out{
      .strip_accents = false, .lowercase = false, .compatible = false, .clean = false, .split_ideographs = false};
  const auto normalizer = document.find("normalizer");
  if (normalizer == document.end() || normalizer->is_null()) return out;
  const bool sequence = type_of(*normalizer) == "Sequence";
  bool folded = false;
  for (const Json& part : sequence ? normalizer->at("normalizers") : Json::array({*normalizer})) {
    const std::string type = type_of(part);
    if (type == "BertNormalizer" && !folded) {
      read_bert_normalizer(part, out);
      folded = true;
    } else if (type == "NFKC" && !folded) {
      out.compatible = true;
    } else {
      throw Unknown{fmt::format("the normalizer {}{}", type, folded ? " after another" : "")};
    }
  }
  return out;
}

void check_pre_tokenizer(const Json& document) {
  const auto found = document.find("pre_tokenizer");
  if (found != document.end() && type_of(*found) != "BertPreTokenizer") {
    throw Unknown{fmt::format("the pre_tokenizer {}", type_of(*found))};
  }
}

}  // namespace

class TokenizerReader {
 public:
  static Tokenizer from_json(const Json& document) {
    const Json& model = document.at("model");
    if (type_of(model) != "WordPiece") throw Unknown{fmt::format("the model {}", type_of(model))};
    Tokenizer out;
    take_vocabulary(model.at("vocab"), out);
    out.continuation_ = model.value("continuing_subword_prefix", "##");
    out.longest_word_ = model.value("max_input_chars_per_word", std::size_t{100});
    out.normalization_ = read_normalization(document);
    check_pre_tokenizer(document);
    out.special_.unknown = id_of(out, model.value("unk_token", kUnknownText));
    out.special_.pad = id_of(out, kPadText);
    read_frame(document, out);
    if (out.special_.framed()) read_added(document, out);
    return out;
  }

  // One token a line; its number is its id. `config` is tokenizer_config.json or null.
  static Tokenizer from_lines(const std::string& text, const Json& config) {
    Tokenizer out;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      std::string piece = text.substr(begin, end - begin);
      if (piece.ends_with('\r')) piece.pop_back();
      const auto id = static_cast<std::int32_t>(out.vocabulary_.size());
      if (!out.ids_.emplace(piece, id).second) throw Unknown{fmt::format("two tokens \"{}\"", piece)};
      out.vocabulary_.push_back(std::move(piece));
      begin = end + 1;
    }
    Normalization& cleaning = out.normalization_;
    cleaning.compatible = false;
    cleaning.lowercase = flag(config, "do_lower_case", true);
    cleaning.strip_accents = flag(config, "strip_accents", cleaning.lowercase);
    cleaning.split_ideographs = flag(config, "tokenize_chinese_chars", true);
    out.special_ = {id_of(out, kPadText), id_of(out, kUnknownText), id_of(out, kBeginText), id_of(out, kEndText)};
    for (const char* name : {kPadText, kUnknownText, kBeginText, kEndText, kMaskText}) {
      if (const auto found = out.ids_.find(name); found != out.ids_.end()) out.written_out_.emplace_back(*found);
    }
    return out;
  }

 private:
  static std::int32_t id_of(const Tokenizer& tokenizer, const std::string& text) {
    const auto found = tokenizer.ids_.find(text);
    if (found == tokenizer.ids_.end()) throw Unknown{fmt::format("no {}", text)};
    return found->second;
  }

  static void take_vocabulary(const Json& entries, Tokenizer& out) {
    out.vocabulary_.resize(entries.size());
    for (const auto& [piece, id] : entries.items()) {
      const auto index = id.get<std::size_t>();
      if (index >= out.vocabulary_.size() || !out.vocabulary_[index].empty()) {
        throw Failure(ErrorKind::corrupt, "", fmt::format("the id of \"{}\" is out of order", piece));
      }
      out.vocabulary_[index] = piece;
      out.ids_.emplace(piece, static_cast<std::int32_t>(index));
    }
  }

  static void read_frame(const Json& document, Tokenizer& out) {
    const auto found = document.find("post_processor");
    if (found == document.end() || found->is_null()) return;
    std::string begin, end;
    if (type_of(*found) == "BertProcessing") {
      begin = found->at("cls").at(0).get<std::string>();
      end = found->at("sep").at(0).get<std::string>();
    } else if (type_of(*found) == "TemplateProcessing") {
      const Json& single = found->at("single");
      if (single.size() != 3 || !single[0].contains("SpecialToken") || !single[1].contains("Sequence") ||
          !single[2].contains("SpecialToken")) {
        throw Unknown{"a template that is not one token, the text, one token"};
      }
      begin = single[0].at("SpecialToken").at("id").get<std::string>();
      end = single[2].at("SpecialToken").at("id").get<std::string>();
    } else {
      throw Unknown{fmt::format("the post_processor {}", type_of(*found))};
    }
    out.special_.begin = id_of(out, begin);
    out.special_.end = id_of(out, end);
  }

  static void read_added(const Json& document, Tokenizer& out) {
    const auto found = document.find("added_tokens");
    if (found == document.end()) return;
    for (const Json& token : *found) {
      const auto content = token.at("content").get<std::string>();
      if (flag(token, "single_word", false) || flag(token, "normalized", false) || content.empty()) {
        throw Unknown{fmt::format("the added token \"{}\", which is not to be found as it is written", content)};
      }
      if (id_of(out, content) != token.at("id").get<std::int32_t>()) {
        throw Failure(ErrorKind::corrupt, "", fmt::format("the added token \"{}\" has two ids", content));
      }
      out.written_out_.emplace_back(content, token.at("id").get<std::int32_t>());
    }
  }
};

Result<Tokenizer> Tokenizer::load(const fs::path& file_or_folder) {
  fs::path file = file_or_folder;
  std::error_code code;
  if (fs::is_directory(file, code)) {
    file /= kJsonName;
    if (!fs::exists(file, code)) file = file_or_folder / kVocabularyName;
  }
  const std::string intention = "read the tokenizer " + file.string();
  const auto text = read_bounded(file);
  if (!text) return tl::unexpected(text.error());
  try {
    if (file.extension() != ".txt") return TokenizerReader::from_json(Json::parse(*text));
    Json config = Json::object();
    if (const fs::path beside = file.parent_path() / kConfigName; fs::exists(beside, code)) {
      config = Json::parse(value_or_throw(read_bounded(beside)));
    }
    return TokenizerReader::from_lines(*text, config);
  } catch (const Unknown& unknown) {
    return fail(ErrorKind::invalid_input, intention, fmt::format("it has {}", unknown.what),
                "use a WordPiece tokenizer of BERT's kind");
  } catch (const Failure& failure) {
    return fail(failure.error().kind, intention, failure.error().cause, "fetch or prepare it again");
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorKind::corrupt, intention, error.what(), "fetch or prepare it again");
  }
}

}  // namespace athanor::data
