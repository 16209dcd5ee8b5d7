#include "core/store/zstd.h"

#include "core/store/columns.h"
#include "kernels/base/error.h"

#include <zstd.h>

#include <memory>

namespace athanor::store {
namespace {

constexpr int kLevel = 1;  // higher ones gain a few per cent and take several times as long

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

std::string compress(std::string_view bytes) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress2(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0) throw Failure(ErrorKind::internal, "compress samples", ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

void decompress(std::string_view bytes, std::size_t size, std::string& out) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  const std::size_t at = out.size();
  out.resize(at + size);
  const std::size_t got = ZSTD_decompressDCtx(context.get(), out.data() + at, size, bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != size) damaged_page("a compressed column is damaged");
}

}  // namespace athanor::store
