// The arguments of one op call in a test: inputs with values that depend on their names only, outputs full of
// sentinels, everything between guards and off the alignment that vector code would like.
#pragma once

#include "kernels/base/view.h"
#include "tests/kernels/support/device_hooks.h"
#include "tests/kernels/support/tolerance.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace athanor::kernels::test {

// Normal values, or all the same when std is 0.
struct Values {
  double mean = 0.0, std = 1.0;
};

class OpMemory {
 public:
  enum class Role { input, output, updated };

  struct Block {
    std::string name;
    Role role;
    Tolerance tolerance;
    std::optional<Tolerance> cuda_tolerance;  // where the op's header allows a device to differ
    double narrow_units = 0.0;                // see allow_narrow
    View view;
    std::vector<std::byte, SharedAllocator<std::byte>> bytes;
    std::size_t guard_bytes = 0;
    std::vector<std::byte> before;  // the payload as it was handed out

    [[nodiscard]] bool holds(const void* data) const { return data >= bytes.data() && data <= &bytes.back(); }
    [[nodiscard]] std::vector<double> values() const;
    [[nodiscard]] bool guards_intact() const;
    [[nodiscard]] bool unchanged() const;
    [[nodiscard]] std::vector<std::byte> payload() const;
  };

  // Data starts off the alignment that vector code would like, or on 16 bytes.
  enum class Placement { odd, aligned };

  explicit OpMemory(Placement placement = Placement::odd) : placement_(placement) {}

  View input(const std::string& name, const Shape& shape, Values values = {});
  View input(const std::string& name, const Shape& shape, const std::vector<float>& values);
  // An input that another call computes, such as a statistic that the forward pass saved.
  View input_from(const std::string& name, const Shape& shape, const std::function<void(const View&)>& compute);
  View indices(const std::string& name, const Shape& shape, const std::vector<std::int32_t>& values);
  // Full of NaN, so that an element nobody writes is seen.
  View output(const std::string& name, const Shape& shape, Tolerance tolerance, DType dtype = DType::f32);
  // Read and written: accumulators, parameters.
  View updated(const std::string& name, const Shape& shape, Tolerance tolerance, Values values = {});

  void allow_on_cuda(const std::string& name, Tolerance tolerance);
  // Where a device rounds on the way, too: how many units of a narrow format, at 1, it may be away by then.
  void allow_narrow(const std::string& name, double units);

  [[nodiscard]] std::deque<Block>& blocks() { return blocks_; }
  [[nodiscard]] const std::deque<Block>& blocks() const { return blocks_; }
  [[nodiscard]] const Block& block(const std::string& name) const;

 private:
  Block& add(const std::string& name, Role role, const Shape& shape, DType dtype, Tolerance tolerance);
  View finish(Block& block);

  Placement placement_;
  std::deque<Block> blocks_;
};

}  // namespace athanor::kernels::test
