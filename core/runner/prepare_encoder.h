// Makes <ATHANOR_HOME>/weights/<name> out of a text encoder that a fetching script unpacked: the files a model needs,
// checked, with a card of where they come from and their licences.
#pragma once

#include "core/base/result.h"
#include "core/data/card.h"

#include <filesystem>
#include <string>

namespace athanor::runner {

struct PrepareEncoderOptions {
  std::filesystem::path source;  // a folder in the Hugging Face layout, with packages.tsv and licences/
  std::filesystem::path output;  // written aside and renamed when it is whole
  bool force = false;
};

// invalid_input names what is missing and the script that fetches it, or what does not fit a BERT text encoder.
[[nodiscard]] Result<data::DatasetCard> prepare_minilm(const PrepareEncoderOptions& options);

// The digest of the weights in a prepared folder, or of the weights' file where there is no card; for provenance.
[[nodiscard]] std::string weights_digest(const std::filesystem::path& folder);

}  // namespace athanor::runner
