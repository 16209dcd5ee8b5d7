// A handful of test pictures and texts that stay the same through a run, so that one can watch answers change.
#pragma once

#include "core/base/result.h"
#include "core/data/dataset.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace athanor::data {

struct Probe {
  std::size_t picture = 0;      // index into Dataset::pictures()
  std::int32_t concept_id = 0;  // index into Dataset::concepts()
  std::string text;             // the name in the selection's language
};

// `count` different concepts of the selection (or all of them, if fewer), spread over the subgroups, chosen by the seed
// alone. Errors as Dataset::select.
[[nodiscard]] Result<std::vector<Probe>> probe_set(const Dataset& dataset, const Selection& selection, int count,
                                                   std::uint64_t seed);

// Writes one picture as a PNG file with transparency, atomically; the folder must exist.
[[nodiscard]] Result<void> export_picture(const Dataset& dataset, std::size_t picture,
                                          const std::filesystem::path& file);

}  // namespace athanor::data
