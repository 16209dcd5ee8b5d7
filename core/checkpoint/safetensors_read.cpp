#include "core/checkpoint/positioned_file.h"
#include "core/checkpoint/safetensors.h"
#include "core/checkpoint/safetensors_header.h"
#include "kernels/base/number_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <optional>
#include <sys/mman.h>
#include <sys/stat.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace athanor::checkpoint {
namespace {

constexpr std::int64_t kPrefixBytes = 8;
constexpr std::int64_t kMostHeaderBytes = 100'000'000;

static_assert(std::endian::native == std::endian::little, "arrays are stored little-endian");

template <class T>
T stored(std::span<const std::byte> bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

// Each gives the index of the first element that a float cannot hold, or nothing.
using Misfit = std::optional<std::size_t>;

template <class Format, class Code>
Misfit widen(std::span<const std::byte> bytes, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = Format::decode(stored<Code>(bytes, i));
  return std::nullopt;
}

template <class T>
Misfit round_off(std::span<const std::byte> bytes, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const T value = stored<T>(bytes, i);
    out[i] = static_cast<float>(value);
    if constexpr (std::is_integral_v<T>) {
      constexpr auto kExact = std::uint64_t{1} << 24U;
      const auto magnitude = value < T{0} ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : std::uint64_t(value);
      if (magnitude > kExact) return i;
    } else if (std::isfinite(value) && !std::isfinite(out[i])) {
      return i;
    }
  }
  return std::nullopt;
}

Misfit converted(std::string_view dtype, std::span<const std::byte> bytes, std::span<float> out) {
  if (dtype == "F32") return std::memcpy(out.data(), bytes.data(), bytes.size()), std::nullopt;
  if (dtype == "F64") return round_off<double>(bytes, out);
  if (dtype == "F16") return widen<Float16, std::uint16_t>(bytes, out);
  if (dtype == "BF16") return widen<BFloat16, std::uint16_t>(bytes, out);
  if (dtype == "F8_E4M3") return widen<Float8E4M3, std::uint8_t>(bytes, out);
  if (dtype == "F8_E5M2") return widen<Float8E5M2, std::uint8_t>(bytes, out);
  if (dtype == "I64") return round_off<std::int64_t>(bytes, out);
  if (dtype == "I32") return round_off<std::int32_t>(bytes, out);
  if (dtype == "I16") return round_off<std::int16_t>(bytes, out);
  if (dtype == "I8") return round_off<std::int8_t>(bytes, out);
  if (dtype == "U64") return round_off<std::uint64_t>(bytes, out);
  if (dtype == "U32") return round_off<std::uint32_t>(bytes, out);
  if (dtype == "U16") return round_off<std::uint16_t>(bytes, out);
  return round_off<std::uint8_t>(bytes, out);  // U8, BOOL
}

}  // namespace

Result<void> to_floats(std::string_view name, std::string_view dtype, std::span<const std::byte> bytes,
                       std::span<float> out) {
  const Misfit misfit = out.empty() ? std::nullopt : converted(dtype, bytes, out);
  if (!misfit) return {};
  return fail(ErrorKind::corrupt, fmt::format("read '{}'", name),
              fmt::format("its element {} ({}) does not fit into a float", *misfit, dtype));
}

Result<SafetensorsReader> SafetensorsReader::open(const std::filesystem::path& file) {
  const auto intention = fmt::format("read {}", file.string());
  SafetensorsReader reader;
  reader.file_ = file;
  reader.descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat facts {};
  if (reader.descriptor_ < 0 || ::fstat(reader.descriptor_, &facts) != 0) {
    return fail(ErrorKind::io, intention, std::strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) return fail(ErrorKind::io, intention, "it is no plain file");
  reader.file_bytes_ = facts.st_size;
  try {
    std::uint64_t length = 0;
    if (!read_fully(reader.descriptor_, &length, kPrefixBytes, 0)) {
      throw HeaderRefused{"it is too short to be a safetensors file"};
    }
    const std::int64_t most = std::min<std::int64_t>(kMostHeaderBytes, facts.st_size - kPrefixBytes);
    if (length > static_cast<std::uint64_t>(most)) {
      throw HeaderRefused{fmt::format("its header claims {} bytes, but at most {} are possible", length, most)};
    }
    std::string text(static_cast<std::size_t>(length), '\0');
    if (!read_fully(reader.descriptor_, text.data(), static_cast<std::int64_t>(length), kPrefixBytes)) {
      return fail(ErrorKind::io, intention, std::strerror(errno));
    }
    reader.data_begin_ = kPrefixBytes + static_cast<std::int64_t>(length);
    SafetensorsHeader header = parse_safetensors_header(text, facts.st_size - reader.data_begin_);
    reader.arrays_ = std::move(header.arrays);
    reader.metadata_ = std::move(header.metadata);
  } catch (const HeaderRefused& refused) {
    return fail(ErrorKind::corrupt, intention, refused.reason, "restore the file from a copy");
  }
  return reader;
}

SafetensorsReader::SafetensorsReader(SafetensorsReader&& other) noexcept { *this = std::move(other); }

SafetensorsReader& SafetensorsReader::operator=(SafetensorsReader&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(mapping_, other.mapping_);
  std::swap(file_bytes_, other.file_bytes_);
  std::swap(data_begin_, other.data_begin_);
  std::swap(file_, other.file_);
  std::swap(arrays_, other.arrays_);
  std::swap(metadata_, other.metadata_);
  return *this;
}

SafetensorsReader::~SafetensorsReader() {
  if (mapping_ != nullptr) ::munmap(mapping_, static_cast<std::size_t>(file_bytes_));
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

Result<std::span<const std::byte>> SafetensorsReader::map(const ArrayEntry& entry) {
  if (mapping_ == nullptr) {
    void* mapped = ::mmap(nullptr, static_cast<std::size_t>(file_bytes_), PROT_READ, MAP_PRIVATE, descriptor_, 0);
    if (mapped == MAP_FAILED) {
      return fail(ErrorKind::io, fmt::format("map {} into memory", file_.string()), std::strerror(errno));
    }
    mapping_ = mapped;
  }
  return std::span(static_cast<const std::byte*>(mapping_) + data_begin_ + entry.begin,
                   static_cast<std::size_t>(entry.end - entry.begin));
}

Result<std::vector<float>> SafetensorsReader::read_f32(const ArrayEntry& entry) const {
  if (entry.dtype != "F32") {
    return fail(ErrorKind::corrupt, fmt::format("read '{}' from {}", entry.name, file_.string()),
                fmt::format("it is {} and not F32", entry.dtype));
  }
  std::vector<float> out(static_cast<std::size_t>(entry.end - entry.begin) / sizeof(float));
  return read_bytes(entry, out.data()).map([&out] { return std::move(out); });
}

Result<std::vector<float>> SafetensorsReader::read_numbers(const ArrayEntry& entry) {
  const auto bytes = map(entry);
  if (!bytes) return tl::unexpected(bytes.error());
  std::vector<float> out(bytes->size() / static_cast<std::size_t>(bytes_per_element(entry.dtype)));
  if (auto converted = to_floats(entry.name, entry.dtype, *bytes, out); !converted) {
    converted.error().intention += fmt::format(" from {}", file_.string());
    return tl::unexpected(converted.error());
  }
  return out;
}

}  // namespace athanor::checkpoint
