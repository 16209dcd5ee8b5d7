// NCCL as core/comm uses it, between a GPU and itself: all that one device can show. Runs on the emulated device as
// part of ctest, and on a real one by run.sh.
#include "core/comm/gpu_links.h"
#include "core/memory/block_source.h"
#include "kernels/base/error.h"
#include "kernels/base/philox.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace athanor::comm {
namespace {

using namespace std::chrono_literals;

template <class Done>
bool comes_true(const Done& done) {
  const auto give_up = std::chrono::steady_clock::now() + 30s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

constexpr std::size_t kCount = 1 << 20, kBytes = kCount * sizeof(float);

// A link of which both ends are there, and memory of the device: the first block holds the numbers.
class Ends {
 public:
  Ends() : links(nccl_links(0, "the only one")), link(links->connect(links->make_id(), 1, 0)) {
    EXPECT_TRUE(comes_true([&] { return link->is_ready(); }));
    source_ = make_cuda_source(0, std::shared_ptr<Stream>(std::shared_ptr<void>(), &link->stream()));
    for (float*& block : blocks) block = static_cast<float*>(source_->take(kBytes));
    for (std::size_t i = 0; i < kCount; ++i)
      numbers[i] = static_cast<float>(philox_at(3, 0, 0, i).word[0]) / 4294967296.0F;
    link->stream().copy(blocks[0], numbers.data(), kBytes);
  }
  ~Ends() {
    for (float* block : blocks)
      if (block != nullptr) source_->give_back(block, kBytes);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  [[nodiscard]] std::vector<float> read(const float* block) const {
    std::vector<float> out(kCount);
    link->stream().copy(out.data(), block, kBytes);
    return out;
  }
  [[nodiscard]] bool is_done() const { return link->is_ready() && link->stream().is_done(); }

  std::vector<float> numbers = std::vector<float>(kCount);
  std::unique_ptr<GpuLinks> links;
  std::unique_ptr<GpuLink> link;
  float* blocks[2] = {};

 private:
  std::unique_ptr<BlockSource> source_;
};

std::span<std::byte> bytes_of(float* block, std::size_t begin = 0, std::size_t count = kCount) {
  return std::as_writable_bytes(std::span(block + begin, count));
}

TEST(NcclLinks, CarrySeveralMessagesInTheirOrder) {
  const Ends ends;
  const auto [from, to] = ends.blocks;
  const std::vector<Outgoing> out = {{0, bytes_of(from, 0, 1000)}, {0, {}}, {0, bytes_of(from, 1000, kCount - 1000)}};
  const std::vector<Incoming> in = {{0, bytes_of(to, 0, 1000)}, {0, {}}, {0, bytes_of(to, 1000, kCount - 1000)}};
  ends.link->carry(out, in);
  EXPECT_TRUE(comes_true([&] { return ends.is_done(); }));
  EXPECT_TRUE(ends.read(to) == ends.numbers);
}

TEST(NcclLinks, BeginAfterWhatAnotherStreamMarks) {
  const Ends ends;
  const auto [first, second] = ends.blocks;
  const std::shared_ptr<Stream> other = make_cuda_stream(0);
  other->queue_copy(second, first, kBytes);
  ends.link->stream().wait_for(other->mark().get());
  const Outgoing out{0, bytes_of(second)};
  const Incoming in{0, bytes_of(first)};
  ends.link->carry({&out, 1}, {&in, 1});
  EXPECT_TRUE(comes_true([&] { return ends.is_done(); }));
  EXPECT_TRUE(ends.read(first) == ends.numbers);
}

TEST(NcclLinks, CanBeGivenUpAndMadeAnew) {
  const Ends ends;
  ends.link->give_up();
  const std::unique_ptr<GpuLink> another = ends.links->connect(ends.links->make_id(), 1, 0);
  EXPECT_TRUE(comes_true([&] { return another->is_ready(); }));
  EXPECT_TRUE(ends.read(ends.blocks[0]) == ends.numbers);
}

}  // namespace
}  // namespace athanor::comm
