#include "tests/fakes/fake_device.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/fakes/fake_server.h"

namespace clawplane::testing {
namespace {

constexpr int64_t kMaxSkewMs = 120'000;

std::string Member(const Json& params, const char* object, const char* name) {
  const std::optional<Json> holder = params.Get(object);
  return holder ? holder->String(name, "") : std::string();
}

std::string Bytes(const std::string& base64url) {
  std::string bytes;
  absl::WebSafeBase64Unescape(base64url, &bytes);
  return bytes;
}

bool Verify(const std::string& key, const std::string& signature,
            const std::string& text) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(key.data());
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> read(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes, key.size()),
      &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return read != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr,
                              read.get()) == 1 &&
         EVP_DigestVerify(
             context.get(),
             reinterpret_cast<const unsigned char*>(signature.data()),
             signature.size(),
             reinterpret_cast<const unsigned char*>(text.data()),
             text.size()) == 1;
}

std::string IdOf(const std::string& key) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(),
         digest);
  return absl::BytesToHexString(
      std::string(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

std::string SignedText(const Json& params, const std::string& nonce) {
  const std::optional<Json> device = params.Get("device");
  const std::optional<Json> scopes = params.Get("scopes");
  return absl::StrJoin(
      {std::string("v2"), Member(params, "device", "id"),
       Member(params, "client", "id"), Member(params, "client", "mode"),
       params.String("role", ""),
       absl::StrJoin(scopes ? scopes->Texts() : std::vector<std::string>(),
                     ","),
       absl::StrCat(device->Integer("signedAt", 0)),
       Member(params, "auth", "token"), nonce},
      "|");
}

}  // namespace

std::string DeviceId(const Json& params) {
  return Member(params, "device", "id");
}

std::optional<std::string> FakeDevices::Judge(const Json& params,
                                              const std::string& nonce) const {
  const std::optional<Json> device = params.Get("device");
  if (!device) return std::nullopt;
  const auto refuse = [&](const char* message, const char* code) {
    return ErrorBody(
        "INVALID_REQUEST", message,
        rules_.gives_details
            ? absl::StrCat(R"(,"details":{"code":"DEVICE_AUTH_)", code, "\"}")
            : std::string());
  };
  const std::string key = Bytes(device->String("publicKey", ""));
  if (device->String("id", "") != IdOf(key)) {
    return refuse("device identity mismatch", "DEVICE_ID_MISMATCH");
  }
  if (std::llabs(device->Integer("signedAt", 0) - NowMs()) > kMaxSkewMs) {
    return refuse("device signature expired", "SIGNATURE_EXPIRED");
  }
  if (device->String("nonce", "") != nonce) {
    return refuse("device nonce mismatch", "NONCE_MISMATCH");
  }
  if (!Verify(key, Bytes(device->String("signature", "")),
              SignedText(params, nonce))) {
    return refuse("device signature invalid", "SIGNATURE_INVALID");
  }
  return std::nullopt;
}

std::optional<std::string> FakeDevices::Pair(const std::string& device) {
  if (device.empty() || tokens_.count(device) > 0) return std::nullopt;
  if (!rules_.pairs_silently) {
    return ErrorBody(
        "NOT_PAIRED", "pairing required",
        absl::StrCat(R"(,"details":{)",
                     rules_.gives_details
                         ? R"("code":"PAIRING_REQUIRED","reason":"not-paired",)"
                         : "",
                     R"("requestId":"84d14c7e-68dd"})"));
  }
  tokens_[device] = rules_.gives_tokens ? MakeUuid() : std::string();
  return std::nullopt;
}

bool FakeDevices::Knows(const std::string& device,
                        const std::string& token) const {
  const auto found = tokens_.find(device);
  return found != tokens_.end() && !token.empty() && found->second == token;
}

std::string FakeDevices::Give(const std::string& device) {
  const auto found = tokens_.find(device);
  return found == tokens_.end() ? std::string() : found->second;
}

std::optional<FakeGatewayOptions> LikeVersion(const std::string& version) {
  FakeGatewayOptions options;
  options.version = version;
  if (version == "2026.9.6") return options;
  options.protocol = 3;
  if (version == "2026.3.13") {
    options.devices = {.demanded = true};
    return options;
  }
  options.devices = {.demanded = version == "2026.2.19",
                     .gives_tokens = true,
                     .gives_details = false};
  if (version == "2026.2.19") return options;
  options.max_payload = 524288;
  if (version == "2026.1.24-3") return options;
  return std::nullopt;
}

}  // namespace clawplane::testing
