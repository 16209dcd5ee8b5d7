#include "kernels/cpu/widened_arrays.h"

#include "kernels/base/error.h"
#include "kernels/cpu/convert.h"
#include "kernels/cpu/parallel.h"

#include <algorithm>
#include <cstdint>

namespace athanor::kernels::cpu {

namespace {

constexpr std::int64_t kElementsPerBlock = 16384;

// Where the row-major index lies in a strided view.
std::int64_t offset_of(const View& view, std::int64_t index) {
  std::int64_t offset = 0;
  for (int dim = view.shape.rank() - 1; dim >= 0; --dim) {
    offset += index % view.shape[dim] * view.strides[dim];
    index /= view.shape[dim];
  }
  return offset;
}

// Calls run(bytes of the narrow run, floats of the wide run, count) for runs that lie in a row in both.
template <class Run>
void for_runs(const Exec& exec, const View& narrow, const View& wide, Run run) {
  const std::size_t element = storage_bytes(narrow.dtype, 1);
  const bool whole = narrow.contiguous();
  const std::int64_t length = whole ? narrow.numel() : narrow.strides.dim(-1) == 1 ? narrow.dim(-1) : 1;
  if (narrow.numel() == 0) return;
  const std::int64_t run_length = whole ? std::min(length, kElementsPerBlock) : length;
  parallel_ranges(exec.threads, narrow.numel(), run_length, [&](BlockRange range) {
    const std::int64_t at = whole ? range.begin : offset_of(narrow, range.begin);
    run(narrow.as<std::byte>() + static_cast<std::size_t>(at) * element, wide.as<float>() + range.begin, range.size());
  });
}

void fill_wide(const Exec& exec, const View& from, const View& wide) {
  if (exec.device.kind == DeviceKind::cuda) return convert_on_device(exec, from, wide);
  for_runs(exec, from, wide,
           [&](const std::byte* narrow, float* to, std::int64_t count) { widen(from.dtype, narrow, to, count); });
}

void fill_narrow(const Exec& exec, const View& wide, const View& to) {
  if (exec.device.kind == DeviceKind::cuda) return convert_on_device(exec, wide, to);
  for_runs(exec, to, wide,
           [&](std::byte* out, const float* from, std::int64_t count) { narrow(to.dtype, from, out, count); });
}

}  // namespace

View WidenedArrays::take(const View& narrow, Access access) {
  const std::size_t bytes =
      (storage_bytes(DType::f32, narrow.numel()) + kWideAlignment - 1) / kWideAlignment * kWideAlignment;
  const auto end = reinterpret_cast<std::uintptr_t>(exec_.workspace) + left_bytes_;
  const auto begin = (end - bytes) / kWideAlignment * kWideAlignment;
  if (bytes > left_bytes_ || end - begin > left_bytes_ || written_count_ == kMost)
    throw Failure(ErrorKind::internal, "run a kernel on narrow numbers",
                  "its workspace has " + std::to_string(left_bytes_) + " bytes left, " + std::to_string(bytes) +
                      " are needed for an f32 copy",
                  "Add widening_bytes() to what the op asks for");
  left_bytes_ -= end - begin;
  const View wide(reinterpret_cast<void*>(begin), DType::f32, narrow.shape);  // NOLINT: cut from the workspace
  if (exec_.device.kind == DeviceKind::cuda && !narrow.contiguous())
    throw Failure(ErrorKind::internal, "run a kernel on narrow numbers", "an array on the device is strided",
                  "Copy it to contiguous memory first");
  if (access != Access::write) fill_wide(exec_, narrow, wide);
  if (access != Access::read) written_[static_cast<std::size_t>(written_count_++)] = {narrow, wide};
  return wide;
}

Exec WidenedArrays::rest() const {
  Exec rest = exec_;
  rest.workspace_bytes = left_bytes_;
  return rest;
}

void WidenedArrays::write_back() const {
  for (int i = 0; i < written_count_; ++i) {
    const Pair& pair = written_[static_cast<std::size_t>(i)];
    fill_narrow(exec_, pair.wide, pair.narrow);
  }
}

}  // namespace athanor::kernels::cpu
