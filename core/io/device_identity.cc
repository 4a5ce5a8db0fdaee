#include "core/io/device_identity.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "core/io/private_file.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;
// What a gateway gives is 43 letters long today.
constexpr size_t kMostTokenBytes = 1024;

struct Free {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::shared_ptr<EVP_PKEY>;

// A text that goes with its key in it.
struct Wiped {
  ~Wiped() { ::OPENSSL_cleanse(text.data(), text.size()); }
  std::string text;
};

// base64url without padding.
std::string Base64(const unsigned char* bytes, size_t size) {
  std::string text((size + 2) / 3 * 4 + 1, '\0');
  const int length =
      ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes,
                        static_cast<int>(size));
  text.resize(static_cast<size_t>(length));
  text.erase(text.find_last_not_of('=') + 1);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::string Sign(EVP_PKEY* key, const std::string& text) {
  const std::unique_ptr<EVP_MD_CTX, Free> context(::EVP_MD_CTX_new());
  std::array<unsigned char, kSignatureBytes> signature;
  size_t size = signature.size();
  const bool is_signed =
      context != nullptr &&
      ::EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) ==
          1 &&
      ::EVP_DigestSign(context.get(), signature.data(), &size,
                       reinterpret_cast<const unsigned char*>(text.data()),
                       text.size()) == 1;
  return is_signed ? Base64(signature.data(), size) : std::string();
}

// Nothing if it is no Ed25519 key.
std::optional<Device> DeviceOf(const Key& key) {
  std::array<unsigned char, kKeyBytes> bytes;
  size_t size = bytes.size();
  if (key == nullptr || ::EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519 ||
      ::EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) != 1) {
    return std::nullopt;
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  ::SHA256(bytes.data(), bytes.size(), digest.data());
  Device device;
  for (const unsigned char byte : digest) {
    constexpr char kDigits[] = "0123456789abcdef";
    device.id += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  device.public_key = Base64(bytes.data(), bytes.size());
  device.sign = [key](const std::string& text) {
    return Sign(key.get(), text);
  };
  return device;
}

Key ReadKey(const std::string& pem) {
  const Bio bio(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // Nobody is asked for the password of an encrypted one.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  Key key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr),
          Free());
  // What others of this thread do is not to be taken for failed.
  ::ERR_clear_error();
  return key;
}

std::string WriteKey(EVP_PKEY* key) {
  const Bio bio(::BIO_new(::BIO_s_mem()));
  if (bio == nullptr ||
      ::PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr,
                                 nullptr) != 1) {
    return {};
  }
  char* data = nullptr;
  const auto size = static_cast<size_t>(::BIO_get_mem_data(bio.get(), &data));
  std::string text(data, size);
  ::OPENSSL_cleanse(data, size);
  return text;
}

std::variant<Device, Fault> MakeDevice(const std::string& path) {
  const Key key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), Free());
  auto device = DeviceOf(key);
  Wiped pem;
  if (device) pem.text = WriteKey(key.get());
  if (pem.text.empty()) {
    return Fault{Reason::kTokenUnreadable, "OpenSSL cannot make an Ed25519 key",
                 "see whether this machine's OpenSSL allows that: openssl "
                 "genpkey -algorithm ed25519"};
  }
  if (auto fault = WritePrivateFile(path, pem.text)) return *std::move(fault);
  return *std::move(device);
}

}  // namespace

DeviceIdentity::DeviceIdentity(std::string folder)
    : folder_(std::move(folder)) {}

std::variant<Device, Fault> DeviceIdentity::Get() const {
  const std::string path = folder_ + "/device.key";
  PrivateFile file = ReadPrivateFile(path);
  if (const auto* fault = std::get_if<Fault>(&file)) return *fault;
  if (std::holds_alternative<std::monostate>(file)) return MakeDevice(path);
  const Wiped pem{std::get<std::string>(std::move(file))};
  if (auto device = DeviceOf(ReadKey(pem.text))) return *std::move(device);
  return Fault{Reason::kTokenUnreadable,
               Concat("the file ", path, " holds no Ed25519 key in PEM"),
               Concat("put back what it held; or, if that is lost, move it "
                      "away (mv ",
                      path, " ", path,
                      ".old), and a new key is made, which gateways may have "
                      "to approve; then start again: clawctl start")};
}

std::string DeviceIdentity::TokenFile(uint16_t port) const {
  return Concat(folder_, "/device-", port, ".token");
}

std::string DeviceIdentity::Token(uint16_t port) const {
  PrivateFile file = ReadPrivateFile(TokenFile(port));
  auto* const text = std::get_if<std::string>(&file);
  if (text == nullptr) return {};
  text->erase(text->find_last_not_of('\n') + 1);
  const bool is_word = std::all_of(text->begin(), text->end(),
                                   [](char c) { return c > ' ' && c <= '~'; });
  return is_word ? std::move(*text) : std::string();
}

std::optional<Fault> DeviceIdentity::Keep(uint16_t port,
                                          std::string_view token) const {
  const std::string path = TokenFile(port);
  if (!token.empty() && token.size() <= kMostTokenBytes) {
    return WritePrivateFile(path, Concat(token, "\n"));
  }
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return std::nullopt;
  return Fault{
      Reason::kTokenUnreadable,
      Concat("the file ", path, " cannot be deleted: ", strerror(errno)),
      Concat("delete it: rm ", path)};
}

}  // namespace clawplane::core
