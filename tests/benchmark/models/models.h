// The four models that training is timed and compared with PyTorch on, each with one batch of random data:
//   mlp   a classifier of flat vectors          vit   ViT-Tiny on pictures of 64 px
//   clip  the starter's model                   gpt   a decoder of 256 channels and 6 blocks
// Their PyTorch twins are in models.py; sizes are stated in both.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace athanor::bench {

// A named array of the batch, kept on the host; uploaded anew in every step, as a loader would.
struct Input {
  std::string name;
  Shape shape;
  std::vector<float> numbers;  // one of the two is empty
  std::vector<std::int32_t> ids;
};

class Model {
 public:
  virtual ~Model() = default;
  [[nodiscard]] virtual Variable loss(Context& context) const = 0;
  [[nodiscard]] virtual const std::vector<Parameter>& parameters() const = 0;
  [[nodiscard]] const std::vector<Input>& inputs() const { return inputs_; }
  [[nodiscard]] std::int64_t numel() const;

 protected:
  [[nodiscard]] Tensor upload(Context& context, std::size_t input) const;
  std::vector<Input> inputs_;
};

// Throws Failure(invalid_input) for a name that is none of the four. batch 0: the one that is timed.
[[nodiscard]] std::unique_ptr<Model> make_model(const std::string& name, Context& context, std::int64_t batch = 0);

// Writes <path>.f32 per parameter, <name>.f32 or .i32 per input, shapes.txt and inputs.txt ("name dims ...").
void dump(const Model& model, Context& context, const std::filesystem::path& directory);
void write_numbers(const std::filesystem::path& file, const std::vector<float>& numbers);

// AdamW as both sides use it.
inline constexpr float kLearningRate = 1e-3f, kMaxNorm = 1.0f;

}  // namespace athanor::bench
