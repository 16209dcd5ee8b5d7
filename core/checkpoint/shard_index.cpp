#include "core/checkpoint/shard_index.h"

#include "core/checkpoint/safetensors_header.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>
#include <stdexcept>
#include <tuple>

namespace athanor::checkpoint {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 3> kSections = {"model", "optimizer", "residual"};
constexpr std::size_t kHexDigits = 8;  // of one checksum

std::string hex(const std::vector<std::uint32_t>& checksums) {
  std::string out;
  for (const std::uint32_t checksum : checksums) out += fmt::format("{:08x}", checksum);
  return out;
}

std::vector<std::uint32_t> from_hex(const std::string& text) {
  std::vector<std::uint32_t> out;
  for (std::size_t at = 0; at < text.size(); at += kHexDigits) {
    const char* const begin = text.data() + at;
    const char* const end = begin + std::min(kHexDigits, text.size() - at);
    std::uint32_t checksum = 0;
    const auto [stop, error] = std::from_chars(begin, end, checksum, 16);
    if (error != std::errc{} || stop != end || end - begin != kHexDigits) throw std::invalid_argument("no checksum");
    out.push_back(checksum);
  }
  return out;
}

Section section_named(const std::string& name) {
  const auto found = std::ranges::find(kSections, name);
  if (found == kSections.end()) throw std::invalid_argument("no section");
  return static_cast<Section>(found - kSections.begin());
}

StoredBox box_from_json(const json& in) {
  StoredBox out;
  in.at("offset").get_to(out.box.offset);
  in.at("extent").get_to(out.box.extent);
  in.at("file").get_to(out.file);
  in.at("bytes").at(0).get_to(out.begin);
  in.at("bytes").at(1).get_to(out.end);
  out.checksums = from_hex(in.at("crc32c").get<std::string>());
  return out;
}

std::string shown(const StoredTensor& tensor, const StoredBox& box) {
  return fmt::format("'{}' {}", tensor.name, to_text(box.box));
}

// The bytes of a part of a tensor; false where there can be no such part.
bool size_of(const StoredTensor& tensor, const std::vector<std::int64_t>& extent, std::int64_t& bytes) {
  bytes = bytes_per_element(tensor.dtype);
  for (const std::int64_t dim : extent)
    if (dim < 0 || __builtin_mul_overflow(bytes, dim, &bytes)) return false;
  return bytes > 0 || volume(extent) == 0;
}

std::string fault_of(const ShardIndex& index, const StoredTensor& tensor, const StoredBox& box) {
  std::int64_t bytes = 0;
  if (!fits(box.box, tensor.shape) || !size_of(tensor, box.box.extent, bytes))
    return fmt::format("{} is not inside its tensor", shown(tensor, box));
  if (box.file >= index.files.size()) return fmt::format("{} lies in no file", shown(tensor, box));
  const StoredFile& file = index.files[box.file];
  if (box.begin < file.head_bytes || box.begin > box.end || box.end > file.bytes || box.end - box.begin != bytes)
    return fmt::format("{} does not lie where it says in {}", shown(tensor, box), file.name);
  const auto blocks = static_cast<std::size_t>((bytes + kBlockBytes - 1) / kBlockBytes);
  if (box.checksums.size() != blocks) return fmt::format("{} has not one checksum for each block", shown(tensor, box));
  return {};
}

// Two boxes with an element in common. Sorted by their offsets, only those that begin before another ends can be.
std::string meeting_of(const StoredTensor& tensor) {
  std::vector<const Box*> sorted;
  for (const StoredBox& box : tensor.boxes) sorted.push_back(&box.box);
  std::ranges::sort(sorted, {}, [](const Box* box) { return std::tie(box->offset, box->extent); });
  for (auto one = sorted.begin(); one != sorted.end(); ++one) {
    for (auto other = one + 1; other != sorted.end(); ++other) {
      const Box &a = **one, &b = **other;
      if (!a.offset.empty() && b.offset[0] >= a.offset[0] + a.extent[0]) break;
      if (intersection(a, b)) return fmt::format("where {} and {} meet", to_text(a), to_text(b));
    }
  }
  return {};
}

std::string fault_of(const ShardIndex& index, const StoredTensor& tensor) {
  std::int64_t bytes = 0;
  if (bytes_per_element(tensor.dtype) == 0)
    return fmt::format("'{}' has the unknown type {}", tensor.name, tensor.dtype);
  if (!size_of(tensor, tensor.shape, bytes)) return fmt::format("'{}' has no usable shape", tensor.name);
  std::int64_t held = 0;
  for (const StoredBox& box : tensor.boxes) {
    if (std::string fault = fault_of(index, tensor, box); !fault.empty()) return fault;
    held += volume(box.box.extent);
  }
  if (const std::string meeting = meeting_of(tensor); !meeting.empty())
    return fmt::format("'{}' is there twice {}", tensor.name, meeting);
  const std::int64_t wanted = volume(tensor.shape);
  if (held == wanted) return {};
  return fmt::format("{} of the {} elements of '{}' are missing", wanted - held, wanted, tensor.name);
}

}  // namespace

const char* to_string(Section section) noexcept { return kSections[static_cast<std::size_t>(section)]; }

std::string residual_name(std::string_view parameter, std::string_view key) {
  return fmt::format("{}@{}", parameter, key);
}

std::string to_json(const ShardIndex& index) {
  json files = json::array(), tensors = json::array();
  for (const StoredFile& file : index.files)
    files.push_back({{"name", file.name},
                     {"bytes", file.bytes},
                     {"head_bytes", file.head_bytes},
                     {"head_crc32c", fmt::format("{:08x}", file.head_checksum)}});
  for (const StoredTensor& tensor : index.tensors) {
    json boxes = json::array();
    for (const StoredBox& box : tensor.boxes)
      boxes.push_back({{"offset", box.box.offset},
                       {"extent", box.box.extent},
                       {"file", box.file},
                       {"bytes", {box.begin, box.end}},
                       {"crc32c", hex(box.checksums)}});
    tensors.push_back({{"section", to_string(tensor.section)},
                       {"name", tensor.name},
                       {"dtype", tensor.dtype},
                       {"shape", tensor.shape},
                       {"boxes", std::move(boxes)}});
  }
  return json{{"block_bytes", kBlockBytes}, {"files", std::move(files)}, {"tensors", std::move(tensors)}}.dump() + "\n";
}

Result<ShardIndex> index_from_json(std::string_view text) {
  const auto refused = [] { return fail(ErrorKind::corrupt, "read manifest.json", "it is not the JSON it should be"); };
  try {
    const json in = json::parse(text);
    if (in.at("block_bytes").get<std::int64_t>() != kBlockBytes) return refused();
    ShardIndex out;
    for (const json& file : in.at("files")) {
      const auto checksums = from_hex(file.at("head_crc32c").get<std::string>());
      if (checksums.size() != 1) return refused();
      out.files.push_back({file.at("name").get<std::string>(), file.at("bytes").get<std::int64_t>(),
                           file.at("head_bytes").get<std::int64_t>(), checksums.front()});
    }
    for (const json& tensor : in.at("tensors")) {
      StoredTensor& stored = out.tensors.emplace_back();
      stored.section = section_named(tensor.at("section").get<std::string>());
      tensor.at("name").get_to(stored.name);
      tensor.at("dtype").get_to(stored.dtype);
      tensor.at("shape").get_to(stored.shape);
      for (const json& box : tensor.at("boxes")) stored.boxes.push_back(box_from_json(box));
    }
    return out;
  } catch (const json::exception&) {
    return refused();
  } catch (const std::invalid_argument&) {
    return refused();
  }
}

Result<void> IndexMerge::add(ShardIndex from) {
  for (StoredTensor& tensor : from.tensors) {
    for (StoredBox& box : tensor.boxes) box.file += index_.files.size();
    const auto [known, is_new] = places_.try_emplace({tensor.section, tensor.name}, index_.tensors.size());
    if (is_new) {
      index_.tensors.push_back(std::move(tensor));
      continue;
    }
    StoredTensor& other = index_.tensors[known->second];
    if (other.dtype != tensor.dtype || other.shape != tensor.shape)
      return fail(ErrorKind::invalid_input, "put the shards of a checkpoint together",
                  fmt::format("'{}' is {} [{}] for one rank and {} [{}] for another", tensor.name, other.dtype,
                              fmt::join(other.shape, ", "), tensor.dtype, fmt::join(tensor.shape, ", ")));
    std::ranges::move(tensor.boxes, std::back_inserter(other.boxes));
  }
  std::ranges::move(from.files, std::back_inserter(index_.files));
  return {};
}

std::string why_not_sound(const ShardIndex& index) {
  for (const StoredFile& file : index.files)
    if (file.head_bytes < 0 || file.head_bytes > file.bytes) return fmt::format("{} has no usable header", file.name);
  std::map<std::tuple<Section, std::string_view>, int> names;
  for (const StoredTensor& tensor : index.tensors) {
    if (++names[{tensor.section, tensor.name}] > 1) return fmt::format("'{}' is listed twice", tensor.name);
    if (std::string fault = fault_of(index, tensor); !fault.empty()) return fault;
  }
  return {};
}

}  // namespace athanor::checkpoint
