#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/checkpoint/safetensors.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace athanor::checkpoint {
namespace {

constexpr std::size_t kAlignment = 8;  // of the first array, so that mapped files can be read in place

class Output {
 public:
  Output(const std::filesystem::path& file, Sha256* digest)
      : descriptor_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)), digest_(digest) {}
  ~Output() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  bool write(std::span<const std::byte> bytes) {
    if (digest_ != nullptr) digest_->add(bytes);
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
  }

  // Close reports what a delayed write found out (quota, network file systems).
  bool finish() {
    const bool flushed = ::fsync(descriptor_) == 0;
    const int flush_error = errno;
    const bool closed = ::close(descriptor_) == 0;
    descriptor_ = -1;
    if (!flushed) errno = flush_error;
    return flushed && closed;
  }

 private:
  int descriptor_ = -1;
  Sha256* digest_;
};

std::string header_of(std::span<const BytesView> arrays, const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const BytesView& array : arrays) {
    const std::size_t end = offset + array.bytes.size();
    header[array.name] = {{"dtype", array.dtype}, {"shape", array.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  return text;
}

std::string length_prefix(std::size_t length) {
  std::string out;
  for (int byte = 0; byte < 8; ++byte) out += static_cast<char>(length >> (8 * byte) & 0xffU);
  return out;
}

Result<std::string> write_all(const std::filesystem::path& file, std::span<const BytesView> arrays,
                              const std::map<std::string, std::string>& metadata, Sha256* digest) {
  const auto refused = [&file] { return tl::unexpected(write_refusal(fmt::format("write {}", file.string()), errno)); };
  Output output(file, digest);
  if (!output.is_open()) return refused();
  const std::string header = header_of(arrays, metadata);
  std::string head = length_prefix(header.size()) + header;
  if (!output.write(std::as_bytes(std::span(head)))) return refused();
  for (const BytesView& array : arrays) {
    if (!output.write(array.bytes)) return refused();
  }
  if (!output.finish()) return refused();
  return head;
}

}  // namespace

Result<std::string> write_safetensors(const std::filesystem::path& file, std::span<const ArrayView> arrays,
                                      const std::map<std::string, std::string>& metadata) {
  std::vector<BytesView> views;
  for (const ArrayView& array : arrays) views.push_back({array.name, "F32", array.shape, std::as_bytes(array.values)});
  Sha256 digest;
  const auto head = write_all(file, views, metadata, &digest);
  if (!head) return tl::unexpected(head.error());
  return digest.finish();
}

Result<std::string> write_safetensors(const std::filesystem::path& file, std::span<const BytesView> arrays,
                                      const std::map<std::string, std::string>& metadata) {
  return write_all(file, arrays, metadata, nullptr);
}

}  // namespace athanor::checkpoint
