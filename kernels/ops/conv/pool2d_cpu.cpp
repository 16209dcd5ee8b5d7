#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/conv/pool2d.h"
#include "kernels/ops/conv/pool2d_avx2.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

// The geometry of x [B,H,W,C] and its 2x2 windows.
struct Windows {
  std::int64_t batch, in_h, in_w, channels, out_h, out_w;

  explicit Windows(const View& x)
      : batch(x.dim(0)), in_h(x.dim(1)), in_w(x.dim(2)), channels(x.dim(3)), out_h(in_h / 2), out_w(in_w / 2) {}
  [[nodiscard]] std::int64_t in_row(std::int64_t image, std::int64_t h) const {
    return (image * in_h + h) * in_w * channels;
  }
  [[nodiscard]] std::int64_t out_row(std::int64_t image, std::int64_t h) const {
    return (image * out_h + h) * out_w * channels;
  }
  // Offsets of the four positions of a window, row by row.
  [[nodiscard]] std::array<std::int64_t, 4> window(std::int64_t image, std::int64_t oh, std::int64_t ow,
                                                   std::int64_t c) const {
    const std::int64_t first = in_row(image, 2 * oh) + 2 * ow * channels + c;
    return {first, first + channels, first + in_w * channels, first + in_w * channels + channels};
  }
};

template <class Visit>
void for_each_window(const Windows& w, Visit&& visit) {
  for (std::int64_t image = 0; image < w.batch; ++image)
    for (std::int64_t oh = 0; oh < w.out_h; ++oh)
      for (std::int64_t ow = 0; ow < w.out_w; ++ow)
        for (std::int64_t c = 0; c < w.channels; ++c)
          visit(w.window(image, oh, ow, c), w.out_row(image, oh) + ow * w.channels + c);
}

std::int64_t position_of_maximum(const float* x, const std::array<std::int64_t, 4>& window) {
  std::int64_t best = window[0];
  for (const std::int64_t at : window)
    if (x[at] > x[best] || (std::isnan(x[at]) && !std::isnan(x[best]))) best = at;
  return best;
}

// ---- References ----

void max_pool2d_reference(const Exec&, const Pool2dArgs& args) {
  const float* x = args.x.as<float>();
  for_each_window(Windows(args.x), [&](const auto& window, std::int64_t out) {
    args.y.as<float>()[out] = x[position_of_maximum(x, window)];
  });
}

void max_pool2d_grad_reference(const Exec&, const MaxPool2dGradArgs& args) {
  std::fill_n(args.dx.as<float>(), args.dx.numel(), 0.0f);
  for_each_window(Windows(args.x), [&](const auto& window, std::int64_t out) {
    args.dx.as<float>()[position_of_maximum(args.x.as<float>(), window)] = args.dy.as<float>()[out];
  });
}

void avg_pool2d_reference(const Exec&, const Pool2dArgs& args) {
  for_each_window(Windows(args.x), [&](const auto& window, std::int64_t out) {
    double sum = 0.0;
    for (const std::int64_t at : window) sum += static_cast<double>(args.x.as<float>()[at]);
    args.y.as<float>()[out] = static_cast<float>(sum / 4.0);
  });
}

void avg_pool2d_grad_reference(const Exec&, const AvgPool2dGradArgs& args) {
  std::fill_n(args.dx.as<float>(), args.dx.numel(), 0.0f);
  for_each_window(Windows(args.dx), [&](const auto& window, std::int64_t out) {
    for (const std::int64_t at : window) args.dx.as<float>()[at] = args.dy.as<float>()[out] * 0.25f;
  });
}

// ---- AVX2, one image at a time ----

// Calls row(offset of the upper row of x, offset of the lower, offset of the row of y) for every row of windows.
template <class Row>
void for_each_row(const Exec& exec, const Windows& w, Row&& row) {
  cpu::parallel_for(exec.threads, w.batch, [&](std::int64_t image) {
    for (std::int64_t oh = 0; oh < w.out_h; ++oh)
      row(w.in_row(image, 2 * oh), w.in_row(image, 2 * oh + 1), w.out_row(image, oh));
  });
}

// Zeroes what no window reads: the last column of an odd width and the last row of an odd height.
void clear_rest(const Windows& w, float* dx) {
  for (std::int64_t image = 0; image < w.batch; ++image) {
    for (std::int64_t h = 0; w.in_w % 2 == 1 && h < w.in_h; ++h)
      std::fill_n(dx + w.in_row(image, h) + (w.in_w - 1) * w.channels, w.channels, 0.0f);
    if (w.in_h % 2 == 1) std::fill_n(dx + w.in_row(image, w.in_h - 1), w.in_w * w.channels, 0.0f);
  }
}

void max_pool2d_rows(const Exec& exec, const Pool2dArgs& args) {
  const Windows w(args.x);
  const float* x = args.x.as<float>();
  for_each_row(exec, w, [&](auto upper, auto lower, auto out) {
    max_pool_row_avx2(w.out_w, w.channels, x + upper, x + lower, args.y.as<float>() + out);
  });
}

void max_pool2d_grad_rows(const Exec& exec, const MaxPool2dGradArgs& args) {
  const Windows w(args.x);
  const float* x = args.x.as<float>();
  float* dx = args.dx.as<float>();
  for_each_row(exec, w, [&](auto upper, auto lower, auto out) {
    max_pool_grad_row_avx2(w.out_w, w.channels, x + upper, x + lower, args.dy.as<float>() + out, dx + upper,
                           dx + lower);
  });
  clear_rest(w, dx);
}

void avg_pool2d_rows(const Exec& exec, const Pool2dArgs& args) {
  const Windows w(args.x);
  const float* x = args.x.as<float>();
  for_each_row(exec, w, [&](auto upper, auto lower, auto out) {
    avg_pool_row_avx2(w.out_w, w.channels, x + upper, x + lower, args.y.as<float>() + out);
  });
}

void avg_pool2d_grad_rows(const Exec& exec, const AvgPool2dGradArgs& args) {
  const Windows w(args.dx);
  float* dx = args.dx.as<float>();
  for_each_row(exec, w, [&](auto upper, auto lower, auto out) {
    avg_pool_grad_row_avx2(w.out_w, w.channels, args.dy.as<float>() + out, dx + upper, dx + lower);
  });
  clear_rest(w, dx);
}

template <class Args>
const char* refuse(const Exec&, const Args&) {
  return cpu::avx2_refusal();
}

constexpr std::array<Candidate<Pool2dArgs>, 2> kMaxCandidates{{
    {"max_pool2d_cpu_avx2_rows", refuse<Pool2dArgs>, max_pool2d_rows},
    {"max_pool2d_cpu_reference", nullptr, max_pool2d_reference},
}};
constexpr std::array<Candidate<MaxPool2dGradArgs>, 2> kMaxGradCandidates{{
    {"max_pool2d_grad_cpu_avx2_rows", refuse<MaxPool2dGradArgs>, max_pool2d_grad_rows},
    {"max_pool2d_grad_cpu_reference", nullptr, max_pool2d_grad_reference},
}};
constexpr std::array<Candidate<Pool2dArgs>, 2> kAvgCandidates{{
    {"avg_pool2d_cpu_avx2_rows", refuse<Pool2dArgs>, avg_pool2d_rows},
    {"avg_pool2d_cpu_reference", nullptr, avg_pool2d_reference},
}};
constexpr std::array<Candidate<AvgPool2dGradArgs>, 2> kAvgGradCandidates{{
    {"avg_pool2d_grad_cpu_avx2_rows", refuse<AvgPool2dGradArgs>, avg_pool2d_grad_rows},
    {"avg_pool2d_grad_cpu_reference", nullptr, avg_pool2d_grad_reference},
}};

}  // namespace

Candidates<Pool2dArgs> max_pool2d_candidates() { return kMaxCandidates; }
Candidates<MaxPool2dGradArgs> max_pool2d_grad_candidates() { return kMaxGradCandidates; }
Candidates<Pool2dArgs> avg_pool2d_candidates() { return kAvgCandidates; }
Candidates<AvgPool2dGradArgs> avg_pool2d_grad_candidates() { return kAvgGradCandidates; }

void max_pool2d(const Exec& exec, const Pool2dArgs& args) {
  launch("max_pool2d", exec, args, max_pool2d_candidates(), max_pool2d_cuda);
}

void max_pool2d_grad(const Exec& exec, const MaxPool2dGradArgs& args) {
  launch("max_pool2d_grad", exec, args, max_pool2d_grad_candidates(), max_pool2d_grad_cuda);
}

void avg_pool2d(const Exec& exec, const Pool2dArgs& args) {
  launch("avg_pool2d", exec, args, avg_pool2d_candidates(), avg_pool2d_cuda);
}

void avg_pool2d_grad(const Exec& exec, const AvgPool2dGradArgs& args) {
  launch("avg_pool2d_grad", exec, args, avg_pool2d_grad_candidates(), avg_pool2d_grad_cuda);
}

}  // namespace athanor::kernels
