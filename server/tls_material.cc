#include "server/tls_material.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/text.h"

namespace clawplane::server {
namespace {

using core::Concat;

constexpr std::string_view kCertificateSetting = "tls.cert_file";
constexpr std::string_view kKeySetting = "tls.key_file";
constexpr std::string_view kAuthoritiesSetting = "tls.client_ca_file";

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
using Context = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;

Bio Reader(const std::string& text) {
  return Bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::Status Refuse(std::string_view setting, std::string_view what) {
  return absl::FailedPreconditionError(Concat(setting, " ", what));
}

// In OpenSSL's words, of which the last reason is the nearest.
absl::Status RefuseAsOpenSsl(std::string_view setting, std::string_view what) {
  const char* const reason = ::ERR_reason_error_string(::ERR_peek_last_error());
  return Refuse(setting, Concat(what, ": ", reason ? reason : "unknown error"));
}

absl::StatusOr<std::vector<Certificate>> ParseCertificates(
    std::string_view setting, const std::string& text) {
  const Bio reader = Reader(text);
  std::vector<Certificate> certificates;
  while (Certificate next{
      ::PEM_read_bio_X509_AUX(reader.get(), nullptr, nullptr, nullptr)}) {
    certificates.push_back(std::move(next));
  }
  // At the end of the text this is the error, too.
  if (ERR_GET_REASON(::ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return RefuseAsOpenSsl(setting, "holds a certificate that cannot be read");
  }
  ::ERR_clear_error();
  if (certificates.empty()) {
    return Refuse(setting,
                  "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  }
  return certificates;
}

// There is nobody to be asked for a passphrase.
int NoPassphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

absl::StatusOr<Key> ParseKey(const std::string& text) {
  const Bio reader = Reader(text);
  bool is_encrypted = false;
  Key key(::PEM_read_bio_PrivateKey(reader.get(), nullptr, &NoPassphrase,
                                    &is_encrypted));
  if (key != nullptr) return key;
  if (is_encrypted) {
    return Refuse(kKeySetting,
                  "holds an encrypted key, and nobody is there to be asked for "
                  "its passphrase; write it without one: openssl pkey -in FILE "
                  "-out NEW_FILE");
  }
  // Before its new decoders OpenSSL had an error for that.
  if (text.find("PRIVATE KEY-----") == text.npos) {
    return Refuse(kKeySetting,
                  "holds no key in PEM (-----BEGIN PRIVATE KEY-----)");
  }
  return RefuseAsOpenSsl(kKeySetting, "holds a key that cannot be read");
}

std::string ShowTime(const ASN1_TIME* time) {
  const Bio writer(::BIO_new(::BIO_s_mem()));
  ::ASN1_TIME_print(writer.get(), time);
  char* text = nullptr;
  const long size = BIO_get_mem_data(writer.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

absl::Status CheckDates(const X509& certificate) {
  const ASN1_TIME* const begin = ::X509_get0_notBefore(&certificate);
  const ASN1_TIME* const end = ::X509_get0_notAfter(&certificate);
  if (::X509_cmp_current_time(begin) >= 0) {
    return Refuse(kCertificateSetting,
                  Concat("holds a certificate that is valid only from ",
                         ShowTime(begin), "; is the clock right?"));
  }
  if (::X509_cmp_current_time(end) <= 0) {
    return Refuse(kCertificateSetting,
                  Concat("holds a certificate that expired at ", ShowTime(end),
                         "; put a new one there"));
  }
  return absl::OkStatus();
}

// As gRPC puts them to use: what OpenSSL finds too weak fails here already.
absl::Status CheckPair(std::vector<Certificate> chain, const Key& key) {
  const Context context(::SSL_CTX_new(::TLS_method()));
  if (::SSL_CTX_use_certificate(context.get(), chain.front().get()) != 1) {
    return RefuseAsOpenSsl(kCertificateSetting, "cannot be used");
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add0_chain_cert(context.get(), chain[i].get()) != 1) {
      return RefuseAsOpenSsl(
          kCertificateSetting,
          Concat("cannot be used for its certificate ", i + 1));
    }
    static_cast<void>(chain[i].release());
  }
  if (::SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1 ||
      ::SSL_CTX_check_private_key(context.get()) != 1) {
    return Refuse(kKeySetting,
                  "is not the key of the first certificate in tls.cert_file");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTlsMaterial(const TlsMaterial& material) {
  ::ERR_clear_error();
  absl::StatusOr<std::vector<Certificate>> chain =
      ParseCertificates(kCertificateSetting, material.certificates);
  if (!chain.ok()) return chain.status();
  const absl::StatusOr<Key> key = ParseKey(material.key);
  if (!key.ok()) return key.status();
  absl::Status dates = CheckDates(*chain->front());
  if (!dates.ok()) return dates;
  absl::Status fit = CheckPair(*std::move(chain), *key);
  ::ERR_clear_error();
  if (!fit.ok() || material.client_authorities.empty()) return fit;
  return ParseCertificates(kAuthoritiesSetting, material.client_authorities)
      .status();
}

}  // namespace clawplane::server
