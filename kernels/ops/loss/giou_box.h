// The arithmetic of giou_loss for one pair of boxes, in any precision, on host and device. See giou_loss.h.
#pragma once

#include "kernels/base/philox.h"  // ATH_HOST_DEVICE

namespace athanor::kernels {

inline constexpr double kGiouEpsilon = 1e-7;

template <class T>
struct GiouBox {
  T low[2], high[2];  // left and top, right and bottom

  ATH_HOST_DEVICE static GiouBox load(const float* p) {
    return {{static_cast<T>(p[0]), static_cast<T>(p[1])}, {static_cast<T>(p[2]), static_cast<T>(p[3])}};
  }
};

template <class T>
struct GiouPair {
  T side[2], other_side[2], inner[2], outer[2];  // of x, of the target, of the intersection, of the box around both
  T intersection, union_, around;

  ATH_HOST_DEVICE static T positive(T value) { return value > T{0} ? value : T{0}; }

  ATH_HOST_DEVICE GiouPair(const GiouBox<T>& x, const GiouBox<T>& target) {
    for (int axis = 0; axis < 2; ++axis) {
      const T low = x.low[axis], high = x.high[axis], other_low = target.low[axis], other_high = target.high[axis];
      side[axis] = positive(high - low);
      other_side[axis] = positive(other_high - other_low);
      inner[axis] = positive((high < other_high ? high : other_high) - (low > other_low ? low : other_low));
      outer[axis] = positive((high > other_high ? high : other_high) - (low < other_low ? low : other_low));
    }
    const T epsilon = static_cast<T>(kGiouEpsilon);
    intersection = inner[0] * inner[1];
    union_ = side[0] * side[1] + other_side[0] * other_side[1] - intersection + epsilon;
    around = outer[0] * outer[1] + epsilon;
  }

  ATH_HOST_DEVICE T loss() const { return T{2} - intersection / union_ - union_ / around; }

  // d loss / d (left, top, right, bottom) of x, times factor.
  ATH_HOST_DEVICE void gradient(const GiouBox<T>& x, const GiouBox<T>& target, T factor, float* out) const {
    const T of_union = T{1} / around - intersection / (union_ * union_);
    const T of_intersection = T{1} / union_ - of_union, of_around = -union_ / (around * around);
    for (int axis = 0; axis < 2; ++axis) {
      const int other = 1 - axis;
      const T area = side[axis] > T{0} ? of_union * side[other] : T{0};
      const T within = inner[axis] > T{0} ? of_intersection * inner[other] : T{0};
      const T beyond = outer[axis] > T{0} ? of_around * outer[other] : T{0};
      const T low =
          -area - (x.low[axis] > target.low[axis] ? within : T{0}) - (x.low[axis] < target.low[axis] ? beyond : T{0});
      const T high = area + (x.high[axis] < target.high[axis] ? within : T{0}) +
                     (x.high[axis] > target.high[axis] ? beyond : T{0});
      out[axis] = static_cast<float>(-factor * low);
      out[axis + 2] = static_cast<float>(-factor * high);
    }
  }
};

}  // namespace athanor::kernels
