#include "core/base/digest.h"

#include "kernels/base/error.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <vector>

namespace athanor {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }

  void check(int ok) const {
    if (ok != 1) throw Failure(ErrorKind::internal, "compute a SHA-256 digest", "the OpenSSL library refused");
  }
  void start() { check(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1 ? 1 : 0); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->start(); }
Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
  state_->check(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
}

void Sha256::add(std::string_view bytes) { add(std::as_bytes(std::span(bytes))); }

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  state_->check(EVP_DigestFinal_ex(state_->context, raw.data(), &size));
  state_->start();
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += kDigits[raw[i] >> 4];
    text += kDigits[raw[i] & 15];
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 digest;
  digest.add(bytes);
  return digest.finish();
}

Result<std::string> sha256_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(ErrorKind::io, "read " + path.string(), std::generic_category().message(errno));
  }
  Sha256 digest;
  std::vector<char> chunk(1 << 18);
  while (file) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    digest.add(std::string_view(chunk.data(), static_cast<std::size_t>(file.gcount())));
  }
  if (file.bad()) return fail(ErrorKind::io, "read " + path.string(), "the disk reported a fault");
  return digest.finish();
}

}  // namespace athanor
