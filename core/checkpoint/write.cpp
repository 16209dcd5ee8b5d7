#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/folder.h"
#include "core/checkpoint/manifest.h"

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

Result<void> write_arrays(const fs::path& aside, const char* name, const std::vector<Array>& arrays,
                          Manifest& manifest) {
  std::vector<ArrayView> views;
  for (const Array& array : arrays) views.push_back({array.name, array.shape, array.values});
  auto digest = write_safetensors(aside / name, views);
  if (!digest) return tl::unexpected(digest.error());
  manifest.files[name] = {static_cast<std::int64_t>(fs::file_size(aside / name)), std::move(*digest)};
  return {};
}

}  // namespace

Result<Written> write(const fs::path& folder, const Contents& contents, std::int64_t keep) {
  const auto aside = begin_checkpoint(folder, contents.state.step);
  if (!aside) return tl::unexpected(aside.error());
  Manifest manifest;
  auto written = write_arrays(*aside, kModelFile, contents.parameters, manifest);
  if (written) written = write_arrays(*aside, kOptimizerFile, contents.optimizer, manifest);
  if (written && !contents.residual.empty()) written = write_arrays(*aside, kResidualFile, contents.residual, manifest);
  if (written) written = write_state(*aside, contents.state, manifest);
  if (!written) {
    give_up_checkpoint(*aside);
    return tl::unexpected(written.error());
  }
  return complete_checkpoint(*aside, manifest, keep);
}

}  // namespace athanor::checkpoint
