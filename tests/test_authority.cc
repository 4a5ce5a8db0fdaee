#include "tests/test_authority.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdlib>

namespace clawplane::testing {
namespace {

constexpr long kDay = 24 * 3600;

std::string TakeText(BIO* writer) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(writer, &text);
  std::string copy(text, static_cast<size_t>(size));
  ::BIO_free(writer);
  return copy;
}

std::string ToPem(X509* certificate) {
  BIO* const writer = ::BIO_new(::BIO_s_mem());
  ::PEM_write_bio_X509(writer, certificate);
  return TakeText(writer);
}

std::string ToPem(EVP_PKEY* key) {
  BIO* const writer = ::BIO_new(::BIO_s_mem());
  ::PEM_write_bio_PrivateKey(writer, key, nullptr, nullptr, 0, nullptr,
                             nullptr);
  return TakeText(writer);
}

void AddExtension(X509* certificate, X509* issuer, int kind,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension =
      ::X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) std::abort();
  ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
}

X509* NewCertificate(const std::string& name, EVP_PKEY* key, int from_day,
                     int to_day) {
  X509* const certificate = ::X509_new();
  ::X509_set_version(certificate, X509_VERSION_3);
  uint64_t serial = 0;
  ::RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ::ASN1_INTEGER_set_uint64(::X509_get_serialNumber(certificate), serial);
  ::X509_gmtime_adj(X509_getm_notBefore(certificate), from_day * kDay);
  ::X509_gmtime_adj(X509_getm_notAfter(certificate), to_day * kDay);
  ::X509_NAME_add_entry_by_txt(
      ::X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(name.data()),
      static_cast<int>(name.size()), -1, 0);
  ::X509_set_pubkey(certificate, key);
  return certificate;
}

EVP_PKEY* NewKey(int rsa_bits) {
  return rsa_bits == 0 ? EVP_EC_gen("P-256")
                       : EVP_RSA_gen(static_cast<unsigned>(rsa_bits));
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name)
    : key_(NewKey(0)), certificate_(NewCertificate(name, key_, -1, 7)) {
  ::X509_set_issuer_name(certificate_, ::X509_get_subject_name(certificate_));
  AddExtension(certificate_, certificate_, NID_basic_constraints,
               "critical,CA:TRUE");
  ::X509_sign(certificate_, key_, ::EVP_sha256());
}

TestAuthority::~TestAuthority() {
  ::X509_free(certificate_);
  ::EVP_PKEY_free(key_);
}

std::string TestAuthority::certificate() const { return ToPem(certificate_); }

IssuedCertificate TestAuthority::Issue(const Wish& wish) const {
  EVP_PKEY* const key = NewKey(wish.rsa_bits);
  X509* const certificate =
      NewCertificate(wish.common_name, key, wish.from_day, wish.to_day);
  ::X509_set_issuer_name(certificate, ::X509_get_subject_name(certificate_));
  AddExtension(certificate, certificate_, NID_ext_key_usage, wish.usage);
  if (!wish.alternative_names.empty()) {
    AddExtension(certificate, certificate_, NID_subject_alt_name,
                 wish.alternative_names);
  }
  ::X509_sign(certificate, key_, ::EVP_sha256());
  IssuedCertificate issued = {ToPem(certificate), ToPem(key)};
  ::X509_free(certificate);
  ::EVP_PKEY_free(key);
  return issued;
}

}  // namespace clawplane::testing
