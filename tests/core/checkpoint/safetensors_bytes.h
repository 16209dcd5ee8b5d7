// Bytes of safetensors files, sound and otherwise.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::checkpoint {

inline std::string safetensors_bytes(std::string_view header, std::string_view data) {
  std::string out;
  for (int byte = 0; byte < 8; ++byte) out += static_cast<char>(std::uint64_t{header.size()} >> (8 * byte) & 0xffU);
  return out.append(header).append(data);
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  std::string out(values.size() * sizeof(T), '\0');
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

}  // namespace athanor::checkpoint
