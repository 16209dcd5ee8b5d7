// The one gate every kernel passes: it traces the launch and takes the first CPU candidate that does not refuse, or the
// CUDA kernel. Arrays in a narrow format are widened to f32 on their way in and rounded on their way out: always on the
// CPU, so that each op has an exact numeric twin in every format that devices compute in, and on CUDA where the kernels
// do not read such arrays themselves.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/cpu/widened_arrays.h"

namespace athanor::kernels {

template <class Args>
using OpFunction = void (*)(const Exec&, const Args&);

template <class Args>
OpFunction<Args> kernel_for(const Exec& exec, const Args& args, std::span<const Candidate<Args>> candidates,
                            OpFunction<Args> cuda) {
  return exec.device.kind == DeviceKind::cuda ? cuda : choose<Args>(exec, args, candidates).run;
}

// The workspace holds widening_bytes() beyond what the op itself asks for.
template <class Args>
void run_widened(const Exec& exec, Args args, std::span<const Candidate<Args>> candidates, OpFunction<Args> cuda) {
  cpu::WidenedArrays wide(exec);
  for (const auto& role : Args::arrays()) {
    View& view = args.*role.view;
    if (view.present() && is_narrow_float(view.dtype)) view = wide.take(view, role.access);
  }
  kernel_for<Args>(exec, args, candidates, cuda)(wide.rest(), args);
  wide.write_back();
}

template <class Args>
void launch(const char* op, const Exec& exec, const Args& args, std::span<const Candidate<Args>> cpu_candidates,
            void (*cuda)(const Exec&, const Args&)) {
  const TraceScope scope(exec, op);
  if constexpr (ListsArrays<Args> && !takes_any_format<Args>())
    if (widening_bytes(exec, args) > 0) return run_widened<Args>(exec, args, cpu_candidates, cuda);
  kernel_for<Args>(exec, args, cpu_candidates, cuda)(exec, args);
}

}  // namespace athanor::kernels
