// Weights that another program trained, into the parameters of a model.
#pragma once

#include "core/autograd/variable.h"
#include "core/base/result.h"
#include "core/checkpoint/weight_names.h"
#include "core/tensor/context.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::train {

struct Pretrained {
  std::int64_t arrays = 0, numel = 0;  // that were written
  std::vector<std::string> unused;     // foreign arrays that have no place here
};

// Overwrites every parameter beneath `root` ("text_tower.encoder") from a safetensors file or a Hugging Face folder.
// Nothing is changed unless all names and shapes fit; the error lists what does not. In a dry context that is all.
[[nodiscard]] Result<Pretrained> load_pretrained(Context& context, const std::vector<Parameter>& parameters,
                                                 std::string_view root, const std::filesystem::path& weights,
                                                 const checkpoint::NameTable& names);

// And back: writes every parameter beneath `root` into `file` under the names of the other program; returns the file's
// SHA-256. Errors: io; invalid_input for a parameter that the names do not know.
[[nodiscard]] Result<std::string> store_pretrained(const Context& context, const std::vector<Parameter>& parameters,
                                                   std::string_view root, const std::filesystem::path& file,
                                                   const checkpoint::NameTable& names);

}  // namespace athanor::train
