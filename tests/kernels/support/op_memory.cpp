#include "tests/kernels/support/op_memory.h"

#include "kernels/base/element.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>

namespace athanor::kernels::test {

namespace {

constexpr std::byte kGuard{0xA5};
// Not a multiple of a vector, but of the largest element.
constexpr std::size_t kOddGuardBytes = 72;
constexpr std::size_t kAlignedGuardBytes = 64;

std::uint32_t seed_of(const std::string& name) {
  std::uint32_t hash = 2166136261u;
  for (const char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619u;
  return hash;
}

void fill_random(const View& view, const std::string& name, Values values) {
  std::mt19937 generator(seed_of(name));
  std::normal_distribution<double> normal;
  for (std::int64_t i = 0; i < view.numel(); ++i)
    view.as<float>()[i] = static_cast<float>(values.mean + values.std * normal(generator));
}

}  // namespace

std::vector<double> OpMemory::Block::values() const {
  std::vector<double> out;
  for (std::int64_t i = 0; i < view.numel(); ++i) out.push_back(element(view, i));
  return out;
}

std::vector<std::byte> OpMemory::Block::payload() const {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(guard_bytes),
          bytes.end() - static_cast<std::ptrdiff_t>(guard_bytes)};
}

bool OpMemory::Block::guards_intact() const {
  const auto intact = [](auto begin, auto end) {
    return std::all_of(begin, end, [](std::byte b) { return b == kGuard; });
  };
  const auto guard = static_cast<std::ptrdiff_t>(guard_bytes);
  return intact(bytes.begin(), bytes.begin() + guard) && intact(bytes.end() - guard, bytes.end());
}

bool OpMemory::Block::unchanged() const { return payload() == before; }

OpMemory::Block& OpMemory::add(const std::string& name, Role role, const Shape& shape, DType dtype,
                               Tolerance tolerance) {
  Block& block = blocks_.emplace_back();
  block.name = name;
  block.role = role;
  block.tolerance = tolerance;
  const std::size_t size = storage_bytes(dtype, shape.numel());
  block.guard_bytes = placement_ == Placement::odd ? kOddGuardBytes : kAlignedGuardBytes;
  block.bytes.assign(size + 2 * block.guard_bytes, kGuard);
  block.view = View(block.bytes.data() + block.guard_bytes, dtype, shape);
  return block;
}

View OpMemory::finish(Block& block) {
  block.before = block.payload();
  return block.view;
}

View OpMemory::input(const std::string& name, const Shape& shape, Values values) {
  Block& block = add(name, Role::input, shape, DType::f32, bitwise());
  fill_random(block.view, name, values);
  return finish(block);
}

View OpMemory::input(const std::string& name, const Shape& shape, const std::vector<float>& values) {
  Block& block = add(name, Role::input, shape, DType::f32, bitwise());
  if (static_cast<std::int64_t>(values.size()) != shape.numel()) throw std::invalid_argument(name + ": wrong count");
  std::copy(values.begin(), values.end(), block.view.as<float>());
  return finish(block);
}

View OpMemory::input_from(const std::string& name, const Shape& shape,
                          const std::function<void(const View&)>& compute) {
  Block& block = add(name, Role::input, shape, DType::f32, bitwise());
  compute(block.view);
  return finish(block);
}

View OpMemory::indices(const std::string& name, const Shape& shape, const std::vector<std::int32_t>& values) {
  Block& block = add(name, Role::input, shape, DType::i32, bitwise());
  if (static_cast<std::int64_t>(values.size()) != shape.numel()) throw std::invalid_argument(name + ": wrong count");
  std::copy(values.begin(), values.end(), block.view.as<std::int32_t>());
  return finish(block);
}

View OpMemory::output(const std::string& name, const Shape& shape, Tolerance tolerance, DType dtype) {
  Block& block = add(name, Role::output, shape, dtype, tolerance);
  for (std::int64_t i = 0; i < shape.numel(); ++i) {
    if (dtype == DType::f32) block.view.as<float>()[i] = std::numeric_limits<float>::quiet_NaN();
    if (dtype == DType::f64) block.view.as<double>()[i] = std::numeric_limits<double>::quiet_NaN();
  }
  return finish(block);
}

View OpMemory::updated(const std::string& name, const Shape& shape, Tolerance tolerance, Values values) {
  Block& block = add(name, Role::updated, shape, DType::f32, tolerance);
  fill_random(block.view, name, values);
  return finish(block);
}

void OpMemory::allow_on_cuda(const std::string& name, Tolerance tolerance) {
  for (Block& block : blocks_)
    if (block.name == name) block.cuda_tolerance = tolerance;
}

void OpMemory::allow_narrow(const std::string& name, double units) {
  for (Block& block : blocks_)
    if (block.name == name) block.narrow_units = units;
}

const OpMemory::Block& OpMemory::block(const std::string& name) const {
  for (const Block& candidate : blocks_)
    if (candidate.name == name) return candidate;
  throw std::out_of_range("no argument named " + name);
}

}  // namespace athanor::kernels::test
