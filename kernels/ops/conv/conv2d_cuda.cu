// Convolution as a matrix product: the windows of a chunk of images are unfolded into rows [pixels, KH*KW*I] in the
// workspace. A 1x1 kernel with stride 1 and no padding needs no unfolding: x is that matrix.
#include "kernels/base/error.h"
#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/product.h"
#include "kernels/cuda/product_bias.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/conv/conv2d.h"

#include <algorithm>

namespace athanor::kernels {

namespace {

struct Extent {
  std::int64_t batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w;
  int stride, padding;

  [[nodiscard]] std::int64_t rows_per_image() const { return out_h * out_w; }
  [[nodiscard]] std::int64_t inputs_per_image() const { return in_h * in_w * in_c; }
  [[nodiscard]] std::int64_t outputs_per_image() const { return out_h * out_w * out_c; }
  [[nodiscard]] __host__ __device__ std::int64_t columns() const { return kernel_h * kernel_w * in_c; }
  [[nodiscard]] bool unfolded_already() const { return kernel_h == 1 && kernel_w == 1 && stride == 1 && padding == 0; }
  [[nodiscard]] bool empty() const { return batch == 0 || rows_per_image() <= 0 || out_c == 0 || columns() == 0; }
  [[nodiscard]] std::int64_t chunk() const {
    return unfolded_already() ? batch : cuda::images_per_chunk(batch, rows_per_image(), columns());
  }
};

Extent extent_of(const View& x, const View& w, int stride, int padding) {
  return {.batch = x.dim(0),
          .in_h = x.dim(1),
          .in_w = x.dim(2),
          .in_c = x.dim(3),
          .out_h = conv_out_size(x.dim(1), w.dim(1), stride, padding),
          .out_w = conv_out_size(x.dim(2), w.dim(2), stride, padding),
          .out_c = w.dim(0),
          .kernel_h = w.dim(1),
          .kernel_w = w.dim(2),
          .stride = stride,
          .padding = padding};
}

// unfolded[pixel, (kh, kw, i)] = x at the window's place, 0 in the padding. One thread per value.
template <class T>
__global__ void unfold_kernel(Extent e, std::int64_t elements, const T* x, T* unfolded) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t pixel = i / e.columns();
  const auto within = static_cast<int>(i - pixel * e.columns());
  const auto in_c = static_cast<int>(e.in_c), kernel_w = static_cast<int>(e.kernel_w);
  const int tap = within / in_c;
  const std::int64_t line = pixel / e.out_w;
  const std::int64_t row = line % e.out_h * e.stride - e.padding + tap / kernel_w;
  const std::int64_t column = pixel % e.out_w * e.stride - e.padding + tap % kernel_w;
  const bool inside = row >= 0 && row < e.in_h && column >= 0 && column < e.in_w;
  const std::int64_t sample = line / e.out_h;
  unfolded[i] = inside ? x[((sample * e.in_h + row) * e.in_w + column) * in_c + within % in_c] : T{};
}

// dx gathers what the windows that read it hold: one thread per element of dx, taps in order.
template <class T>
__global__ void fold_kernel(Extent e, std::int64_t elements, const float* unfolded, T* dx) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t pixel = i / e.in_c, channel = i % e.in_c;
  const std::int64_t line = pixel / e.in_w, column = pixel % e.in_w;
  const std::int64_t sample = line / e.in_h, row = line % e.in_h;
  float sum = 0.0f;
  for (std::int64_t kh = 0; kh < e.kernel_h; ++kh) {
    const std::int64_t down = row + e.padding - kh;
    if (down < 0 || down % e.stride != 0 || down / e.stride >= e.out_h) continue;
    for (std::int64_t kw = 0; kw < e.kernel_w; ++kw) {
      const std::int64_t across = column + e.padding - kw;
      if (across < 0 || across % e.stride != 0 || across / e.stride >= e.out_w) continue;
      const std::int64_t out_pixel = (sample * e.out_h + down / e.stride) * e.out_w + across / e.stride;
      sum += unfolded[out_pixel * e.columns() + (kh * e.kernel_w + kw) * e.in_c + channel];
    }
  }
  cuda::store(dx, i, sum);
}

struct Scratch {
  void *product = nullptr, *bias = nullptr;
  float* unfolded = nullptr;  // f32 for what is to be folded, windows in the format of x
  void* columns = nullptr;
};

Scratch lay_out(cuda::WorkspaceCutter& cutter, const Extent& e, const View& bias, bool gradient) {
  Scratch scratch;
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  if (e.empty()) return scratch;
  scratch.bias = cuda::take_bias(cutter, bias);
  if (!e.unfolded_already()) scratch.unfolded = cutter.take<float>(e.chunk() * e.rows_per_image() * e.columns());
  if (gradient)
    scratch.columns = cutter.take<std::byte>(
        static_cast<std::int64_t>(cuda::column_reduce_workspace_bytes(e.batch * e.rows_per_image(), e.out_c, 1)));
  return scratch;
}

// The unfolded windows of `images` images.
template <class T>
const T* unfold(const Exec& exec, const char* op, const Extent& e, std::int64_t images, const T* x,
                const Scratch& scratch) {
  if (!scratch.unfolded) return x;
  const std::int64_t elements = images * e.rows_per_image() * e.columns();
  auto* const windows = reinterpret_cast<T*>(scratch.unfolded);
  cuda::launch_kernel(exec, op, cuda::per_element(elements), unfold_kernel<T>, e, elements, x, windows);
  return windows;
}

void weight_gradient(const Exec& exec, const char* op, const Extent& e, std::int64_t rows, DType format,
                     const void* windows, const void* dy, bool add, float* dw, const Scratch& scratch) {
  auto product = cuda::dense_product(e.out_c, e.columns(), rows, format);
  product.d_format = DType::f32;
  product.transpose_a = true;
  product.a = dy;
  product.a_stride = e.out_c;
  product.b = windows;
  product.beta = add ? 1.0f : 0.0f;
  product.c = dw;
  product.d = dw;
  product.workspace = scratch.product;
  cuda::product(exec, op, product);
}

template <class T>
void input_gradient(const Exec& exec, const char* op, const Extent& e, std::int64_t images, const View& w, const T* dy,
                    T* dx, const Scratch& scratch) {
  auto product = cuda::dense_product(images * e.rows_per_image(), e.columns(), e.out_c, w.dtype);
  if (scratch.unfolded) product.d_format = DType::f32;
  product.a = dy;
  product.b = w.data;
  product.d = scratch.unfolded ? static_cast<void*>(scratch.unfolded) : dx;
  product.workspace = scratch.product;
  cuda::product(exec, op, product);
  if (!scratch.unfolded) return;
  const std::int64_t elements = images * e.inputs_per_image();
  cuda::launch_kernel(exec, op, cuda::per_element(elements), fold_kernel<T>, e, elements, scratch.unfolded, dx);
}

void zero(const Exec& exec, const char* op, const View& view) {
  if (view.present() && view.numel() > 0)
    ATH_CUDA_CHECK(op, cudaMemsetAsync(view.data, 0, storage_bytes(view.dtype, view.numel()), cuda::stream_of(exec)));
}

template <class T>
void convolve(const Exec& exec, const Conv2dArgs& args, const Extent& e, const Scratch& scratch) {
  constexpr const char* kOp = "conv2d";
  const void* const bias = cuda::product_bias(exec, kOp, args.bias, args.x.dtype, scratch.bias);
  for (std::int64_t first = 0; first < e.batch; first += e.chunk()) {
    const std::int64_t images = std::min(e.chunk(), e.batch - first);
    auto product = cuda::dense_product(images * e.rows_per_image(), e.out_c, e.columns(), args.x.dtype);
    product.transpose_b = true;
    product.b_stride = e.columns();
    product.a = unfold(exec, kOp, e, images, args.x.as<const T>() + first * e.inputs_per_image(), scratch);
    product.b = args.w.data;
    product.bias = bias;
    product.d = args.y.as<T>() + first * e.outputs_per_image();
    product.workspace = scratch.product;
    cuda::product(exec, kOp, product);
  }
}

template <class T>
void differentiate(const Exec& exec, const Conv2dGradArgs& args, const Extent& e, const Scratch& scratch) {
  constexpr const char* kOp = "conv2d_grad";
  const T* dy_all = args.dy.as<const T>();
  if (args.dbias.present())
    cuda::column_reduce<1>(exec, kOp, e.batch * e.rows_per_image(), e.out_c, cuda::PlainTerm{dy_all, e.out_c},
                           args.accumulate_parameters, {{args.dbias.as<float>()}}, scratch.columns);
  for (std::int64_t first = 0; first < e.batch; first += e.chunk()) {
    const std::int64_t images = std::min(e.chunk(), e.batch - first);
    const T* dy = dy_all + first * e.outputs_per_image();
    if (args.dw.present()) {
      const T* windows = unfold(exec, kOp, e, images, args.x.as<const T>() + first * e.inputs_per_image(), scratch);
      weight_gradient(exec, kOp, e, images * e.rows_per_image(), args.x.dtype, windows, dy,
                      args.accumulate_parameters || first > 0, args.dw.as<float>(), scratch);
    }
    if (args.dx.present())
      input_gradient(exec, kOp, e, images, args.w, dy, args.dx.as<T>() + first * e.inputs_per_image(), scratch);
  }
}

}  // namespace

void conv2d_cuda(const Exec& exec, const Conv2dArgs& args) {
  const Extent e = extent_of(args.x, args.w, args.stride, args.padding);
  if (e.empty()) return;
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, e, args.bias, false);
  cuda::with_storage(args.x.dtype, [&]<class T>() { convolve<T>(exec, args, e, scratch); });
}

void conv2d_grad_cuda(const Exec& exec, const Conv2dGradArgs& args) {
  constexpr const char* kOp = "conv2d_grad";
  const Extent e = extent_of(args.x, args.w, args.stride, args.padding);
  if (e.empty()) {
    zero(exec, kOp, args.dx);
    if (args.accumulate_parameters) return;
    zero(exec, kOp, args.dw);
    return zero(exec, kOp, args.dbias);
  }
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, e, View{}, true);
  cuda::with_storage(args.x.dtype, [&]<class T>() { differentiate<T>(exec, args, e, scratch); });
}

std::size_t conv2d_cuda_workspace_bytes(const Conv2dArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, extent_of(args.x, args.w, args.stride, args.padding), args.bias, false));
  return cutter.used_bytes();
}

std::size_t conv2d_grad_cuda_workspace_bytes(const Conv2dGradArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, extent_of(args.x, args.w, args.stride, args.padding), View{}, true));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
