#include "kernels/ops/conv/conv2d_reference.h"

#include <vector>

namespace athanor::kernels {

namespace {

// Calls visit(x_offset, w_offset, y_offset) for every product that the convolution sums; offsets count elements.
template <class Visit>
void for_each_product(const View& x, const View& w, const View& y, int stride, int padding, Visit&& visit) {
  const std::int64_t in_h = x.dim(1), in_w = x.dim(2), in_c = x.dim(3), kernel_h = w.dim(1), kernel_w = w.dim(2);
  const std::int64_t out_h = y.dim(1), out_w = y.dim(2), out_c = y.dim(3);
  for (std::int64_t image = 0; image < y.dim(0); ++image)
    for (std::int64_t oh = 0; oh < out_h; ++oh)
      for (std::int64_t ow = 0; ow < out_w; ++ow)
        for (std::int64_t kh = 0; kh < kernel_h; ++kh)
          for (std::int64_t kw = 0; kw < kernel_w; ++kw) {
            const std::int64_t ih = oh * stride - padding + kh, iw = ow * stride - padding + kw;
            if (ih < 0 || iw < 0 || ih >= in_h || iw >= in_w) continue;
            for (std::int64_t o = 0; o < out_c; ++o)
              for (std::int64_t i = 0; i < in_c; ++i)
                visit(((image * in_h + ih) * in_w + iw) * in_c + i, ((o * kernel_h + kh) * kernel_w + kw) * in_c + i,
                      ((image * out_h + oh) * out_w + ow) * out_c + o);
          }
}

void write(const std::vector<double>& sums, bool accumulate, float* out) {
  for (std::size_t at = 0; at < sums.size(); ++at)
    out[at] = static_cast<float>(accumulate ? static_cast<double>(out[at]) + sums[at] : sums[at]);
}

std::vector<double> zeros(const View& view) { return std::vector<double>(static_cast<std::size_t>(view.numel()), 0.0); }

}  // namespace

void conv2d_reference(const Exec&, const Conv2dArgs& args) {
  const float *x = args.x.as<float>(), *w = args.w.as<float>(), *bias = args.bias.as<float>();
  std::vector<double> sums = zeros(args.y);
  const std::size_t outputs = static_cast<std::size_t>(args.y.dim(3));
  if (bias)
    for (std::size_t at = 0; at < sums.size(); ++at) sums[at] = static_cast<double>(bias[at % outputs]);
  for_each_product(args.x, args.w, args.y, args.stride, args.padding, [&](auto from, auto weight, auto to) {
    sums[static_cast<std::size_t>(to)] += static_cast<double>(x[from]) * static_cast<double>(w[weight]);
  });
  write(sums, false, args.y.as<float>());
}

void conv2d_grad_reference(const Exec&, const Conv2dGradArgs& args) {
  const float *x = args.x.as<float>(), *w = args.w.as<float>(), *dy = args.dy.as<float>();
  std::vector<double> dx = zeros(args.x), dw = zeros(args.w), dbias(static_cast<std::size_t>(args.w.dim(0)), 0.0);
  for_each_product(args.x, args.w, args.dy, args.stride, args.padding, [&](auto from, auto weight, auto to) {
    const double g = static_cast<double>(dy[to]);
    if (args.dx.present()) dx[static_cast<std::size_t>(from)] += g * static_cast<double>(w[weight]);
    if (args.dw.present()) dw[static_cast<std::size_t>(weight)] += g * static_cast<double>(x[from]);
  });
  for (std::int64_t at = 0; at < args.dy.numel(); ++at)
    dbias[static_cast<std::size_t>(at) % dbias.size()] += static_cast<double>(dy[at]);
  if (args.dx.present()) write(dx, false, args.dx.as<float>());
  if (args.dw.present()) write(dw, args.accumulate_parameters, args.dw.as<float>());
  if (args.dbias.present()) write(dbias, args.accumulate_parameters, args.dbias.as<float>());
}

}  // namespace athanor::kernels
