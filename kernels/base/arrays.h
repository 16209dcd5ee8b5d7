// What an op's arguments say of their own arrays: name, place and role. Tracing, the search for non-finite numbers and
// the twins of narrow formats need nothing else of an op.
//
//   struct AddArgs {
//     View a{}, b{}, y{};
//     static constexpr auto arrays() {
//       return std::array{reads("a", &AddArgs::a), reads("b", &AddArgs::b), writes("y", &AddArgs::y)};
//     }
//   };
#pragma once

#include "kernels/base/exec.h"
#include "kernels/base/view.h"

#include <array>
#include <cstddef>

namespace athanor::kernels {

enum class Access : std::uint8_t { read, write, update };

template <class Args>
using ViewMember = View Args::*;

template <class Args>
struct ArrayRole {
  const char* name;
  ViewMember<Args> view;
  Access access;
  int narrow_group = -1;
  bool takes_strides = false;

  // The op's CUDA kernels read and write this array in f32, f16 or bf16, those of one group alike.
  [[nodiscard]] constexpr ArrayRole narrow(int group = 0) const { return {name, view, access, group, takes_strides}; }
  // The array need not be contiguous; the op's header says what is asked of its strides.
  [[nodiscard]] constexpr ArrayRole strided() const { return {name, view, access, narrow_group, true}; }
};

template <class Args>
[[nodiscard]] constexpr ArrayRole<Args> reads(const char* name, ViewMember<Args> view) {
  return {.name = name, .view = view, .access = Access::read};
}
template <class Args>
[[nodiscard]] constexpr ArrayRole<Args> writes(const char* name, ViewMember<Args> view) {
  return {.name = name, .view = view, .access = Access::write};
}
template <class Args>
[[nodiscard]] constexpr ArrayRole<Args> updates(const char* name, ViewMember<Args> view) {
  return {.name = name, .view = view, .access = Access::update};
}

template <class Args>
concept ListsArrays = requires {
  Args::arrays();
};

// Args whose kernels read and write every type themselves say `static constexpr bool kAnyFormat = true;`.
template <class Args>
[[nodiscard]] constexpr bool takes_any_format() {
  if constexpr (requires { Args::kAnyFormat; }) return Args::kAnyFormat;
  return false;
}

// Args whose outputs may well hold -infinity, such as logarithms of nothing, say `static constexpr bool
// kWritesMinusInfinity = true;`, so that a search for non-finite numbers passes over it.
template <class Args>
[[nodiscard]] constexpr bool writes_minus_infinity() {
  if constexpr (requires { Args::kWritesMinusInfinity; }) return Args::kWritesMinusInfinity;
  return false;
}

inline constexpr std::size_t kWideAlignment = 64;

// Whether the CUDA kernels take all arrays of a call as they are.
template <class Args>
[[nodiscard]] bool narrow_on_cuda(const Args& args) {
  for (const auto& role : Args::arrays()) {
    const View& view = args.*role.view;
    if (!view.present()) continue;
    if (is_narrow_float(view.dtype) && (role.narrow_group < 0 || size_bits(view.dtype) == 8)) return false;
    for (const auto& other : Args::arrays()) {
      const bool alike = !(args.*other.view).present() || (args.*other.view).dtype == view.dtype;
      if (role.narrow_group >= 0 && other.narrow_group == role.narrow_group && !alike) return false;
    }
  }
  return true;
}

// Workspace for f32 copies of the narrow arrays of a call: 0 where there are none, or the kernels need none.
template <class Args>
[[nodiscard]] std::size_t widening_bytes(const Exec& exec, const Args& args) {
  std::size_t bytes = 0;
  if constexpr (ListsArrays<Args> && !takes_any_format<Args>()) {
    if (exec.device.kind == DeviceKind::cuda && narrow_on_cuda(args)) return 0;
    for (const auto& role : Args::arrays()) {
      const View& view = args.*role.view;
      if (view.present() && is_narrow_float(view.dtype))
        bytes += (storage_bytes(DType::f32, view.numel()) + kWideAlignment - 1) / kWideAlignment * kWideAlignment;
    }
    if (bytes > 0) bytes += kWideAlignment;
  }
  return bytes;
}

}  // namespace athanor::kernels
