#include "core/checkpoint/safetensors_header.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace athanor::checkpoint {
namespace {

using nlohmann::json;

constexpr std::size_t kMostDims = 32;
constexpr std::uint64_t kLargestDim = std::uint64_t{1} << 48U;
constexpr std::size_t kLongestShownName = 200;
constexpr const char* kMetadata = "__metadata__";

[[noreturn]] void refuse(std::string reason) { throw HeaderRefused{std::move(reason)}; }

std::string shown(std::string_view name) {
  return name.size() <= kLongestShownName ? std::string(name) : std::string(name.substr(0, kLongestShownName)) + "…";
}

// Follows the parser through the only shape a header may have. Every number of a list is judged as it comes, so that
// nothing of unbounded size is ever collected.
class HeaderReader final : public json::json_sax_t {
 public:
  explicit HeaderReader(std::int64_t data_bytes) : data_bytes_(data_bytes) {}
  [[nodiscard]] SafetensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::outside: place_ = Place::top; return true;
      case Place::top: place_ = name_ == kMetadata ? Place::metadata : Place::entry; return true;
      default: return refuse_value();
    }
  }

  bool end_object() override {
    if (place_ == Place::entry) finish_entry();
    place_ = place_ == Place::top ? Place::outside : Place::top;
    return true;
  }

  bool key(std::string& text) override {
    if (place_ == Place::top) {
      if (!names_.insert(text).second) refuse(fmt::format("its header names '{}' twice", shown(text)));
      name_ = text;
      entry_ = {};
    } else if (place_ == Place::metadata) {
      if (header_.metadata.contains(text)) refuse(fmt::format("its metadata names '{}' twice", shown(text)));
      field_ = text;
    } else {
      if (text != "dtype" && text != "shape" && text != "data_offsets") {
        refuse(fmt::format("'{}' has the unknown field {}", shown(name_), shown(text)));
      }
      if (!entry_.seen.insert(text).second) refuse(fmt::format("'{}' has its {} twice", shown(name_), text));
      field_ = text;
    }
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::metadata) {
      header_.metadata.emplace(field_, text);
      return true;
    }
    if (place_ != Place::entry || field_ != "dtype") return refuse_value();
    entry_.dtype = text;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::entry || field_ == "dtype") return refuse_value();
    place_ = Place::list;
    return true;
  }

  bool end_array() override {
    place_ = Place::entry;
    return true;
  }

  bool number_unsigned(std::uint64_t value) override {
    if (place_ != Place::list) return refuse_value();
    const bool shape = field_ == "shape";
    auto& list = shape ? entry_.shape : entry_.offsets;
    if (list.size() == (shape ? kMostDims : 2) || (shape && value > kLargestDim)) return refuse_value();
    list.push_back(value);
    return true;
  }

  bool null() override { return refuse_value(); }
  bool boolean(bool) override { return refuse_value(); }
  bool number_integer(std::int64_t) override { return refuse_value(); }
  bool number_float(double, const std::string&) override { return refuse_value(); }
  bool binary(json::binary_t&) override { return refuse_value(); }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    refuse(fmt::format("its header is no JSON object: it cannot be read from byte {} on", position));
  }

 private:
  enum class Place { outside, top, metadata, entry, list };
  struct Entry {
    std::set<std::string, std::less<>> seen;
    std::string dtype;
    std::vector<std::uint64_t> shape, offsets;
  };

  // Something stands where it may not.
  bool refuse_value() {
    const std::string name = shown(name_);
    if (place_ == Place::outside) refuse("its header is no JSON object");
    if (place_ == Place::metadata) refuse(fmt::format("its metadata '{}' is no text", shown(field_)));
    if (place_ == Place::top && name_ == kMetadata) refuse("its metadata is no object");
    if (place_ == Place::top) refuse(fmt::format("'{}' lacks its type, shape or offsets", name));
    if (field_ == "dtype") refuse(fmt::format("the type of '{}' is no text", name));
    refuse(fmt::format("'{}' has no usable {}", name, field_ == "shape" ? "shape" : "offsets"));
  }

  void finish_entry() {
    const std::string name = shown(name_);
    if (entry_.seen.size() != 3) refuse(fmt::format("'{}' lacks its type, shape or offsets", name));
    const std::int64_t element = bytes_per_element(entry_.dtype);
    if (element == 0) refuse(fmt::format("'{}' has the unknown type {}", name, shown(entry_.dtype)));
    if (entry_.offsets.size() != 2) refuse(fmt::format("'{}' has no usable offsets", name));
    const std::uint64_t begin = entry_.offsets[0], end = entry_.offsets[1];
    if (begin > end || end > static_cast<std::uint64_t>(data_bytes_)) {
      refuse(fmt::format("'{}' reaches from byte {} to {} of {}", name, begin, end, data_bytes_));
    }
    std::int64_t wanted = element;
    for (const std::uint64_t dim : entry_.shape) {
      if (__builtin_mul_overflow(wanted, static_cast<std::int64_t>(dim), &wanted)) {
        refuse(fmt::format("'{}' is too large", name));
      }
    }
    const auto bytes = static_cast<std::int64_t>(end - begin);
    if (wanted != bytes) refuse(fmt::format("'{}' needs {} bytes for its shape but has {}", name, wanted, bytes));
    header_.arrays.push_back({name_, entry_.dtype, std::vector<std::int64_t>(entry_.shape.begin(), entry_.shape.end()),
                              static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end)});
  }

  std::int64_t data_bytes_;
  Place place_ = Place::outside;
  std::string name_, field_;
  Entry entry_;
  std::set<std::string, std::less<>> names_;
  SafetensorsHeader header_;
};

void check_coverage(const std::vector<ArrayEntry>& sorted, std::int64_t data_bytes) {
  std::int64_t covered = 0;
  for (const ArrayEntry& entry : sorted) {
    if (entry.begin < covered) refuse(fmt::format("'{}' overlaps the array before it", shown(entry.name)));
    if (entry.begin > covered) refuse(fmt::format("there is a gap before '{}'", shown(entry.name)));
    covered = entry.end;
  }
  if (covered != data_bytes) {
    refuse(fmt::format("{} bytes behind the last array belong to none", data_bytes - covered));
  }
}

}  // namespace

std::int64_t bytes_per_element(std::string_view dtype) noexcept {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 15> kSizes = {{{"F64", 8},
                                                                                        {"F32", 4},
                                                                                        {"F16", 2},
                                                                                        {"BF16", 2},
                                                                                        {"I64", 8},
                                                                                        {"I32", 4},
                                                                                        {"I16", 2},
                                                                                        {"I8", 1},
                                                                                        {"U64", 8},
                                                                                        {"U32", 4},
                                                                                        {"U16", 2},
                                                                                        {"U8", 1},
                                                                                        {"BOOL", 1},
                                                                                        {"F8_E4M3", 1},
                                                                                        {"F8_E5M2", 1}}};
  const auto found = std::ranges::find(kSizes, dtype, &std::pair<std::string_view, std::int64_t>::first);
  return found == kSizes.end() ? 0 : found->second;
}

SafetensorsHeader parse_safetensors_header(std::string_view text, std::int64_t data_bytes) {
  HeaderReader reader(data_bytes);
  if (!json::sax_parse(text, &reader)) refuse("its header is no JSON object");
  SafetensorsHeader header = reader.take();
  std::ranges::sort(header.arrays, [](const ArrayEntry& a, const ArrayEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  check_coverage(header.arrays, data_bytes);
  return header;
}

}  // namespace athanor::checkpoint
