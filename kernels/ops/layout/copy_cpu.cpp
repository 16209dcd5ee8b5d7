#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/layout/copy.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 16384;

// Every element type travels as its bits: calls body with an integer of as many bytes.
template <class Body>
void with_word(DType dtype, Body body) {
  switch (size_bits(dtype)) {
    case 8: return body(std::uint8_t{});
    case 16: return body(std::uint16_t{});
    case 32: return body(std::uint32_t{});
    default: return body(std::uint64_t{});
  }
}

struct Offsets {
  std::int64_t x = 0, y = 0;
};

// Where the row-major index begins in both views, counting only the dims before `dims`.
Offsets offsets_of(const CopyArgs& args, std::int64_t index, int dims) {
  Offsets at;
  for (int dim = dims - 1; dim >= 0; --dim) {
    const std::int64_t position = index % args.x.shape[dim];
    index /= args.x.shape[dim];
    at.x += position * args.x.strides[dim];
    at.y += position * args.y.strides[dim];
  }
  return at;
}

void copy_reference(const Exec&, const CopyArgs& args) {
  with_word(args.x.dtype, [&]<class Word>(Word) {
    for (std::int64_t index = 0; index < args.x.numel(); ++index) {
      const Offsets at = offsets_of(args, index, args.x.shape.rank());
      args.y.as<Word>()[at.y] = args.x.as<Word>()[at.x];
    }
  });
}

template <class Word>
void copy_row(const Word* x, std::int64_t x_step, Word* y, std::int64_t y_step, std::int64_t count) {
  if (x_step == 1 && y_step == 1) {
    std::memcpy(y, x, static_cast<std::size_t>(count) * sizeof(Word));
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) y[i * y_step] = x[i * x_step];
}

// Innermost rows at a time. Neighbouring dims that are contiguous in both views count as one row.
void copy_rows(const Exec& exec, const CopyArgs& args) {
  const std::int64_t total = args.x.numel();
  if (total == 0) return;
  int outer = std::max(args.x.shape.rank() - 1, 0);
  std::int64_t length = args.x.shape.rank() ? args.x.dim(-1) : 1;
  const std::int64_t x_step = args.x.shape.rank() ? args.x.strides.dim(-1) : 1;
  const std::int64_t y_step = args.y.shape.rank() ? args.y.strides.dim(-1) : 1;
  while (outer > 0 && args.x.strides[outer - 1] == length * x_step && args.y.strides[outer - 1] == length * y_step)
    length *= args.x.shape[--outer];
  const std::int64_t rows_per_block = std::max<std::int64_t>(kElementsPerBlock / length, 1);
  cpu::parallel_ranges(exec.threads, total / length, rows_per_block, [&](cpu::BlockRange rows) {
    with_word(args.x.dtype, [&]<class Word>(Word) {
      for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        const Offsets at = offsets_of(args, row, outer);
        copy_row(args.x.as<Word>() + at.x, x_step, args.y.as<Word>() + at.y, y_step, length);
      }
    });
  });
}

constexpr std::array<Candidate<CopyArgs>, 2> kCandidates{{
    {"copy_cpu_rows", nullptr, copy_rows},
    {"copy_cpu_reference", nullptr, copy_reference},
}};

}  // namespace

Candidates<CopyArgs> copy_candidates() { return kCandidates; }

void copy(const Exec& exec, const CopyArgs& args) { launch("copy", exec, args, copy_candidates(), copy_cuda); }

}  // namespace athanor::kernels
