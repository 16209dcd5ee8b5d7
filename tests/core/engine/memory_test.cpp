#include "core/memory/allocator.h"
#include "kernels/base/error.h"
#include "tests/core/engine/support.h"

namespace athanor {
namespace {

using ::testing::HasSubstr;

TEST(Allocator, RoundsUpByAtMostAnEighth) {
  EXPECT_EQ(Allocator::rounded(0), 64u);
  EXPECT_EQ(Allocator::rounded(65), 128u);
  EXPECT_EQ(Allocator::rounded(1024), 1024u);
  for (std::size_t bytes = 512; bytes < 100000; bytes += 7) {
    EXPECT_GE(Allocator::rounded(bytes), bytes);
    EXPECT_LE(Allocator::rounded(bytes), bytes + bytes / 8 + 64);
    EXPECT_EQ(Allocator::rounded(bytes) % 64, 0u);
  }
}

TEST(Allocator, HandsOutAlignedMemoryAlsoForNoBytes) {
  const auto allocator = make_allocator({}, make_host_stream());
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, std::size_t{9} << 20}) {
    const MemoryBlock block = allocator->allocate(bytes, MemoryTag::data);
    ASSERT_NE(block.data, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.data) % 64, 0u);
    std::fill_n(static_cast<std::byte*>(block.data), bytes, std::byte{1});
    allocator->release(block);
  }
}

TEST(Allocator, ReusesAReleasedBlockOfTheSameClass) {
  const auto allocator = make_allocator({}, make_host_stream());
  const MemoryBlock first = allocator->allocate(1000, MemoryTag::activations);
  allocator->release(first);
  const MemoryBlock second = allocator->allocate(1010, MemoryTag::gradients);
  EXPECT_EQ(first.data, second.data);
  EXPECT_EQ(allocator->stats().cache_hits, 1u);
  allocator->release(second);
}

TEST(Allocator, CountsByOwnerAndRemembersThePeak) {
  const auto allocator = make_allocator({}, make_host_stream());
  const MemoryBlock weights = allocator->allocate(4096, MemoryTag::parameters);
  const MemoryBlock values = allocator->allocate(8192, MemoryTag::activations);
  allocator->release(values);
  const MemoryStats stats = allocator->stats();
  EXPECT_EQ(stats.current_bytes, 4096u);
  EXPECT_EQ(stats.peak_bytes, 4096u + 8192u);
  EXPECT_EQ(stats.cached_bytes, 8192u);
  EXPECT_EQ(stats.reserved_bytes, 4096u + 8192u);
  EXPECT_EQ(stats.largest_free_bytes, 8192u);
  EXPECT_EQ(stats.of(MemoryTag::parameters), 4096u);
  EXPECT_EQ(stats.of(MemoryTag::activations), 0u);
  EXPECT_EQ(stats.by_tag_at_peak[static_cast<std::size_t>(MemoryTag::activations)], 8192u);
  allocator->trim();
  EXPECT_EQ(allocator->stats().reserved_bytes, 4096u);
  EXPECT_EQ(allocator->stats().largest_free_bytes, 0u);
  allocator->reset_peak();
  EXPECT_EQ(allocator->stats().peak_bytes, 4096u);
  allocator->release(weights);
}

TEST(Allocator, GivesCachedBlocksBackBeforeItGivesUp) {
  const auto allocator = make_allocator({}, make_host_stream());
  allocator->set_limit(10000);
  allocator->release(allocator->allocate(8192, MemoryTag::activations));
  const MemoryBlock block = allocator->allocate(9000, MemoryTag::activations);
  EXPECT_EQ(allocator->stats().cached_bytes, 0u);
  allocator->release(block);
}

TEST(Allocator, SaysWhoHoldsTheMemoryWhenItRunsOut) {
  const auto allocator = make_allocator({}, make_host_stream());
  allocator->set_limit(std::size_t{8} << 20);
  const MemoryBlock a = allocator->allocate(std::size_t{4} << 20, MemoryTag::activations);
  const MemoryBlock b = allocator->allocate(std::size_t{2} << 20, MemoryTag::optimizer);
  const MemoryBlock c = allocator->allocate(std::size_t{1} << 20, MemoryTag::parameters);
  try {
    static_cast<void>(allocator->allocate(std::size_t{16} << 20, MemoryTag::gradients));
    FAIL() << "16 MiB were allocated within a limit of 8";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::out_of_memory);
    EXPECT_THAT(failure.what(), HasSubstr("allocate 16.0 MiB for gradients"));
    EXPECT_THAT(failure.what(), HasSubstr("activations 4.0 MiB, optimizer 2.0 MiB, parameters 1.0 MiB"));
    EXPECT_THAT(failure.what(), HasSubstr("limit"));
    EXPECT_THAT(failure.what(), HasSubstr("data.batch_size"));
  }
  for (const MemoryBlock& block : {a, b, c}) allocator->release(block);
}

TEST(Allocator, KeepsTheBlocksOfAPoolForThePool) {
  const auto allocator = make_allocator({}, make_host_stream());
  const PoolId pool = allocator->make_pool();
  allocator->use_pool(pool);
  const MemoryBlock first = allocator->allocate(4096, MemoryTag::activations);
  allocator->release(first);
  const MemoryBlock again = allocator->allocate(4096, MemoryTag::activations);
  EXPECT_EQ(again.data, first.data);
  allocator->use_pool(0);
  allocator->release(again);  // also when it is not in use
  const MemoryBlock other = allocator->allocate(4096, MemoryTag::activations);
  EXPECT_NE(other.data, first.data);
  allocator->release(other);
  allocator->trim();
  EXPECT_EQ(allocator->stats().reserved_bytes, 4096u) << "a pool stays when the cache goes";
  EXPECT_EQ(allocator->stats().cached_bytes, 4096u);
  allocator->dissolve_pool(pool);
  EXPECT_FALSE(allocator->has_pool(pool));
  const MemoryBlock last = allocator->allocate(4096, MemoryTag::activations);
  EXPECT_EQ(last.data, first.data);
  allocator->release(last);
}

TEST(Allocator, DissolvesAPoolBeforeItGivesUp) {
  const auto allocator = make_allocator({}, make_host_stream());
  const PoolId pool = allocator->make_pool();
  allocator->use_pool(pool);
  const MemoryBlock held = allocator->allocate(1024, MemoryTag::activations);
  allocator->release(allocator->allocate(8192, MemoryTag::activations));
  allocator->use_pool(0);
  allocator->set_limit(10240);
  const MemoryBlock block = allocator->allocate(9000, MemoryTag::parameters);
  EXPECT_FALSE(allocator->has_pool(pool));
  allocator->release(held);
  allocator->release(block);
  allocator->trim();
  EXPECT_EQ(allocator->stats().reserved_bytes, 0u);
}

class Recorder final : public MemoryObserver {
 public:
  void on_memory(const MemoryEvent& event) noexcept override { events.push_back(event); }
  std::vector<MemoryEvent> events;
};

TEST(Allocator, TellsItsObserverOfEveryEvent) {
  const auto allocator = make_allocator({}, make_host_stream());
  Recorder recorder;
  allocator->set_observer(&recorder);
  allocator->release(allocator->allocate(128, MemoryTag::data));
  allocator->trim();
  allocator->set_observer(nullptr);
  ASSERT_EQ(recorder.events.size(), 4u);
  EXPECT_EQ(recorder.events[0].kind, MemoryEventKind::reserve);
  EXPECT_EQ(recorder.events[1].kind, MemoryEventKind::allocate);
  EXPECT_EQ(recorder.events[1].tag, MemoryTag::data);
  EXPECT_EQ(recorder.events[1].current_bytes, 128u);
  EXPECT_EQ(recorder.events[2].kind, MemoryEventKind::release);
  EXPECT_EQ(recorder.events[2].current_bytes, 0u);
  EXPECT_EQ(recorder.events[3].kind, MemoryEventKind::give_back);
}

TEST(Allocator, CountsADryRunLikeARealOne) {
  const auto real = make_allocator({}, make_host_stream());
  const auto dry = make_dry_allocator({});
  for (const auto& allocator : {real, dry}) {
    const MemoryBlock a = allocator->allocate(1000, MemoryTag::activations);
    const MemoryBlock b = allocator->allocate(70000, MemoryTag::workspace);
    allocator->release(a);
    allocator->release(allocator->allocate(990, MemoryTag::data));
    allocator->release(b);
  }
  EXPECT_EQ(real->stats().peak_bytes, dry->stats().peak_bytes);
  EXPECT_EQ(real->stats().peak_reserved_bytes, dry->stats().peak_reserved_bytes);
  EXPECT_EQ(real->stats().by_tag_at_peak, dry->stats().by_tag_at_peak);
  // A dry run of a terabyte costs nothing.
  dry->release(dry->allocate(std::size_t{1} << 40, MemoryTag::activations));
}

}  // namespace
}  // namespace athanor
