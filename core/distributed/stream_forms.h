// What stages hand to each other: the streams of a micro-batch as one message. A single stream travels
// as it is, several one after the other as bytes.
#pragma once

#include "core/models/chain.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace athanor::distributed {

// What one stream of a micro-batch is between two stages.
struct ArrayForm {
  Shape shape;
  DType dtype = DType::f32;
};

class StreamForms {
 public:
  StreamForms() = default;
  // By stream; nothing for one that is absent there.
  explicit StreamForms(std::vector<std::optional<ArrayForm>> forms) : forms_(std::move(forms)) {}
  // Those of values, such as a dry run leaves.
  [[nodiscard]] static StreamForms of(const models::Streams& streams);
  // The same for another number of rows.
  [[nodiscard]] StreamForms with_rows(std::int64_t rows) const;

  [[nodiscard]] std::size_t count() const noexcept { return forms_.size(); }
  [[nodiscard]] const std::optional<ArrayForm>& operator[](std::size_t stream) const { return forms_[stream]; }
  [[nodiscard]] std::int64_t bytes() const;

  // Memory of a message, with nothing in it yet.
  [[nodiscard]] Tensor make_space(Context& context) const;
  // By stream; those that are absent count as zeros. Throws Failure(internal) for values of other shapes.
  [[nodiscard]] Tensor pack(Context& context, const std::vector<Tensor>& values) const;
  // By stream; absent where the form is.
  [[nodiscard]] std::vector<Tensor> unpack(Context& context, const Tensor& message) const;

 private:
  // The only stream that is present, if it is the only one.
  [[nodiscard]] std::optional<std::size_t> single() const;

  std::vector<std::optional<ArrayForm>> forms_;
};

}  // namespace athanor::distributed
