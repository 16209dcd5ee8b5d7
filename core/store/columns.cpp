#include "core/store/columns.h"

#include "core/store/zstd.h"
#include "kernels/base/error.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <cstring>
#include <type_traits>
#include <vector>

namespace athanor::store {
namespace {

static_assert(std::endian::native == std::endian::little);

enum class Form : std::uint8_t {
  line,
  varints,
  compressed_varints,
  same,
  plain_floats,
  plain_doubles,
  floats,
  doubles,
  values,
  compressed_values
};

constexpr std::size_t kHead = 1 + sizeof(std::uint32_t);
constexpr std::size_t kWorthCompressing = 64;  // bytes
// Of 256 values a byte can have, how many a plane of noise shows at least, for each 1024 bytes.
constexpr std::size_t kManyValues = 200;

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T front(std::string_view bytes) {
  T value{};
  if (bytes.size() < sizeof value) damaged_page("a column is too short");
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// Writes form and length around what `body` appends.
template <class Body>
void put_form(std::string& out, Form form, Body&& body) {
  out.push_back(static_cast<char>(form));
  const std::size_t at = out.size();
  append(out, std::uint32_t{0});
  body();
  const auto length = static_cast<std::uint32_t>(out.size() - at - sizeof(std::uint32_t));
  std::memcpy(out.data() + at, &length, sizeof length);
}

struct Column {
  Form form = Form::line;
  std::string_view body;
};

Column take_head(std::string_view& bytes) {
  if (bytes.size() < kHead) damaged_page("a column is too short");
  const auto form = static_cast<Form>(bytes.front());
  const auto length = front<std::uint32_t>(bytes.substr(1));
  if (bytes.size() - kHead < length) damaged_page("a column is too short");
  const std::string_view body = bytes.substr(kHead, length);
  bytes.remove_prefix(kHead + length);
  return {form, body};
}

// Differences wrap around, so that any 64-bit value survives.
void put_varint(std::string& out, std::uint64_t difference) {
  std::uint64_t zigzag = (difference << 1U) ^ (0 - (difference >> 63U));
  while (zigzag >= 0x80) {
    out.push_back(static_cast<char>(zigzag | 0x80U));
    zigzag >>= 7U;
  }
  out.push_back(static_cast<char>(zigzag));
}

std::uint64_t take_varint(const char*& at, const char* end) {
  std::uint64_t zigzag = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at == end) damaged_page("a column is too short");
    const auto byte = static_cast<unsigned char>(*at++);
    zigzag |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return (zigzag >> 1U) ^ (0 - (zigzag & 1U));
  }
  damaged_page("a column holds a number that does not end");
}

void take_varints(std::string_view body, std::span<std::int64_t> numbers) {
  const char* at = body.data();
  const char* end = at + body.size();
  std::uint64_t previous = 0;
  std::uint64_t slope = 0;
  for (std::int64_t& number : numbers) {
    slope += take_varint(at, end);
    previous += slope;
    number = static_cast<std::int64_t>(previous);
  }
  if (at != end) damaged_page("a column has the wrong length");
}

void take_values(std::string_view body, std::span<std::int64_t> numbers) {
  const char* at = body.data();
  const char* end = at + body.size();
  for (std::int64_t& number : numbers) number = static_cast<std::int64_t>(take_varint(at, end));
  if (at != end) damaged_page("a column has the wrong length");
}

// Compressed where most numbers are alike; compressing noise would only take time.
void put_varints(std::string& out, const std::string& varints, std::size_t numbers, Form plain, Form compressed) {
  if (varints.size() >= kWorthCompressing && varints.size() < numbers * 3) {
    std::string packed;
    append(packed, static_cast<std::uint32_t>(varints.size()));
    packed += compress(varints);
    if (packed.size() < varints.size() * 3 / 4) {
      put_form(out, compressed, [&] { out += packed; });
      return;
    }
  }
  put_form(out, plain, [&] { out += varints; });
}

const std::string& unpacked_varints(std::string_view body, std::size_t numbers) {
  thread_local std::string varints;
  varints.clear();
  const auto size = front<std::uint32_t>(body);
  if (size > numbers * 10) damaged_page("a column has the wrong length");
  decompress(body.substr(sizeof size), size, varints);
  return varints;
}

bool is_line(std::span<const std::int64_t> numbers) {
  if (numbers.size() < 2) return true;
  const auto slope = static_cast<std::uint64_t>(numbers[1]) - static_cast<std::uint64_t>(numbers[0]);
  for (std::size_t i = 2; i < numbers.size(); ++i)
    if (static_cast<std::uint64_t>(numbers[i]) - static_cast<std::uint64_t>(numbers[i - 1]) != slope) return false;
  return true;
}

bool is_float(double value) {
  return std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<float>(value))) ==
         std::bit_cast<std::uint64_t>(value);
}

bool are_same(std::span<const double> numbers) {
  return std::ranges::all_of(numbers, [first = std::bit_cast<std::uint64_t>(numbers.front())](double each) {
    return std::bit_cast<std::uint64_t>(each) == first;
  });
}

void put_same(std::string& out, std::span<const double> numbers) {
  put_form(out, Form::same, [&] { append(out, numbers.empty() ? 0.0 : numbers.front()); });
}

template <class Float>
std::vector<Float> as(std::span<const double> numbers) {
  std::vector<Float> out(numbers.size());
  std::ranges::transform(numbers, out.begin(), [](double each) { return static_cast<Float>(each); });
  return out;
}

template <class Float>
using Word = std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>;

bool looks_random(std::string_view plane) {
  std::bitset<256> seen;
  for (const char byte : plane) seen.set(static_cast<unsigned char>(byte));
  return plane.size() >= 1024 && seen.count() >= kManyValues;
}

template <class Float>
void put_planes(std::string& out, std::span<const Float> numbers) {
  constexpr std::size_t kPlanes = sizeof(Float);
  const std::size_t count = numbers.size();
  std::string planes(count * kPlanes, '\0');
  Word<Float> previous = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<Word<Float>>(numbers[i]);
    const Word<Float> change = bits ^ previous;
    for (std::size_t plane = 0; plane < kPlanes; ++plane)
      planes[plane * count + i] = static_cast<char>(change >> (8 * plane));
    previous = bits;
  }
  std::uint8_t as_they_are = 0;
  std::string random, others;
  for (std::size_t plane = 0; plane < kPlanes; ++plane) {
    const auto bytes = std::string_view(planes).substr(plane * count, count);
    const bool is_random = looks_random(bytes);
    if (is_random) as_they_are |= static_cast<std::uint8_t>(1U << plane);
    (is_random ? random : others) += bytes;
  }
  append(out, as_they_are);
  out += random;
  if (!others.empty()) out += compress(others);
}

template <class Float>
void take_planes(std::string_view body, std::span<double> numbers) {
  constexpr std::size_t kPlanes = sizeof(Float);
  const std::size_t count = numbers.size();
  const auto as_they_are = front<std::uint8_t>(body);
  body.remove_prefix(1);
  const auto random = static_cast<std::size_t>(std::popcount(as_they_are));
  if (as_they_are >> (kPlanes - 1) > 1 || body.size() < random * count) damaged_page("a column is too short");
  thread_local std::string others;
  others.clear();
  if (random < kPlanes) decompress(body.substr(random * count), (kPlanes - random) * count, others);
  std::array<const unsigned char*, kPlanes> planes{};
  const char* raw = body.data();
  const char* packed = others.data();
  for (std::size_t plane = 0; plane < kPlanes; ++plane) {
    const char*& from = (as_they_are >> plane & 1U) != 0 ? raw : packed;
    planes[plane] = reinterpret_cast<const unsigned char*>(from);
    from += count;
  }
  Word<Float> bits = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Word<Float> change = 0;
    for (std::size_t plane = 0; plane < kPlanes; ++plane)
      change |= static_cast<Word<Float>>(static_cast<Word<Float>>(planes[plane][i]) << (8 * plane));
    bits ^= change;
    numbers[i] = std::bit_cast<Float>(bits);
  }
}

template <class Float>
void take_plain(std::string_view body, std::span<double> numbers) {
  if (body.size() != numbers.size() * sizeof(Float)) damaged_page("a column has the wrong length");
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Float value{};
    std::memcpy(&value, body.data() + i * sizeof value, sizeof value);
    numbers[i] = value;
  }
}

template <class Float>
void append_all(std::string& out, std::span<const Float> numbers) {
  out.append(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes());
}

}  // namespace

void damaged_page(const char* what) {
  throw Failure(ErrorKind::corrupt, "read samples from the history", what,
                "build the history again from the run directories: athanor-agent rebuild");
}

void put_column(std::string& out, std::span<const std::int64_t> numbers) {
  if (is_line(numbers)) {
    put_form(out, Form::line, [&] {
      append(out, numbers.empty() ? std::int64_t{0} : numbers[0]);
      append(out, numbers.size() < 2 ? std::uint64_t{0}
                                     : static_cast<std::uint64_t>(numbers[1]) - static_cast<std::uint64_t>(numbers[0]));
    });
    return;
  }
  std::string varints;
  varints.reserve(numbers.size() * 5);
  std::uint64_t previous = 0;
  std::uint64_t slope = 0;
  for (const std::int64_t number : numbers) {
    const auto value = static_cast<std::uint64_t>(number);
    put_varint(varints, value - previous - slope);
    slope = value - previous;
    previous = value;
  }
  put_varints(out, varints, numbers.size(), Form::varints, Form::compressed_varints);
}

void put_value_column(std::string& out, std::span<const std::int64_t> numbers) {
  std::string varints;
  varints.reserve(numbers.size() * 4);
  for (const std::int64_t number : numbers) put_varint(varints, static_cast<std::uint64_t>(number));
  put_varints(out, varints, numbers.size(), Form::values, Form::compressed_values);
}

void put_plain_column(std::string& out, std::span<const double> numbers) {
  if (numbers.empty() || are_same(numbers)) return put_same(out, numbers);
  if (std::ranges::all_of(numbers, is_float))
    put_form(out, Form::plain_floats, [&] { append_all<float>(out, as<float>(numbers)); });
  else
    put_form(out, Form::plain_doubles, [&] { append_all(out, numbers); });
}

void put_packed_column(std::string& out, std::span<const double> numbers) {
  if (numbers.empty() || are_same(numbers)) return put_same(out, numbers);
  if (std::ranges::all_of(numbers, is_float))
    put_form(out, Form::floats, [&] { put_planes<float>(out, as<float>(numbers)); });
  else
    put_form(out, Form::doubles, [&] { put_planes(out, numbers); });
}

void take_column(std::string_view& bytes, std::span<std::int64_t> numbers) {
  const Column column = take_head(bytes);
  switch (column.form) {
    case Form::line: {
      auto value = front<std::uint64_t>(column.body);
      const auto slope = front<std::uint64_t>(column.body.substr(sizeof value));
      for (std::int64_t& number : numbers) {
        number = static_cast<std::int64_t>(value);
        value += slope;
      }
      return;
    }
    case Form::varints: return take_varints(column.body, numbers);
    case Form::compressed_varints: return take_varints(unpacked_varints(column.body, numbers.size()), numbers);
    case Form::values: return take_values(column.body, numbers);
    case Form::compressed_values: return take_values(unpacked_varints(column.body, numbers.size()), numbers);
    default: damaged_page("a column is of an unknown form");
  }
}

void take_column(std::string_view& bytes, std::span<double> numbers) {
  const Column column = take_head(bytes);
  switch (column.form) {
    case Form::same: std::ranges::fill(numbers, front<double>(column.body)); return;
    case Form::plain_floats: return take_plain<float>(column.body, numbers);
    case Form::plain_doubles: return take_plain<double>(column.body, numbers);
    case Form::floats: return take_planes<float>(column.body, numbers);
    case Form::doubles: return take_planes<double>(column.body, numbers);
    default: damaged_page("a column is of an unknown form");
  }
}

void skip_column(std::string_view& bytes) { take_head(bytes); }

}  // namespace athanor::store
