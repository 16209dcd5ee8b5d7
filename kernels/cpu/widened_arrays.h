// f32 stand-ins, at the end of the workspace, for the narrow arrays of one call.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/exec.h"
#include "kernels/base/view.h"

#include <array>
#include <cstddef>

namespace athanor::kernels::cpu {

// to = from in another format, both contiguous on a CUDA device. Defined beside the op cast.
void convert_on_device(const Exec& exec, const View& from, const View& to);

class WidenedArrays {
 public:
  explicit WidenedArrays(const Exec& exec) : exec_(exec), left_bytes_(exec.workspace_bytes) {}

  // A contiguous f32 view of the same shape, filled unless it will only be written. Throws Failure(internal) when the
  // workspace is too small, or the array is strided on a device.
  [[nodiscard]] View take(const View& narrow, Access access);
  // What is left for the kernel.
  [[nodiscard]] Exec rest() const;
  // Rounds everything written to where it belongs.
  void write_back() const;

 private:
  static constexpr int kMost = 16;
  struct Pair {
    View narrow, wide;
  };
  Exec exec_;
  std::size_t left_bytes_;
  std::array<Pair, kMost> written_{};
  int written_count_ = 0;
};

}  // namespace athanor::kernels::cpu
