#include "core/comm/residual_store.h"

#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace athanor::comm {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kUnfinished = -1;

std::size_t version_bytes(std::int64_t numbers) { return static_cast<std::size_t>(numbers) * sizeof(float); }

}  // namespace

// Zeroed memory is that of an array of which nothing was taken away before the first step.
struct ResidualStore::Header {
  std::int64_t senders, owners;
  std::array<std::atomic<std::int64_t>, 2> step;  // that made the version, or kUnfinished
  std::array<float, 2> unit;                      // 0: 1
  std::array<char, 24> padding;
};

ResidualStore::Header& ResidualStore::Array::header() const noexcept {
  return *reinterpret_cast<Header*>(region->data());
}

std::int64_t ResidualStore::bytes_of(std::int64_t senders, std::int64_t owners) noexcept {
  return static_cast<std::int64_t>(sizeof(Header) + 2 * version_bytes(senders + owners));
}

std::int64_t ResidualStore::bytes() const noexcept {
  std::int64_t sum = 0;
  for (const auto& [name, array] : arrays_) sum += static_cast<std::int64_t>(array.region->size());
  return sum;
}

float* ResidualStore::Array::numbers(int version) const noexcept {
  std::byte* first = region->data() + sizeof(Header);
  return reinterpret_cast<float*>(first + static_cast<std::size_t>(version) * version_bytes(senders + owners));
}

int ResidualStore::Array::newest(std::int64_t of_step) const noexcept {
  const auto made = [&](std::size_t version) {
    const std::int64_t by = header().step[version];
    return by <= of_step ? by : kUnfinished;
  };
  return made(1) > made(0) ? 1 : 0;
}

ResidualStore::ResidualStore(fs::path files) : files_(std::move(files)) {
  if (!files_.empty()) find_files();
}

ResidualStore::~ResidualStore() = default;

fs::path ResidualStore::file_of(std::string_view name) const {
  std::string last = files_.filename().string() + "-" + std::string(name);
  std::ranges::replace(last, '/', '%');
  return files_.parent_path() / last;
}

// Of a process before this one.
void ResidualStore::find_files() {
  const std::string begin = files_.filename().string() + "-";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(files_.parent_path(), ignored)) {
    std::string name = entry.path().filename().string();
    if (!name.starts_with(begin)) continue;
    Array array;
    array.region = Region::of_existing(entry.path());
    if (!array.region || array.region->size() < sizeof(Header)) continue;
    array.senders = array.header().senders;
    array.owners = array.header().owners;
    if (static_cast<std::size_t>(bytes_of(array.senders, array.owners)) != array.region->size()) continue;
    name.erase(0, begin.size());
    std::ranges::replace(name, '%', '/');
    arrays_.insert_or_assign(std::move(name), std::move(array));
  }
}

ResidualStore::Array& ResidualStore::make(std::string_view name, std::int64_t senders, std::int64_t owners) {
  const auto bytes = static_cast<std::size_t>(bytes_of(senders, owners));
  Array array;
  if (!files_.empty()) {
    std::error_code ignored;
    fs::remove(file_of(name), ignored);
    try {
      array.region = Region::of_file(file_of(name), bytes);
    } catch (const Failure& failure) {
      trouble_ = failure.error().message();
    }
  }
  if (!array.region) array.region = Region::of_process(bytes);
  array.header().senders = array.senders = senders;
  array.header().owners = array.owners = owners;
  return arrays_.insert_or_assign(std::string(name), std::move(array)).first->second;
}

ResidualStore::Version ResidualStore::begin(std::string_view name, std::int64_t senders, std::int64_t owners,
                                            std::int64_t step, float unit) {
  Array& array = fitting(name, senders, owners);
  Header& header = array.header();
  const int current = array.newest();
  array.next = 1 - current;
  array.step = step > 0 ? step : header.step[static_cast<std::size_t>(current)] + 1;
  array.unit = unit;
  // A step that is taken again, after one went back in another way.
  if (auto& made = header.step[static_cast<std::size_t>(current)]; made >= array.step) made = array.step - 1;
  header.step[static_cast<std::size_t>(array.next)] = kUnfinished;
  const float kept_in = header.unit[static_cast<std::size_t>(current)];
  const float factor = unit / (kept_in > 0 ? kept_in : 1.0F);
  float* const from = array.numbers(current);
  float* const to = array.numbers(array.next);
  if (owners == kUntouched)
    std::transform(from + senders, from + senders + array.owners, to + senders,
                   [factor](float number) { return factor * number; });
  return {senders > 0 ? from : nullptr, owners > 0 ? from + senders : nullptr, senders > 0 ? to : nullptr,
          owners > 0 ? to + senders : nullptr, factor};
}

// The array of this name with parts of these sizes; one that is empty becomes zeros.
ResidualStore::Array& ResidualStore::fitting(std::string_view name, std::int64_t senders, std::int64_t owners) {
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) return make(name, senders, std::max<std::int64_t>(owners, 0));
  Array& array = found->second;
  if (owners == kUntouched) owners = array.owners;
  const auto fits = [](std::int64_t has, std::int64_t wanted) { return has == wanted || has == 0; };
  if (!fits(array.senders, senders) || !fits(array.owners, owners))
    throw Failure(ErrorKind::invalid_input, fmt::format("reduce {}", name),
                  fmt::format("its residual is one of {} numbers instead of {}",
                              fits(array.senders, senders) ? array.owners : array.senders,
                              fits(array.senders, senders) ? owners : senders),
                  "reset the residuals where the ranks or the arrays are others than before");
  if (array.senders == senders && array.owners == owners) return array;
  const Array before = array;
  const auto current = static_cast<std::size_t>(before.newest());
  Array& grown = make(name, senders, owners);
  const float* from = before.numbers(before.newest());
  std::copy_n(from, before.senders, grown.numbers(0));
  std::copy_n(from + before.senders, before.owners, grown.numbers(0) + senders);
  grown.header().step[0] = before.header().step[current].load();
  grown.header().step[1] = kUnfinished;
  grown.header().unit[0] = before.header().unit[current];
  return grown;
}

void ResidualStore::finish(std::string_view name) {
  Array& array = arrays_.find(name)->second;
  const auto next = static_cast<std::size_t>(std::exchange(array.next, -1));
  array.header().unit[next] = array.unit;
  array.header().step[next].store(array.step, std::memory_order_release);
}

bool ResidualStore::has(std::string_view name) const { return arrays_.find(name) != arrays_.end(); }

bool ResidualStore::go_back(std::int64_t step) {
  bool is_whole = true;
  for (auto& [name, array] : arrays_) {
    for (auto& made : array.header().step)
      if (made > step) made = kUnfinished;
    is_whole = array.header().step[static_cast<std::size_t>(array.newest())] != kUnfinished && is_whole;
  }
  return is_whole;
}

Residuals ResidualStore::residuals(std::int64_t step) const {
  Residuals out;
  for (const auto& [name, array] : arrays_) {
    const int newest = array.newest(step);
    const std::int64_t made = array.header().step[static_cast<std::size_t>(newest)];
    if (made < 0 || made > step) continue;
    const float unit = array.header().unit[static_cast<std::size_t>(newest)];
    const float factor = unit > 0 ? 1.0F / unit : 1.0F;
    const float* from = array.numbers(newest);
    const auto copy = [&](const float* begin, std::int64_t count) {
      std::vector<float> numbers(begin, begin + count);
      for (float& number : numbers) number *= factor;
      return numbers;
    };
    out[name] = {copy(from, array.senders), copy(from + array.senders, array.owners)};
  }
  return out;
}

void ResidualStore::restore(const Residuals& residuals, std::int64_t step) {
  clear();
  for (const auto& [name, residual] : residuals) {
    Array& array =
        make(name, static_cast<std::int64_t>(residual.sender.size()), static_cast<std::int64_t>(residual.owner.size()));
    float* to = std::ranges::copy(residual.sender, array.numbers(0)).out;
    std::ranges::copy(residual.owner, to);
    array.header().step[0] = step;
    array.header().step[1] = kUnfinished;
  }
}

void ResidualStore::clear() {
  std::error_code ignored;
  if (!files_.empty())
    for (const auto& [name, array] : arrays_) fs::remove(file_of(name), ignored);
  arrays_.clear();
}

}  // namespace athanor::comm
