// Sees every kernel launch with its arrays, after it has computed: the search for non-finite numbers and the ledger of
// who holds memory hang here.
#pragma once

#include "kernels/base/arrays.h"

#include <span>

namespace athanor {

struct LaunchArray {
  const char* name;
  kernels::Access access;
  View view;  // present
};

struct LaunchSeen {
  const char* op;
  std::span<const LaunchArray> arrays;  // none for the few ops that take lists of tensors
  // -infinity is a value of this op: a masked logarithm.
  bool writes_minus_infinity = false;
};

// Installed with Context::set_launch_watch. In a dry run the views are names and must not be followed.
class LaunchWatch {
 public:
  virtual ~LaunchWatch() = default;
  virtual void on_launch(const LaunchSeen& launch) = 0;
};

// Tells `watch` of a launch with these arguments.
template <class Args>
void tell_launch(LaunchWatch& watch, const char* op, const Args& args) {
  if constexpr (kernels::ListsArrays<Args>) {
    constexpr auto kRoles = Args::arrays();
    std::array<LaunchArray, kRoles.size()> arrays;
    std::size_t count = 0;
    for (const auto& role : kRoles)
      if ((args.*role.view).present()) arrays[count++] = {role.name, role.access, args.*role.view};
    watch.on_launch({op, std::span(arrays).first(count), kernels::writes_minus_infinity<Args>()});
  } else {
    watch.on_launch({op, {}, false});
  }
}

}  // namespace athanor
