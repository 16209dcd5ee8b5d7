// A CUDA kernel on f16 and bf16 against the op on the CPU, which widens, computes in f32 and rounds: equal but for the
// last bit, where sums run in another order.
#pragma once

#include "kernels/base/element.h"
#include "kernels/base/number_format.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>

namespace athanor::kernels::test {

using NarrowCodes = std::vector<std::uint16_t, SharedAllocator<std::uint16_t>>;

// The f32 arrays of args, contiguous, in another format; `codes` owns the memory.
template <class Args>
Args narrowed(const Args& wide, DType format, std::deque<NarrowCodes>& codes) {
  Args narrow = wide;
  for (const auto& role : Args::arrays()) {
    View& view = narrow.*role.view;
    if (!view.present() || view.dtype != DType::f32) continue;
    NarrowCodes& memory = codes.emplace_back(static_cast<std::size_t>(view.numel()) + 1);
    with_narrow_format(format, [&]<class Format>() {
      for (std::int64_t i = 0; i < view.numel(); ++i)
        memory[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(Format::encode(view.as<float>()[i]));
    });
    view = View(memory.data(), format, view.shape);
  }
  return narrow;
}

template <class Args>
void expect_twins(const Args& got, const Args& want, DType format) {
  const double last_bit = format == DType::bf16 ? 1.0 / 128 : 1.0 / 1024;
  for (const auto& role : Args::arrays()) {
    if (role.access == Access::read || !(want.*role.view).present()) continue;
    const View &a = got.*role.view, &b = want.*role.view;
    for (std::int64_t i = 0; i < b.numel(); ++i) {
      const double x = element(a, i), y = element(b, i);
      const bool same = x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= last_bit * std::abs(y) + 1e-6;
      ASSERT_TRUE(same) << role.name << "[" << i << "] is " << x << " on CUDA, " << y << " on the CPU";
    }
  }
}

template <class Args>
void check_narrow_twins(const OpUnderTest<Args>& op, void (*launch)(const Exec&, const Args&),
                        const std::vector<OpCase<Args>>& cases) {
  for (const OpCase<Args>& op_case : cases)
    for (const auto& candidate : with_cuda(op.candidates)) {
      if (!is_cuda(candidate.name) || candidate.why_not(Exec{}, Args{})) continue;
      for (const DType format : {DType::f16, DType::bf16}) {
        SCOPED_TRACE(op_case.name + " in " + to_string(format));
        OpMemory memory, other;
        std::deque<NarrowCodes> codes;
        const Args on_cuda = narrowed(op_case.build(memory), format, codes);
        const Args on_cpu = narrowed(op_case.build(other), format, codes);
        run_candidate(op, candidate, on_cuda, 1);
        Exec exec;
        std::vector<std::byte> workspace((op.workspace_bytes ? op.workspace_bytes(exec, on_cpu) : 0) +
                                         widening_bytes(exec, on_cpu));
        exec.workspace = workspace.data();
        exec.workspace_bytes = workspace.size();
        launch(exec, on_cpu);
        expect_twins(on_cuda, on_cpu, format);
      }
    }
}

}  // namespace athanor::kernels::test
