// A small real data set for tests: drawn shapes, written by the same writer as prepared data.
#pragma once

#include "core/data/dataset.h"
#include "core/data/writer.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <memory>

namespace athanor::data {

using testing_support::TemporaryFolder;

// `concepts` things in the groups "even" and "odd", each drawn in the styles "plain" and "outline", named in en and ja.
[[nodiscard]] NewDataset synthetic_content(int concepts);
[[nodiscard]] Image synthetic_picture(int concept_id, bool outline);

// Written to `folder` and opened.
[[nodiscard]] std::shared_ptr<const Dataset> synthetic_dataset(const std::filesystem::path& folder, int concepts);

}  // namespace athanor::data
