// zstd frames for the columns of a page. Any thread: each has contexts of its own.
#pragma once

#include <string>
#include <string_view>

namespace athanor::store {

[[nodiscard]] std::string compress(std::string_view bytes);
// Appends exactly `size` bytes to `out`. Throws Failure(corrupt).
void decompress(std::string_view bytes, std::size_t size, std::string& out);

}  // namespace athanor::store
