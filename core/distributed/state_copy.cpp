#include "core/distributed/state_copy.h"

#include "core/base/digest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <system_error>
#include <utility>

namespace athanor::distributed {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kDigest = 64;

std::int64_t version_bytes(std::int64_t numbers) noexcept {
  return StateCopy::kTextRoom + numbers * static_cast<std::int64_t>(sizeof(float));
}

std::string digest_of(const std::vector<train::Held>& held) {
  std::string list;
  for (const train::Held& one : held)
    list += fmt::format("{} {} {} {} {}\n", static_cast<int>(one.section), one.name, fmt::join(one.shape, ","),
                        fmt::join(one.box.offset, ","), fmt::join(one.box.extent, ","));
  return sha256_hex(list);
}

// A process may end between any two of them.
void set(std::int64_t& word, std::int64_t value) noexcept {
  std::atomic_ref(word).store(value, std::memory_order_seq_cst);
}

}  // namespace

struct StateCopy::Header {
  char digest[kDigest];  // of the list of what is held
  std::int64_t step[2];
  std::int64_t text_bytes[2];
};

std::int64_t StateCopy::bytes_for(std::int64_t numbers) noexcept {
  return static_cast<std::int64_t>(sizeof(Header)) + 2 * version_bytes(numbers);
}

StateCopy::StateCopy(const fs::path& file, std::vector<train::Held> held) : held_(std::move(held)) {
  for (const train::Held& one : held_) numbers_ += one.tensor.numel();
  const std::string digest = digest_of(held_);
  const auto bytes = static_cast<std::size_t>(bytes_for(numbers_));
  region_ = comm::Region::of_existing(file);
  if (region_ && region_->size() == bytes && std::memcmp(header().digest, digest.data(), kDigest) == 0) return;
  std::error_code ignored;
  fs::remove(file, ignored);
  region_ = comm::Region::of_file(file, bytes);
  forget();
  std::memcpy(header().digest, digest.data(), kDigest);
}

StateCopy::~StateCopy() = default;

StateCopy::Header& StateCopy::header() const noexcept { return *reinterpret_cast<Header*>(region_->data()); }

std::byte* StateCopy::version(std::size_t which) const noexcept {
  return region_->data() + sizeof(Header) + which * static_cast<std::size_t>(version_bytes(numbers_));
}

void StateCopy::forget() noexcept { forget_from(kNone); }

void StateCopy::forget_from(std::int64_t step) noexcept {
  for (std::int64_t& kept : header().step)
    if (kept >= step) set(kept, kNone);
}

bool StateCopy::keep(const Context& context, std::int64_t step, std::string_view text) {
  if (static_cast<std::int64_t>(text.size()) > kTextRoom) {
    forget();
    return false;
  }
  forget_from(step);
  Header& now = header();
  const std::size_t next = now.step[0] <= now.step[1] ? 0 : 1;
  set(now.step[next], kNone);
  std::byte* to = version(next);
  std::memcpy(to, text.data(), text.size());
  now.text_bytes[next] = static_cast<std::int64_t>(text.size());
  auto* numbers = reinterpret_cast<float*>(to + kTextRoom);
  for (const train::Held& one : held_) {
    const std::span<float> into(numbers, static_cast<std::size_t>(one.tensor.numel()));
    context.download(one.tensor, into);
    numbers += into.size();
  }
  set(now.step[next], step);
  return true;
}

std::array<std::int64_t, 2> StateCopy::steps() const noexcept { return {header().step[0], header().step[1]}; }

std::string StateCopy::bring_back(const Context& context, std::int64_t step) {
  forget_from(step + 1);
  const std::size_t which = header().step[0] == step ? 0 : 1;
  const std::byte* from = version(which);
  const auto* numbers = reinterpret_cast<const float*>(from + kTextRoom);
  for (const train::Held& one : held_) {
    const std::span<const float> these(numbers, static_cast<std::size_t>(one.tensor.numel()));
    context.write(one.tensor, these);
    one.tensor.count_change();
    numbers += these.size();
  }
  return {reinterpret_cast<const char*>(from), static_cast<std::size_t>(header().text_bytes[which])};
}

std::int64_t last_common(std::span<const std::int64_t> all) noexcept {
  std::int64_t last = StateCopy::kNone;
  for (const std::int64_t step : all) {
    bool is_common = step > last;
    for (std::size_t rank = 0; rank + 1 < all.size() && is_common; rank += 2)
      is_common = all[rank] == step || all[rank + 1] == step;
    if (is_common) last = step;
  }
  return last;
}

}  // namespace athanor::distributed
