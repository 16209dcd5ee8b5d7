#include "core/distributed/stream_forms.h"

#include "kernels/base/error.h"

namespace athanor::distributed {
namespace {

std::byte* bytes_of(const Tensor& tensor) { return static_cast<std::byte*>(tensor.view().data); }

Tensor checked(Context& context, const ArrayForm& form, const Tensor& value) {
  if (!value.present()) return context.full(form.shape, 0.0F, MemoryTag::activations, form.dtype);
  if (value.shape() != form.shape || value.dtype() != form.dtype)
    throw Failure(ErrorKind::internal, "hand a micro-batch to the next stage",
                  std::string("it is ") + to_string(value.dtype()) + " " + to_string(value.shape()) + ", not " +
                      to_string(form.dtype) + " " + to_string(form.shape));
  return value.contiguous() ? value : context.clone(value);
}

}  // namespace

StreamForms StreamForms::of(const models::Streams& streams) {
  StreamForms out;
  for (const Variable& stream : streams)
    out.forms_.push_back(stream.present() ? std::optional(ArrayForm{stream.shape(), stream.value().dtype()})
                                          : std::nullopt);
  return out;
}

StreamForms StreamForms::with_rows(std::int64_t rows) const {
  StreamForms out = *this;
  for (auto& form : out.forms_)
    if (form) form->shape[0] = rows;
  return out;
}

std::int64_t StreamForms::bytes() const {
  std::int64_t sum = 0;
  for (const auto& form : forms_)
    if (form) sum += static_cast<std::int64_t>(storage_bytes(form->dtype, form->shape.numel()));
  return sum;
}

std::optional<std::size_t> StreamForms::single() const {
  std::optional<std::size_t> found;
  for (std::size_t stream = 0; stream < forms_.size(); ++stream) {
    if (!forms_[stream]) continue;
    if (found) return {};
    found = stream;
  }
  return found;
}

Tensor StreamForms::make_space(Context& context) const {
  if (const auto only = single()) return context.empty(forms_[*only]->shape, forms_[*only]->dtype);
  return context.empty({bytes()}, DType::u8);
}

Tensor StreamForms::pack(Context& context, const std::vector<Tensor>& values) const {
  if (const auto only = single()) return checked(context, *forms_[*only], values[*only]);
  const Tensor message = make_space(context);
  std::byte* into = bytes_of(message);
  for (std::size_t stream = 0; stream < forms_.size(); ++stream) {
    if (!forms_[stream]) continue;
    const Tensor value = checked(context, *forms_[stream], values[stream]);
    if (!context.dry()) context.stream().queue_copy(into, bytes_of(value), value.bytes());
    into += value.bytes();
  }
  return message;
}

std::vector<Tensor> StreamForms::unpack(Context& context, const Tensor& message) const {
  std::vector<Tensor> values(forms_.size());
  if (const auto only = single()) {
    values[*only] = message;
    return values;
  }
  const std::byte* from = bytes_of(message);
  for (std::size_t stream = 0; stream < forms_.size(); ++stream) {
    if (!forms_[stream]) continue;
    values[stream] = context.empty(forms_[stream]->shape, forms_[stream]->dtype);
    if (!context.dry()) context.stream().queue_copy(bytes_of(values[stream]), from, values[stream].bytes());
    from += values[stream].bytes();
  }
  return values;
}

}  // namespace athanor::distributed
