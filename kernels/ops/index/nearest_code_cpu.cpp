#include "kernels/cpu/gemm.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/index/nearest_code.h"
#include "kernels/ops/index/nearest_code_avx2.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRowsPerBlock = 64, kCodesPerBlock = 16;

struct CodeSize {
  std::int64_t rows, width, codes;

  template <class Args>
  explicit CodeSize(const Args& args)
      : rows(args.indices.numel()), width(args.x.dim(-1)), codes(args.codebook.dim(0)) {}
  // 2 / MD
  [[nodiscard]] double share() const {
    return rows * width == 0 ? 0.0 : 2.0 / (static_cast<double>(rows) * static_cast<double>(width));
  }
};

double squared_distance(const float* a, const float* b, std::int64_t width) {
  double sum = 0.0;
  for (std::int64_t d = 0; d < width; ++d) {
    const double difference = static_cast<double>(a[d]) - static_cast<double>(b[d]);
    sum += difference * difference;
  }
  return sum;
}

void store_distance(const NearestCodeArgs& args, const CodeSize& s, double sum) {
  args.distance.as<float>()[0] = static_cast<float>(sum * s.share() / 2.0);
}

// ---- Reference ----

void nearest_code_reference(const Exec&, const NearestCodeArgs& args) {
  const CodeSize s(args);
  const float* codebook = args.codebook.as<float>();
  double sum = 0.0;
  for (std::int64_t row = 0; row < s.rows; ++row) {
    const float* x = args.x.as<float>() + row * s.width;
    double least = std::numeric_limits<double>::infinity();
    std::int64_t best = 0;
    for (std::int64_t k = 0; k < s.codes; ++k) {
      const double distance = squared_distance(x, codebook + k * s.width, s.width);
      if (distance >= least) continue;
      least = distance;
      best = k;
    }
    args.indices.as<std::int32_t>()[row] = static_cast<std::int32_t>(best);
    std::copy_n(codebook + best * s.width, s.width, args.codes.as<float>() + row * s.width);
    sum += squared_distance(x, codebook + best * s.width, s.width);
  }
  store_distance(args, s, sum);
}

void nearest_code_grad_reference(const Exec&, const NearestCodeGradArgs& args) {
  const CodeSize s(args);
  std::vector<double> of_codes(static_cast<std::size_t>(s.codes * s.width), 0.0);
  const double share = static_cast<double>(args.dloss) * s.share();
  for (std::int64_t at = 0; at < s.rows * s.width; ++at) {
    const std::int64_t code = args.indices.as<std::int32_t>()[at / s.width] * s.width + at % s.width;
    const double difference =
        static_cast<double>(args.x.as<float>()[at]) - static_cast<double>(args.codebook.as<float>()[code]);
    of_codes[static_cast<std::size_t>(code)] -= share * difference;
    if (args.dx.present())
      args.dx.as<float>()[at] = static_cast<float>(static_cast<double>(args.commitment) * share * difference);
  }
  if (!args.dcodebook.present()) return;
  for (std::size_t i = 0; i < of_codes.size(); ++i) {
    float& out = args.dcodebook.as<float>()[i];
    out = static_cast<float>(args.accumulate_parameters ? static_cast<double>(out) + of_codes[i] : of_codes[i]);
  }
}

// ---- Blocks of rows ----

struct Workspace {
  float* squares;   // [K]
  double* terms;    // [M]
  float* products;  // per worker: a block of rows by all codes
};

Workspace lay_out(const Exec& exec, const NearestCodeArgs& args, cpu::WorkspaceCutter& cutter) {
  const CodeSize s(args);
  return {cutter.take<float>(s.codes), cutter.take<double>(s.rows),
          cutter.take<float>(exec.threads * kRowsPerBlock * s.codes)};
}

void nearest_code_products(const Exec& exec, const NearestCodeArgs& args) {
  const CodeSize s(args);
  cpu::WorkspaceCutter cutter(exec);
  const Workspace w = lay_out(exec, args, cutter);
  const float *x = args.x.as<float>(), *codebook = args.codebook.as<float>();
  for (std::int64_t k = 0; k < s.codes; ++k) {
    double sum = 0.0;
    for (std::int64_t d = 0; d < s.width; ++d)
      sum += static_cast<double>(codebook[k * s.width + d]) * static_cast<double>(codebook[k * s.width + d]);
    w.squares[k] = static_cast<float>(sum);
  }
  cpu::parallel_ranges(exec.threads, s.rows, kRowsPerBlock, [&](cpu::BlockRange rows, int worker) {
    float* products = w.products + worker * kRowsPerBlock * s.codes;
    cpu::gemm({.transpose_b = true,
               .m = rows.size(),
               .n = s.codes,
               .k = s.width,
               .a = x + rows.begin * s.width,
               .lda = s.width,
               .b = codebook,
               .ldb = s.width,
               .c = products,
               .ldc = s.codes});
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      const std::int64_t best = nearest_column_avx2(products + (row - rows.begin) * s.codes, w.squares, s.codes);
      const float* code = codebook + best * s.width;
      args.indices.as<std::int32_t>()[row] = static_cast<std::int32_t>(best);
      std::copy_n(code, s.width, args.codes.as<float>() + row * s.width);
      w.terms[row] = static_cast<double>(squared_distance_avx2(x + row * s.width, code, s.width));
    }
  });
  double sum = 0.0;
  for (std::int64_t row = 0; row < s.rows; ++row) sum += w.terms[row];
  store_distance(args, s, sum);
}

// Rows in parallel for dx; for the codebook each block owns some codes and walks all rows in order.
void nearest_code_grad_blocks(const Exec& exec, const NearestCodeGradArgs& args) {
  const CodeSize s(args);
  const float *x = args.x.as<float>(), *codebook = args.codebook.as<float>();
  const std::int32_t* index = args.indices.as<std::int32_t>();
  const float share = static_cast<float>(static_cast<double>(args.dloss) * s.share());
  if (args.dx.present())
    cpu::parallel_ranges(exec.threads, s.rows, kRowsPerBlock, [&](cpu::BlockRange rows) {
      for (std::int64_t row = rows.begin; row < rows.end; ++row)
        scaled_difference_avx2(x + row * s.width, codebook + index[row] * s.width, s.width, args.commitment * share,
                               false, args.dx.as<float>() + row * s.width);
    });
  if (!args.dcodebook.present()) return;
  cpu::parallel_ranges(exec.threads, s.codes, kCodesPerBlock, [&](cpu::BlockRange codes) {
    float* out = args.dcodebook.as<float>();
    if (!args.accumulate_parameters) std::fill_n(out + codes.begin * s.width, codes.size() * s.width, 0.0f);
    for (std::int64_t row = 0; row < s.rows; ++row)
      if (index[row] >= codes.begin && index[row] < codes.end)
        scaled_difference_avx2(codebook + index[row] * s.width, x + row * s.width, s.width, share, true,
                               out + index[row] * s.width);
  });
}

const char* refuse(const Exec&, const NearestCodeArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const NearestCodeGradArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<NearestCodeArgs>, 2> kCandidates{{
    {"nearest_code_cpu_avx2_products", refuse, nearest_code_products},
    {"nearest_code_cpu_reference", nullptr, nearest_code_reference},
}};
constexpr std::array<Candidate<NearestCodeGradArgs>, 2> kGradCandidates{{
    {"nearest_code_grad_cpu_avx2_blocks", refuse_grad, nearest_code_grad_blocks},
    {"nearest_code_grad_cpu_reference", nullptr, nearest_code_grad_reference},
}};

}  // namespace

Candidates<NearestCodeArgs> nearest_code_candidates() { return kCandidates; }
Candidates<NearestCodeGradArgs> nearest_code_grad_candidates() { return kGradCandidates; }

void nearest_code(const Exec& exec, const NearestCodeArgs& args) {
  launch("nearest_code", exec, args, nearest_code_candidates(), nearest_code_cuda);
}

void nearest_code_grad(const Exec& exec, const NearestCodeGradArgs& args) {
  launch("nearest_code_grad", exec, args, nearest_code_grad_candidates(), nearest_code_grad_cuda);
}

std::size_t nearest_code_workspace_bytes(const Exec& exec, const NearestCodeArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return nearest_code_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  lay_out(exec, args, cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
