#include "tests/core/import/foreign_files.h"

#include "core/base/crc32c.h"
#include "core/journal/codec.h"

#include <bit>
#include <cstdlib>
#include <fstream>

namespace athanor::imports {
namespace fs = std::filesystem;

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "athanor-import-XXXXXX").string();
  path = mkdtemp(name.data());
}
Folder::~Folder() { fs::remove_all(path); }

fs::path Folder::write(const std::string& name, std::string_view bytes) const {
  const fs::path file = path / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value > 127; value >>= 7U) out += static_cast<char>((value & 127U) | 128U);
  return out + static_cast<char>(value);
}

std::string varint_field(std::uint32_t number, std::uint64_t value) { return varint(number << 3U) + varint(value); }
std::string bytes_field(std::uint32_t number, std::string_view bytes) {
  std::string out = varint(number << 3U | 2U) + varint(bytes.size());
  out += bytes;
  return out;
}
std::string double_field(std::uint32_t number, double value) {
  std::string out = varint(number << 3U | 1U);
  journal::put(out, value);
  return out;
}
std::string float_field(std::uint32_t number, float value) {
  std::string out = varint(number << 3U | 5U);
  journal::put(out, value);
  return out;
}

std::string tf_record(std::string_view bytes) {
  const auto masked = [](std::string_view of) {
    const std::uint32_t crc = crc32c(of);
    return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U;
  };
  std::string out;
  journal::put(out, static_cast<std::uint64_t>(bytes.size()));
  journal::put(out, masked(out));
  out += bytes;
  journal::put(out, masked(bytes));
  return out;
}

std::string tf_event(double time_s, std::int64_t step, std::string_view rest) {
  std::string event = double_field(1, time_s);
  if (step != 0) event += varint_field(2, static_cast<std::uint64_t>(step));
  event += rest;
  return tf_record(event);
}

std::string scalar(std::string_view tag, float value) {
  return bytes_field(5, bytes_field(1, bytes_field(1, tag) + float_field(2, value)));
}

std::string tensor_scalar(std::string_view tag, float value) {
  const std::string tensor = varint_field(1, 1) + bytes_field(2, "") + float_field(5, value);
  const std::string metadata = bytes_field(1, bytes_field(1, "scalars"));
  return bytes_field(5, bytes_field(1, bytes_field(1, tag) + bytes_field(8, tensor) + bytes_field(9, metadata)));
}

std::string event_file(int steps, std::string_view tag) {
  std::string file = tf_event(1000.5, 0, bytes_field(3, "brain.Event:2"));
  for (int step = 0; step < steps; ++step)
    file += tf_event(1001.0 + step, step, scalar(tag, 1.0F / static_cast<float>(step + 1)));
  return file;
}

namespace {

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? 0xEDB88320U ^ (crc >> 1U) : crc >> 1U;
  }
  return ~crc;
}

}  // namespace

std::string wandb_file(const std::vector<std::string>& records) {
  constexpr std::size_t kBlock = 32768;
  std::string file(":W&B\xe1\xbe\0", 7);
  for (const std::string& record : records) {
    std::string_view rest = record;
    for (bool is_first = true, more = true; more; is_first = false) {
      std::size_t room = kBlock - file.size() % kBlock;
      if (room < 7) {
        file.append(room, '\0');
        room = kBlock;
      }
      const std::string_view piece = rest.substr(0, room - 7);
      rest.remove_prefix(piece.size());
      more = !rest.empty();
      const char type = is_first ? (more ? 2 : 1) : more ? 3 : 4;
      std::string checked(1, type);
      checked += piece;
      journal::put(file, crc32(checked));
      journal::put(file, static_cast<std::uint16_t>(piece.size()));
      file += checked;
    }
  }
  return file;
}

std::string wandb_run(std::string_view id, const std::map<std::string, std::string>& config) {
  std::string items;
  for (const auto& [key, json] : config) items += bytes_field(1, bytes_field(1, key) + bytes_field(16, json));
  const std::string begun = varint_field(1, 1'700'000'000) + varint_field(2, 5);
  return bytes_field(17, bytes_field(1, id) + bytes_field(3, "pairs") + bytes_field(4, items) +
                             bytes_field(8, "swift-1") + bytes_field(9, "a note") + bytes_field(10, "abl") +
                             bytes_field(10, "two words") + bytes_field(17, begun));
}

std::string wandb_history(std::int64_t step, double time_s, const std::map<std::string, std::string>& values) {
  std::string items;
  const auto item = [&](std::string_view key, std::string_view json) {
    items += bytes_field(1, bytes_field(2, key) + bytes_field(16, json));
  };
  for (const auto& [key, json] : values) item(key, json);
  item("_timestamp", std::to_string(time_s));
  item("_step", std::to_string(step));
  return bytes_field(2, items + bytes_field(2, varint_field(1, static_cast<std::uint64_t>(step))));
}

std::string wandb_exit(int code) {
  return bytes_field(18, code == 0 ? "" : varint_field(1, static_cast<std::uint64_t>(code)));
}

Result<Heard> hear(const Source& source) {
  Heard heard;
  auto told = read_source(source, [&](std::int64_t time_ns, const journal::Payload& payload) -> Result<void> {
    if (const auto* samples = std::get_if<journal::MetricSamples>(&payload))
      for (const auto& [name, value] : samples->values) heard.metrics[name].push_back({samples->step, time_ns, value});
    if (const auto* line = std::get_if<journal::LogLine>(&payload)) heard.log.push_back(line->text);
    if (std::holds_alternative<journal::Recovery>(payload)) ++heard.recoveries;
    return {};
  });
  if (!told) return tl::unexpected(told.error());
  heard.told = std::move(*told);
  return heard;
}

Heard hear_only(const fs::path& path, Format format) {
  const Found found = value_or_throw(find_sources(path, format));
  if (found.sources.size() != 1) throw Failure(ErrorKind::internal, "find one run", "there are others");
  return value_or_throw(hear(found.sources.front()));
}

std::vector<double> values_of(const Heard& heard, const std::string& metric) {
  std::vector<double> values;
  const auto found = heard.metrics.find(metric);
  if (found != heard.metrics.end())
    for (const Heard::Sample& sample : found->second) values.push_back(sample.value);
  return values;
}

}  // namespace athanor::imports
