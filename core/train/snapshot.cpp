#include "core/train/snapshot.h"

#include "core/autograd/shard.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

namespace athanor::train {
namespace {

using Named = std::vector<std::pair<std::string, Tensor>>;

std::string shown(const std::vector<std::int64_t>& dims) { return fmt::format("[{}]", fmt::join(dims, ", ")); }

tl::unexpected<Error> differs(std::string cause) {
  return fail(ErrorKind::invalid_input, "load the checkpoint into this recipe's model", std::move(cause),
              "use the recipe that the checkpoint was written with, or one of the same shape");
}

Named values_of(const std::vector<Parameter>& parameters) {
  Named out;
  for (const Parameter& parameter : parameters) out.emplace_back(parameter->path, parameter->value);
  return out;
}

void copy_all(const Context& context, const Named& tensors, std::vector<checkpoint::Array>& into) {
  into.resize(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    into[i].name = name;
    into[i].shape = dims_of(tensor.shape());
    into[i].values.resize(static_cast<std::size_t>(tensor.numel()));
    context.download(tensor, into[i].values);
  }
}

// Pairs every tensor with its array, or says why the two sets are not of the same model.
using Matches = std::vector<std::pair<const Tensor*, const checkpoint::Array*>>;
Result<Matches> match(const Named& tensors, const std::vector<checkpoint::Array>& arrays) {
  std::map<std::string_view, const checkpoint::Array*> by_name;
  for (const checkpoint::Array& array : arrays) by_name.emplace(array.name, &array);
  Matches out;
  for (const auto& [name, tensor] : tensors) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) return differs(fmt::format("it has no {}", name));
    const auto wanted = dims_of(tensor.shape());
    if (found->second->shape != wanted) {
      return differs(fmt::format("its {} is {}, the model's is {}", name, shown(found->second->shape), shown(wanted)));
    }
    out.emplace_back(&tensor, found->second);
    by_name.erase(found);
  }
  if (!by_name.empty()) return differs(fmt::format("the model has no {}", by_name.begin()->first));
  return out;
}

void write_all(const Context& context, const Matches& matches) {
  for (const auto& [tensor, array] : matches) context.write(*tensor, array->values);
}

}  // namespace

void capture(const Context& context, const std::vector<Parameter>& parameters, const optim::Optimizer& optimizer,
             checkpoint::TrainingState state, checkpoint::Contents& into) {
  state.optimizer_steps = optimizer.step_count();
  into.state = std::move(state);
  copy_all(context, values_of(parameters), into.parameters);
  copy_all(context, optimizer.named_state(), into.optimizer);
}

Result<void> restore(Context& context, const checkpoint::Contents& contents, const std::vector<Parameter>& parameters,
                     optim::Optimizer* optimizer) {
  const Named values = values_of(parameters);
  const auto value_matches = match(values, contents.parameters);
  if (!value_matches) return tl::unexpected(value_matches.error());
  if (optimizer != nullptr) {
    const Named state = optimizer->named_state();
    const auto state_matches = match(state, contents.optimizer);
    if (!state_matches) return tl::unexpected(state_matches.error());
    write_all(context, *state_matches);
    optimizer->set_step_count(contents.state.optimizer_steps);
  }
  write_all(context, *value_matches);
  return {};
}

std::vector<Held> hold_all(const std::vector<Parameter>& parameters, const optim::Optimizer* optimizer) {
  std::vector<Held> out;
  const auto add = [&](checkpoint::Section section, const std::vector<NamedTensor>& tensors) {
    for (const NamedTensor& each : tensors)
      for (BoxNumbers& part : boxes_of(each.shard.get(), each.tensor))
        out.push_back({section, each.name, logical_shape(each), std::move(part.box), std::move(part.numbers)});
  };
  add(checkpoint::Section::model, named_values(parameters));
  if (optimizer != nullptr) add(checkpoint::Section::optimizer, named_state(parameters, optimizer->named_state()));
  return out;
}

void hold_range(std::vector<Held>& out, checkpoint::Section section, const std::string& name,
                const std::vector<std::int64_t>& shape, std::int64_t begin, const Tensor& numbers) {
  std::int64_t at = 0;
  for (Box& box : boxes_of_range(shape, begin, begin + numbers.numel())) {
    const std::int64_t count = volume(box.extent);
    out.push_back({section, name, shape, std::move(box), numbers.narrow(0, at, count)});
    at += count;
  }
}

void capture(const Context& context, const std::vector<Held>& held, checkpoint::TrainingState state,
             checkpoint::ShardContents& into) {
  into.state = std::move(state);
  into.pieces.resize(held.size());
  std::vector<float> numbers;
  for (std::size_t i = 0; i < held.size(); ++i) {
    const Held& one = held[i];
    checkpoint::Piece& piece = into.pieces[i];
    piece.section = one.section;
    piece.name = one.name;
    piece.shape = one.shape;
    piece.box = one.box;
    numbers.resize(static_cast<std::size_t>(one.tensor.numel()));
    context.download(one.tensor, numbers);
    const auto bytes = std::as_bytes(std::span(numbers));
    piece.bytes.assign(bytes.begin(), bytes.end());
  }
}

Result<void> restore(const Context& context, const checkpoint::Reader& reader, const std::vector<Held>& held) {
  std::map<std::pair<checkpoint::Section, std::string>, std::vector<std::int64_t>> shapes;
  for (checkpoint::Holding& holding : reader.holdings())
    shapes[{holding.section, std::move(holding.name)}] = std::move(holding.shape);
  std::vector<std::vector<float>> numbers;
  std::vector<checkpoint::Wanted> wanted;
  for (const Held& one : held) {
    const auto found = shapes.find({one.section, one.name});
    if (found != shapes.end() && found->second != one.shape)
      return differs(fmt::format("its {} is {}, the model's is {}", one.name, shown(found->second), shown(one.shape)));
    auto& into = numbers.emplace_back(static_cast<std::size_t>(one.tensor.numel()));
    wanted.push_back({one.section, one.name, "F32", one.box, std::as_writable_bytes(std::span(into))});
  }
  if (const auto read = reader.read(wanted); !read) return tl::unexpected(read.error());
  for (std::size_t i = 0; i < held.size(); ++i) context.write(held[i].tensor, numbers[i]);
  return {};
}

}  // namespace athanor::train
