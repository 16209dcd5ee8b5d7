#include "core/train/memory_owners.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace athanor::train {
namespace {

constexpr std::size_t kMost = 3;
constexpr double kMebibyte = 1024.0 * 1024.0;

std::string sized(std::string_view name, std::size_t bytes) {
  return fmt::format("{} {:.1f} MiB", name, static_cast<double>(bytes) / kMebibyte);
}

template <class Item>
void keep_largest(std::vector<Item>& items) {
  std::ranges::stable_sort(items, std::greater<>(), &Item::bytes);
  if (items.size() > kMost) items.resize(kMost);
}

}  // namespace

std::string to_text(const std::vector<TagOwners>& owners) {
  std::string out;
  for (const TagOwners& tag : owners) {
    out += (out.empty() ? "" : "; ") + sized(to_string(tag.tag), tag.bytes);
    std::string inside;
    for (const TagOwners::Owner& owner : tag.owners)
      inside += (inside.empty() ? "" : ", ") + sized(owner.name, owner.bytes);
    if (!inside.empty()) out += " (" + inside + ")";
  }
  return out;
}

MemoryLedger::MemoryLedger(Context& context, const std::vector<Parameter>& parameters)
    : context_(context), places_(parameters) {
  for (const Parameter& parameter : parameters) {
    if (parameter->value.vacant()) continue;
    blocks_[parameter->value.view().data] = {Allocator::rounded(parameter->value.bytes()),
                                             MemoryTag::parameters,
                                             "",
                                             {*places_.parameter_at(parameter->value.view().data), true}};
  }
  earlier_ = context.memory().by_tag;
  for (const auto& [data, block] : blocks_) earlier_[static_cast<std::size_t>(block.tag)] -= block.bytes;
  context.set_launch_watch(this);
  context.allocator().set_observer(this);
}

MemoryLedger::~MemoryLedger() {
  context_.allocator().set_observer(nullptr);
  context_.set_launch_watch(nullptr);
}

void MemoryLedger::on_launch(const LaunchSeen& launch) {
  places_.follow(launch);
  const std::lock_guard lock(mutex_);
  for (const LaunchArray& array : launch.arrays) {
    if (array.access == kernels::Access::read) continue;
    const auto after = blocks_.upper_bound(array.view.data);
    if (after == blocks_.begin()) continue;
    Block& block = std::prev(after)->second;
    const auto* begin = static_cast<const std::byte*>(std::prev(after)->first);
    if (block.op || static_cast<const std::byte*>(array.view.data) >= begin + block.bytes) continue;
    block.op = launch.op;
    block.place = places_.place();
  }
}

void MemoryLedger::on_memory(const MemoryEvent& event) noexcept {
  const std::lock_guard lock(mutex_);
  if (event.kind == MemoryEventKind::allocate) blocks_[event.block] = {event.bytes, event.tag, nullptr, {}};
  if (event.kind == MemoryEventKind::release && blocks_.erase(event.block) == 0)
    earlier_[static_cast<std::size_t>(event.tag)] -= event.bytes;
  if (event.kind == MemoryEventKind::refuse) refused_ = largest();
}

std::string MemoryLedger::owner_of(const Block& block) {
  if (!block.op) return {};
  const std::string place = (block.place.inside ? "" : "after ") + std::string(block.place.layer);
  if (block.op[0] == '\0') return place;
  return block.place.layer.empty() ? block.op : fmt::format("{} ({})", place, block.op);
}

std::vector<TagOwners> MemoryLedger::largest() const {
  std::map<std::pair<MemoryTag, std::string>, std::size_t> sums;
  for (const auto& [data, block] : blocks_) sums[{block.tag, owner_of(block)}] += block.bytes;
  for (int tag = 0; tag < kMemoryTagCount; ++tag)
    sums[{static_cast<MemoryTag>(tag), ""}] += earlier_[static_cast<std::size_t>(tag)];
  std::vector<TagOwners> out;
  for (const auto& [key, bytes] : sums) {
    if (out.empty() || out.back().tag != key.first) out.push_back({key.first, 0, {}});
    out.back().bytes += bytes;
    if (!key.second.empty()) out.back().owners.push_back({key.second, bytes});
  }
  for (TagOwners& tag : out) keep_largest(tag.owners);
  keep_largest(out);
  return out;
}

}  // namespace athanor::train
