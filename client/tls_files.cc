#include "client/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/read_file.h"

namespace clawplane::client {
namespace {

// The authorities of a whole system have a quarter of it.
constexpr size_t kMaxFileBytes = 1024 * 1024;

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* thing) const {
    kFree(thing);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate FirstCertificate(const std::string& text) {
  const Bio reader = Reader(text);
  return Certificate(
      PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
}

// An encrypted one counts as none: gRPC could not use it.
Key FirstKey(const std::string& text) {
  const Bio reader = Reader(text);
  return Key(PEM_read_bio_PrivateKey(
      reader.get(), nullptr, [](char*, int, int, void*) { return -1; },
      nullptr));
}

absl::StatusOr<std::string> ReadCertificates(absl::string_view what,
                                             const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(what, path, kMaxFileBytes);
  if (!text.ok()) return text.status();
  if (text->size() > kMaxFileBytes || FirstCertificate(*text) == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        what, " ", path,
        " does not hold a certificate in PEM (-----BEGIN CERTIFICATE-----)"));
  }
  return text;
}

// Reads the pair that the client shows.
absl::Status AddPair(const std::string& certificate_file,
                     const std::string& key_file, TlsTarget& tls) {
  absl::StatusOr<std::string> certificate =
      ReadCertificates("the client certificate", certificate_file);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key =
      ReadFile("the client key", key_file, kMaxFileBytes);
  if (!key.ok()) return key.status();
  const Key parsed = FirstKey(*key);
  if (parsed == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the client key ", key_file,
        " does not hold an unencrypted key in PEM (-----BEGIN PRIVATE "
        "KEY-----)"));
  }
  if (X509_check_private_key(FirstCertificate(*certificate).get(),
                             parsed.get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the client key ", key_file,
                     " is not that of the certificate in ", certificate_file));
  }
  tls.certificate = *std::move(certificate);
  tls.key = *std::move(key);
  return absl::OkStatus();
}

}  // namespace

bool AsksForTls(const TargetOptions& options) {
  return options.tls || options.tls_ca || options.tls_cert || options.tls_key ||
         options.tls_server_name;
}

absl::StatusOr<std::optional<TlsTarget>> ResolveTls(
    const TargetOptions& options, const Environment& environment) {
  if (options.insecure) {
    if (!AsksForTls(options)) return std::nullopt;
    return absl::InvalidArgumentError(
        "--insecure asks for plain text, and another option or the target for "
        "TLS");
  }
  const auto first_of = [&](const std::optional<std::string>& option,
                            absl::string_view variable) {
    return option.has_value() ? option : environment.variable(variable);
  };
  const auto ca = first_of(options.tls_ca, "CLAWPLANE_TLS_CA");
  const auto certificate = first_of(options.tls_cert, "CLAWPLANE_TLS_CERT");
  const auto key = first_of(options.tls_key, "CLAWPLANE_TLS_KEY");
  if (!AsksForTls(options) && !ca && !certificate && !key) return std::nullopt;

  TlsTarget tls;
  tls.server_name = options.tls_server_name.value_or("");
  if (ca) {
    absl::StatusOr<std::string> text = ReadCertificates("the authority", *ca);
    if (!text.ok()) return text.status();
    tls.authorities = *std::move(text);
  }
  if (certificate.has_value() != key.has_value()) {
    return absl::InvalidArgumentError(
        certificate ? "the client certificate needs its key; name it with "
                      "--tls-key"
                    : "the client key needs its certificate; name it with "
                      "--tls-cert");
  }
  if (certificate) {
    const absl::Status added = AddPair(*certificate, *key, tls);
    ERR_clear_error();
    if (!added.ok()) return added;
  }
  ERR_clear_error();
  return tls;
}

}  // namespace clawplane::client
