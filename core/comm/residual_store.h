// What coding took away of the numbers of this rank, to be added at the next exchange of the same array (coded_exchange
// .h). Of each array there are two versions, so that one is whole while the next is made; a version is named after the
// step that made it. In memory of this process, or in files in memory, where a process that takes this one's place
// finds them.
//
// Used by one thread at a time, but for the numbers themselves.
#pragma once

#include "core/comm/region.h"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::comm {

// This rank's part; a part that is empty counts as zeros.
struct Residual {
  std::vector<float> sender;  // of the whole array
  std::vector<float> owner;   // of the rank's piece of it
};
using Residuals = std::map<std::string, Residual, std::less<>>;

class ResidualStore {
 public:
  // `files` is how the names of the files begin, in a folder in memory; empty: memory of this process, which is also
  // taken where there is no room for files.
  explicit ResidualStore(std::filesystem::path files = {});
  ~ResidualStore();
  ResidualStore(const ResidualStore&) = delete;
  ResidualStore& operator=(const ResidualStore&) = delete;

  // Residuals are in units of what is exchanged. `unit` is how large that is now, a power of two such as a loss scale:
  // what was kept in another unit is read times `factor`.
  struct Version {
    const float *sender = nullptr, *owner = nullptr;
    float* next_sender = nullptr;
    float* next_owner = nullptr;
    float factor = 1;
  };
  // The numbers of an array before `step`, and where those after it go; nothing holds until finish(). Step 0 stands for
  // one after the newest. Throws Failure(invalid_input) where a part that is not empty had another size before.
  [[nodiscard]] Version begin(std::string_view name, std::int64_t senders, std::int64_t owners, std::int64_t step,
                              float unit);
  // For `owners`: what the owner has kept stays as it is.
  static constexpr std::int64_t kUntouched = -1;
  void finish(std::string_view name);
  [[nodiscard]] bool has(std::string_view name) const;

  // Forgets what later steps have made. Whether what that step left is whole.
  bool go_back(std::int64_t step);
  // Whether some of what is kept ends with this process although it was to go to files: why, empty where it does not.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  // What is kept of an array with parts of so many numbers, and of all there are.
  [[nodiscard]] static std::int64_t bytes_of(std::int64_t senders, std::int64_t owners) noexcept;
  [[nodiscard]] std::int64_t bytes() const noexcept;
  // How many arrays there are.
  [[nodiscard]] std::int64_t count() const noexcept { return static_cast<std::int64_t>(arrays_.size()); }

  // In the unit 1. What `step` or an earlier one has left, of those that are kept; `step` of restore() made them.
  [[nodiscard]] Residuals residuals(std::int64_t step = std::numeric_limits<std::int64_t>::max()) const;
  void restore(const Residuals& residuals, std::int64_t step = 0);
  void clear();

 private:
  struct Header;
  struct Array {
    std::shared_ptr<Region> region;
    std::int64_t senders = 0, owners = 0;
    int next = -1;  // version that is being made
    std::int64_t step = 0;
    float unit = 1;

    [[nodiscard]] Header& header() const noexcept;
    [[nodiscard]] float* numbers(int version) const noexcept;
    // The newest version that `of_step` or an earlier one has made; where there is none, one of its own step below 0.
    [[nodiscard]] int newest(std::int64_t of_step = std::numeric_limits<std::int64_t>::max()) const noexcept;
  };
  [[nodiscard]] Array& fitting(std::string_view name, std::int64_t senders, std::int64_t owners);
  [[nodiscard]] Array& make(std::string_view name, std::int64_t senders, std::int64_t owners);
  [[nodiscard]] std::filesystem::path file_of(std::string_view name) const;
  void find_files();

  std::filesystem::path files_;
  std::string trouble_;
  std::map<std::string, Array, std::less<>> arrays_;
};

}  // namespace athanor::comm
