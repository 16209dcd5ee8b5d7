// Makes the starter data set `emoji` out of unpacked Debian packages: 1,870 emoji in up to three drawing styles, named
// in eight languages. Deterministic: the same packages give the same bytes.
#pragma once

#include "core/base/result.h"
#include "core/data/card.h"

#include <filesystem>
#include <functional>
#include <string_view>

namespace athanor::data {

// fraction in [0, 1]; `what` names the part of the work, for a progress bar.
using Progress = std::function<void(double fraction, std::string_view what)>;

struct PrepareOptions {
  std::filesystem::path sources;  // where installer/fetch-starter-data unpacked the packages (its DEST/root)
  std::filesystem::path output;   // the data set's folder; written aside and renamed when it is whole
  bool force = false;             // make it again even if a whole one of the same sources is there
  int threads = 2;
  Progress progress;  // called from the calling thread; may be empty
};

// ErrorKind::invalid_input names missing sources and the script that fetches them; ErrorKind::unavailable when this
// build has no preparation.
[[nodiscard]] Result<DatasetCard> prepare_emoji(const PrepareOptions& options);

// The folder in which a fresh installation finds the sources: sources_dir()/root.
[[nodiscard]] std::filesystem::path default_sources();

}  // namespace athanor::data
