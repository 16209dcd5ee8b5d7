#include "core/autograd/open_uses.h"

#include <algorithm>
#include <utility>

namespace athanor {

namespace {

void call_hooks(Context& context, ParameterState& parameter) {
  if (!parameter.gradient.present()) return;
  for (const auto& hook : parameter.hooks) hook(context, parameter);
}

}  // namespace

void OpenUses::close(Context& context, const Parameter& parameter) {
  if (--open_[parameter.get()] > 0) return;
  if (holds_ == 0) return call_hooks(context, *parameter);
  if (std::ranges::find(waiting_, parameter) == waiting_.end()) waiting_.push_back(parameter);
}

void OpenUses::release(Context& context) {
  if (--holds_ > 0) return;
  for (const Parameter& parameter : std::exchange(waiting_, {}))
    if (open_[parameter.get()] == 0) call_hooks(context, *parameter);
}

}  // namespace athanor
