// The arithmetic of giou_loss for one pair of boxes, in any precision, on host and device; or for a vector of pairs,
// where T is one of vectors. See giou_loss.h.
#pragma once

#include "kernels/base/philox.h"  // ATH_HOST_DEVICE

namespace athanor::kernels {

inline constexpr double kGiouEpsilon = 1e-7;

// What the arithmetic asks of a number; a vector has the same by the same names beside its type.
namespace giou {

template <class T>
ATH_HOST_DEVICE bool less(T a, T b) {
  return a < b;
}
template <class T>
ATH_HOST_DEVICE T select(bool condition, T yes, T no) {
  return condition ? yes : no;
}
template <class T>
ATH_HOST_DEVICE T like(T, double value) {
  return static_cast<T>(value);
}

}  // namespace giou

template <class T>
struct GiouBox {
  T low[2], high[2];  // left and top, right and bottom

  ATH_HOST_DEVICE static GiouBox load(const float* p) {
    return {{static_cast<T>(p[0]), static_cast<T>(p[1])}, {static_cast<T>(p[2]), static_cast<T>(p[3])}};
  }
  ATH_HOST_DEVICE void store(float* p) const {
    for (int axis = 0; axis < 2; ++axis) {
      p[axis] = static_cast<float>(low[axis]);
      p[axis + 2] = static_cast<float>(high[axis]);
    }
  }
};

template <class T>
struct GiouPair {
  T side[2], other_side[2], inner[2], outer[2];  // of x, of the target, of the intersection, of the box around both
  T intersection, union_, around;

  ATH_HOST_DEVICE GiouPair(const GiouBox<T>& x, const GiouBox<T>& target) {
    using giou::less, giou::like, giou::select;
    const T zero = like(x.low[0], 0.0), epsilon = like(x.low[0], kGiouEpsilon);
    const auto smaller = [](T a, T b) { return select(less(a, b), a, b); };
    const auto larger = [](T a, T b) { return select(less(b, a), a, b); };
    const auto positive = [&](T value) { return select(less(zero, value), value, zero); };
    for (int axis = 0; axis < 2; ++axis) {
      const T low = x.low[axis], high = x.high[axis], other_low = target.low[axis], other_high = target.high[axis];
      side[axis] = positive(high - low);
      other_side[axis] = positive(other_high - other_low);
      inner[axis] = positive(smaller(high, other_high) - larger(low, other_low));
      outer[axis] = positive(larger(high, other_high) - smaller(low, other_low));
    }
    intersection = inner[0] * inner[1];
    union_ = side[0] * side[1] + other_side[0] * other_side[1] - intersection + epsilon;
    around = outer[0] * outer[1] + epsilon;
  }

  ATH_HOST_DEVICE T loss() const {
    using giou::like;
    return like(around, 2.0) - intersection / union_ - union_ / around;
  }

  // d loss / d (left, top, right, bottom) of x, times factor.
  ATH_HOST_DEVICE GiouBox<T> gradient(const GiouBox<T>& x, const GiouBox<T>& target, T factor) const {
    using giou::less, giou::like, giou::select;
    const T zero = like(factor, 0.0), one = like(factor, 1.0);
    const T of_union = one / around - intersection / (union_ * union_);
    const T of_intersection = one / union_ - of_union, of_around = zero - union_ / (around * around);
    GiouBox<T> out{};
    for (int axis = 0; axis < 2; ++axis) {
      const int other = 1 - axis;
      const T area = select(less(zero, side[axis]), of_union * side[other], zero);
      const T within = select(less(zero, inner[axis]), of_intersection * inner[other], zero);
      const T beyond = select(less(zero, outer[axis]), of_around * outer[other], zero);
      const T low = zero - area - select(less(target.low[axis], x.low[axis]), within, zero) -
                    select(less(x.low[axis], target.low[axis]), beyond, zero);
      const T high = area + select(less(x.high[axis], target.high[axis]), within, zero) +
                     select(less(target.high[axis], x.high[axis]), beyond, zero);
      out.low[axis] = zero - factor * low;
      out.high[axis] = zero - factor * high;
    }
    return out;
  }
};

}  // namespace athanor::kernels
