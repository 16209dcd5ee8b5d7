// Writes runs of the history into files. Reads with the reader it is given: one thread. Errors: what reading says; as
// write_refusal(); corrupt where samples are damaged in the history. No file is left half written.
#pragma once

#include "core/base/result.h"
#include "core/store/reader.h"

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace athanor::report {

// csv: FILE.csv with every sample and FILE-runs.csv with all else, or samples.csv and runs.csv in a folder. json: one
// file, or run-<id>.json in a folder. html: a page with curves.
enum class Form : std::uint8_t { csv, json, html };
[[nodiscard]] Result<Form> form_named(std::string_view name);
// By the ending of a file's name.
[[nodiscard]] Result<Form> form_of(const std::filesystem::path& file);

// `to` is a folder where it is one, or ends with a slash; it is made. The files that were written.
[[nodiscard]] Result<std::vector<std::filesystem::path>> write_runs(store::Reader& history,
                                                                    std::span<const store::RunId> runs, Form form,
                                                                    const std::filesystem::path& to);

}  // namespace athanor::report
