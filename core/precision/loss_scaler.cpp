#include "core/precision/loss_scaler.h"

#include <algorithm>

namespace athanor::precision {

namespace {

constexpr double kLargestScale = 4294967296.0;  // 2^32

}  // namespace

void LossScaler::count_good_step() {
  if (++state_.growth < settings_.growth_interval) return;
  state_.growth = 0;
  state_.forgiveness = settings_.hysteresis;
  state_.scale = std::min(state_.scale * 2, kLargestScale);
}

bool LossScaler::count_overflow() {
  state_.growth = 0;
  if (--state_.forgiveness > 0) return true;
  if (state_.scale <= settings_.floor) return false;
  state_.scale = std::max(state_.scale / 2, settings_.floor);
  return true;
}

}  // namespace athanor::precision
