// The one gate every kernel passes: it traces the launch and takes the first CPU candidate that does not refuse, or the
// CUDA kernel. On the CPU, arrays in a narrow format are widened to f32 on their way in and rounded on their way out,
// so that each op has an exact numeric twin in every format that devices compute in.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/cpu/widened_arrays.h"

namespace athanor::kernels {

template <class Args>
void run_candidate(const Exec& exec, const Args& args, std::span<const Candidate<Args>> candidates) {
  choose<Args>(exec, args, candidates).run(exec, args);
}

// The workspace holds widening_bytes() beyond what the op itself asks for.
template <class Args>
void run_widened(const Exec& exec, Args args, std::span<const Candidate<Args>> candidates) {
  cpu::WidenedArrays wide(exec);
  for (const auto& role : Args::arrays()) {
    View& view = args.*role.view;
    if (view.present() && is_narrow_float(view.dtype)) view = wide.take(view, role.access);
  }
  run_candidate<Args>(wide.rest(), args, candidates);
  wide.write_back();
}

template <class Args>
void launch(const char* op, const Exec& exec, const Args& args, std::span<const Candidate<Args>> cpu_candidates,
            void (*cuda)(const Exec&, const Args&)) {
  const TraceScope scope(exec, op);
  if (exec.device.kind == DeviceKind::cuda) return cuda(exec, args);
  if constexpr (ListsArrays<Args> && !takes_any_format<Args>())
    if (widening_bytes(exec, args) > 0) return run_widened<Args>(exec, args, cpu_candidates);
  run_candidate<Args>(exec, args, cpu_candidates);
}

}  // namespace athanor::kernels
