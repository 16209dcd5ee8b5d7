// Memory that several ranks see: of threads in one process, or mapped from one file by processes on one host.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

namespace athanor::comm {

class Region {
 public:
  // Zeroed memory of this process.
  [[nodiscard]] static std::shared_ptr<Region> of_process(std::size_t bytes);
  // Of everyone on this host who names the file; whoever comes first makes it, zeroed, with all its memory taken.
  // Throws Failure(io), and Failure(invalid_input) for a file of another size.
  [[nodiscard]] static std::shared_ptr<Region> of_file(const std::filesystem::path& file, std::size_t bytes);
  // Of a file that is there, as long as it is; null where it cannot be mapped.
  [[nodiscard]] static std::shared_ptr<Region> of_existing(const std::filesystem::path& file);
  ~Region();
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  Region(std::byte* data, std::size_t size) : data_(data), size_(size) {}
  std::byte* data_;
  std::size_t size_;
};

}  // namespace athanor::comm
