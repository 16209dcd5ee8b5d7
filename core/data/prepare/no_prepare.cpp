// Stands in where the build has no preparation.
#include "core/base/paths.h"
#include "core/data/prepare/emoji.h"

namespace athanor::data {

Result<DatasetCard> prepare_emoji(const PrepareOptions&) {
  return fail(ErrorKind::unavailable, "prepare the data set emoji", "this build has no preparation",
              "configure with -DATH_PREPARE=ON, or copy the folder of a prepared data set here");
}

std::filesystem::path default_sources() { return sources_dir() / "root"; }

}  // namespace athanor::data
