#include "core/checkpoint/safetensors.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace athanor::checkpoint {
namespace {

using nlohmann::json;

constexpr std::int64_t kPrefixBytes = 8;
constexpr std::int64_t kMostHeaderBytes = 100'000'000;
constexpr std::size_t kMostDims = 32;

static_assert(std::endian::native == std::endian::little, "arrays are stored little-endian");

std::optional<std::int64_t> bytes_per_element(std::string_view dtype) {
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
  for (const auto& [name, size] : kSizes) {
    if (name == dtype) return size;
  }
  return std::nullopt;
}

bool read_fully(int descriptor, void* target, std::int64_t bytes, std::int64_t offset) {
  auto* cursor = static_cast<char*>(target);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor, cursor, static_cast<std::size_t>(bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = ENODATA;
    if (got <= 0) return false;
    cursor += got;
    bytes -= got;
    offset += got;
  }
  return true;
}

// The reason why the header cannot be believed travels as this exception to open().
struct Refused {
  std::string reason;
};

// Refuses a name that occurs twice, which a plain JSON reader would hide.
json parse_header(const std::string& text) {
  std::set<std::string> names;
  std::string twice;
  const auto watch = [&](int depth, json::parse_event_t event, const json& parsed) {
    if (event == json::parse_event_t::key && depth == 1 && !names.insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  json header = json::parse(text, watch, false);
  if (header.is_discarded() || !header.is_object()) throw Refused{"its header is no JSON object"};
  if (!twice.empty()) throw Refused{fmt::format("its header names '{}' twice", twice)};
  return header;
}

std::vector<std::int64_t> read_shape(const std::string& name, const json& value) {
  if (!value.is_array() || value.size() > kMostDims) throw Refused{fmt::format("'{}' has no usable shape", name)};
  std::vector<std::int64_t> shape;
  for (const json& dim : value) {
    if (!dim.is_number_unsigned() || dim.get<std::uint64_t>() > std::uint64_t{1} << 48U) {
      throw Refused{fmt::format("'{}' has no usable shape", name)};
    }
    shape.push_back(dim.get<std::int64_t>());
  }
  return shape;
}

std::int64_t bytes_of(const std::string& name, const std::vector<std::int64_t>& shape, std::int64_t element) {
  std::int64_t bytes = element;
  for (const std::int64_t dim : shape) {
    if (__builtin_mul_overflow(bytes, dim, &bytes)) throw Refused{fmt::format("'{}' is too large", name)};
  }
  return bytes;
}

ArrayEntry read_entry(const std::string& name, const json& value, std::int64_t data_bytes) {
  if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() || !value.contains("shape") ||
      !value.contains("data_offsets")) {
    throw Refused{fmt::format("'{}' lacks its type, shape or offsets", name)};
  }
  ArrayEntry entry{name, value["dtype"].get<std::string>(), read_shape(name, value["shape"]), 0, 0};
  const auto element = bytes_per_element(entry.dtype);
  if (!element) throw Refused{fmt::format("'{}' has the unknown type {}", name, entry.dtype)};
  const json& offsets = value["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    throw Refused{fmt::format("'{}' has no usable offsets", name)};
  }
  const auto begin = offsets[0].get<std::uint64_t>();
  const auto end = offsets[1].get<std::uint64_t>();
  if (begin > end || end > static_cast<std::uint64_t>(data_bytes)) {
    throw Refused{fmt::format("'{}' reaches from byte {} to {} of {}", name, begin, end, data_bytes)};
  }
  entry.begin = static_cast<std::int64_t>(begin);
  entry.end = static_cast<std::int64_t>(end);
  if (const auto wanted = bytes_of(name, entry.shape, *element); wanted != entry.end - entry.begin) {
    throw Refused{fmt::format("'{}' needs {} bytes for its shape but has {}", name, wanted, entry.end - entry.begin)};
  }
  return entry;
}

void check_coverage(const std::vector<ArrayEntry>& sorted, std::int64_t data_bytes) {
  std::int64_t covered = 0;
  for (const ArrayEntry& entry : sorted) {
    if (entry.begin < covered) throw Refused{fmt::format("'{}' overlaps the array before it", entry.name)};
    if (entry.begin > covered) throw Refused{fmt::format("there is a gap before '{}'", entry.name)};
    covered = entry.end;
  }
  if (covered != data_bytes)
    throw Refused{fmt::format("{} bytes behind the last array belong to none", data_bytes - covered)};
}

std::map<std::string, std::string> read_metadata(const json& value) {
  std::map<std::string, std::string> out;
  if (!value.is_object()) throw Refused{"its metadata is no object"};
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) throw Refused{fmt::format("its metadata '{}' is no text", key)};
    out.emplace(key, text.get<std::string>());
  }
  return out;
}

}  // namespace

Result<SafetensorsReader> SafetensorsReader::open(const std::filesystem::path& file) {
  const auto intention = fmt::format("read {}", file.string());
  SafetensorsReader reader;
  reader.file_ = file;
  reader.descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (reader.descriptor_ < 0 || ::fstat(reader.descriptor_, &facts) != 0) {
    return fail(ErrorKind::io, intention, std::strerror(errno));
  }
  try {
    std::uint64_t length = 0;
    if (!read_fully(reader.descriptor_, &length, kPrefixBytes, 0))
      throw Refused{"it is too short to be a safetensors file"};
    const std::int64_t most = std::min<std::int64_t>(kMostHeaderBytes, facts.st_size - kPrefixBytes);
    if (length > static_cast<std::uint64_t>(most)) {
      throw Refused{fmt::format("its header claims {} bytes, but at most {} are possible", length, most)};
    }
    std::string text(static_cast<std::size_t>(length), '\0');
    if (!read_fully(reader.descriptor_, text.data(), static_cast<std::int64_t>(length), kPrefixBytes)) {
      return fail(ErrorKind::io, intention, std::strerror(errno));
    }
    reader.data_begin_ = kPrefixBytes + static_cast<std::int64_t>(length);
    const std::int64_t data_bytes = facts.st_size - reader.data_begin_;
    const json header = parse_header(text);
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        reader.metadata_ = read_metadata(value);
      } else {
        reader.arrays_.push_back(read_entry(name, value, data_bytes));
      }
    }
    std::ranges::sort(reader.arrays_, [](const ArrayEntry& a, const ArrayEntry& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    check_coverage(reader.arrays_, data_bytes);
  } catch (const Refused& refused) {
    return fail(ErrorKind::corrupt, intention, refused.reason, "restore the file from a copy");
  }
  return reader;
}

SafetensorsReader::SafetensorsReader(SafetensorsReader&& other) noexcept { *this = std::move(other); }

SafetensorsReader& SafetensorsReader::operator=(SafetensorsReader&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(data_begin_, other.data_begin_);
  std::swap(file_, other.file_);
  std::swap(arrays_, other.arrays_);
  std::swap(metadata_, other.metadata_);
  return *this;
}

SafetensorsReader::~SafetensorsReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

const ArrayEntry* SafetensorsReader::find(std::string_view name) const {
  const auto found = std::ranges::find(arrays_, name, &ArrayEntry::name);
  return found == arrays_.end() ? nullptr : &*found;
}

Result<void> SafetensorsReader::read_bytes(const ArrayEntry& entry, void* target) const {
  if (read_fully(descriptor_, target, entry.end - entry.begin, data_begin_ + entry.begin)) return {};
  return fail(ErrorKind::io, fmt::format("read '{}' from {}", entry.name, file_.string()), std::strerror(errno));
}

Result<std::vector<std::byte>> SafetensorsReader::read(const ArrayEntry& entry) const {
  std::vector<std::byte> out(static_cast<std::size_t>(entry.end - entry.begin));
  return read_bytes(entry, out.data()).map([&out] { return std::move(out); });
}

Result<std::vector<float>> SafetensorsReader::read_f32(const ArrayEntry& entry) const {
  if (entry.dtype != "F32") {
    return fail(ErrorKind::corrupt, fmt::format("read '{}' from {}", entry.name, file_.string()),
                fmt::format("it is {} and not F32", entry.dtype));
  }
  std::vector<float> out(static_cast<std::size_t>(entry.end - entry.begin) / sizeof(float));
  return read_bytes(entry, out.data()).map([&out] { return std::move(out); });
}

}  // namespace athanor::checkpoint
