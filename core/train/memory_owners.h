// Who holds the memory: a ledger of live blocks by the layer and op that first wrote them, and what it said when an
// allocation was refused.
#pragma once

#include "core/memory/allocator.h"
#include "core/tensor/context.h"
#include "core/train/place.h"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace athanor::train {

// What one tag holds, the largest owner within it first.
struct TagOwners {
  MemoryTag tag = MemoryTag::activations;
  std::size_t bytes = 0;
  struct Owner {
    std::string name;  // "image_tower.blocks.0.mlp.up (linear)", or a parameter's path
    std::size_t bytes = 0;
  };
  std::vector<Owner> owners;  // at most three
};
// "activations 812.0 MiB (image_tower.blocks.0.mlp.up (linear) 96.0 MiB, …), …"
[[nodiscard]] std::string to_text(const std::vector<TagOwners>& owners);

// Installs itself as the context's launch watch and its allocator's observer while it lives. Costs a look-up per
// allocation and launch.
class MemoryLedger final : public LaunchWatch, public MemoryObserver {
 public:
  MemoryLedger(Context& context, const std::vector<Parameter>& parameters);
  ~MemoryLedger() override;
  MemoryLedger(const MemoryLedger&) = delete;
  MemoryLedger& operator=(const MemoryLedger&) = delete;

  void on_launch(const LaunchSeen& launch) override;
  void on_memory(const MemoryEvent& event) noexcept override;

  // The three largest tags when an allocation was last refused; empty when none was.
  [[nodiscard]] const std::vector<TagOwners>& refused() const noexcept { return refused_; }

 private:
  struct Block {
    std::size_t bytes = 0;
    MemoryTag tag = MemoryTag::activations;
    const char* op = nullptr;  // that wrote it first; null until one does, "" for a parameter
    LayerPlace place;          // of that op, or the parameter itself
  };
  [[nodiscard]] static std::string owner_of(const Block& block);
  [[nodiscard]] std::vector<TagOwners> largest() const;

  Context& context_;
  PlaceFinder places_;
  mutable std::mutex mutex_;             // guards blocks_
  std::map<const void*, Block> blocks_;  // live ones
  BytesByTag earlier_{};                 // what was there before and is nobody's by name
  std::vector<TagOwners> refused_;
};

}  // namespace athanor::train
