// Certificates for tests.

#ifndef CLAWPLANE_TESTS_TEST_AUTHORITY_H_
#define CLAWPLANE_TESTS_TEST_AUTHORITY_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace clawplane::testing {

// A certificate and its key, in PEM.
struct IssuedCertificate {
  std::string certificate;
  std::string key;
};

// An authority that lives as long as its test. What it issues is valid from
// yesterday on, for a week, unless told otherwise.
//
// Thread-compatible.
class TestAuthority {
 public:
  struct Wish {
    std::string common_name = "test";
    // As openssl writes them, with commas between; empty: none.
    std::string alternative_names = "DNS:localhost,IP:127.0.0.1";
    // "serverAuth", "clientAuth".
    std::string usage = "serverAuth";
    int from_day = -1;
    int to_day = 7;
    // 0: a key on the curve P-256.
    int rsa_bits = 0;
  };

  explicit TestAuthority(const std::string& name = "test authority");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // Its own certificate, in PEM.
  std::string certificate() const;
  IssuedCertificate Issue(const Wish& wish) const;
  IssuedCertificate Issue() const { return Issue(Wish()); }

 private:
  EVP_PKEY* const key_;
  X509* const certificate_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_TEST_AUTHORITY_H_
