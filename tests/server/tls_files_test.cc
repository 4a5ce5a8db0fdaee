// What the listener with TLS takes from its files, and what it does not.

#include "server/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <string>

#include "tests/temp_directory.h"
#include "tests/test_authority.h"

namespace clawplane::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IssuedCertificate;
using ::testing::Not;
using ::testing::StartsWith;
using testing::TempDirectory;
using testing::TestAuthority;

std::string Encrypted(const std::string& pem) {
  BIO* const reader =
      ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* const key =
      ::PEM_read_bio_PrivateKey(reader, nullptr, nullptr, nullptr);
  BIO* const writer = ::BIO_new(::BIO_s_mem());
  char passphrase[] = "secret";
  ::PEM_write_bio_PKCS8PrivateKey(writer, key, ::EVP_aes_256_cbc(), passphrase,
                                  6, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(writer, &text);
  const std::string encrypted(text, static_cast<size_t>(size));
  ::BIO_free(writer);
  ::BIO_free(reader);
  ::EVP_PKEY_free(key);
  return encrypted;
}

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() { Write(first_); }

  void Write(const IssuedCertificate& issued) {
    config_.cert_file = directory_.Write("cert.pem", issued.certificate);
    config_.key_file = directory_.Write("key.pem", issued.key);
  }

  // Why they are refused; empty if they are not.
  std::string Refusal() {
    const auto files = TlsFiles::Open(config_);
    return std::string(files.status().message());
  }

  const TempDirectory directory_;
  const TestAuthority authority_;
  const IssuedCertificate first_ = authority_.Issue();
  const IssuedCertificate second_ = authority_.Issue();
  core::TlsConfig config_;
};

TEST_F(TlsFilesTest, TakesWhatFitsTogether) {
  config_.client_ca_file = directory_.Write("ca.pem", authority_.certificate());

  const auto files = TlsFiles::Open(config_);

  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ((*files)->current()->certificates, first_.certificate);
  EXPECT_EQ((*files)->current()->key, first_.key);
  EXPECT_EQ((*files)->current()->client_authorities, authority_.certificate());
}

TEST_F(TlsFilesTest, TakesACertificateWithItsAuthority) {
  Write({first_.certificate + authority_.certificate(), first_.key});

  EXPECT_EQ(Refusal(), "");
}

TEST_F(TlsFilesTest, RefusesTheKeyOfAnotherCertificate) {
  Write({first_.certificate, second_.key});

  EXPECT_EQ(Refusal(),
            "tls.key_file is not the key of the first certificate in "
            "tls.cert_file");
}

TEST_F(TlsFilesTest, RefusesAKeyThatOthersMayReadAndSaysWhatToDo) {
  ::chmod(config_.key_file.c_str(), 0644);

  EXPECT_THAT(Refusal(),
              AllOf(HasSubstr("has mode 0644"),
                    HasSubstr("run: chmod 600 " + config_.key_file)));

  ::chmod(config_.key_file.c_str(), 0600);
  ::chmod(config_.cert_file.c_str(), 0644);
  EXPECT_EQ(Refusal(), "");
}

TEST_F(TlsFilesTest, RefusesACertificateThatIsNotValidNow) {
  Write(authority_.Issue({.from_day = -9, .to_day = -2}));
  EXPECT_THAT(Refusal(), HasSubstr("holds a certificate that expired at "));

  Write(authority_.Issue({.from_day = 2, .to_day = 9}));
  EXPECT_THAT(Refusal(), HasSubstr("holds a certificate that is valid only "
                                   "from "));
}

TEST_F(TlsFilesTest, RefusesAKeyThatOpenSslFindsTooWeak) {
  Write(authority_.Issue({.rsa_bits = 512}));

  EXPECT_EQ(Refusal(), "tls.cert_file cannot be used: ee key too small");
}

TEST_F(TlsFilesTest, RefusesAnEncryptedKey) {
  Write({first_.certificate, Encrypted(first_.key)});

  EXPECT_THAT(Refusal(), StartsWith("tls.key_file holds an encrypted key"));
}

TEST_F(TlsFilesTest, RefusesWhatItCannotRead) {
  const core::TlsConfig good = config_;

  config_.cert_file = directory_ / "none";
  EXPECT_THAT(Refusal(), HasSubstr("none cannot be read: No such file"));
  config_.cert_file = directory_.path();
  EXPECT_THAT(Refusal(), HasSubstr("is not a regular file"));
  config_.cert_file = directory_.Write("empty", "");
  EXPECT_THAT(Refusal(), HasSubstr("empty is empty"));
  config_.cert_file = directory_.Write("large", std::string(2 << 20, 'x'));
  EXPECT_THAT(Refusal(), HasSubstr("large is larger than 1 MiB"));
  config_.cert_file = directory_.Write("odd", "odd");
  EXPECT_THAT(Refusal(), HasSubstr("holds no certificate in PEM"));
  config_.cert_file = directory_.Write(
      "damaged", first_.certificate + second_.certificate.substr(0, 200) +
                     "\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(Refusal(), HasSubstr("holds a certificate that cannot be read"));

  config_ = good;
  config_.key_file = directory_.Write("odd.key", "s3cret");
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("holds no key in PEM"),
                               Not(HasSubstr("s3cret"))));

  config_ = good;
  config_.client_ca_file = directory_.Write("ca.pem", "\n");
  EXPECT_THAT(Refusal(), StartsWith("tls.client_ca_file holds no certificate"));
}

TEST_F(TlsFilesTest, TakesUpNewFilesOnceTheyFitTogether) {
  const auto files = TlsFiles::Open(config_);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ((*files)->ReloadIfChanged(), std::nullopt);

  // As a program does that replaces one after the other.
  directory_.Write("cert.pem", second_.certificate);
  const auto half = (*files)->ReloadIfChanged();
  ASSERT_TRUE(half.has_value());
  EXPECT_FALSE(half->ok());
  EXPECT_EQ((*files)->current()->certificates, first_.certificate);
  EXPECT_EQ((*files)->ReloadIfChanged(), std::nullopt) << "it is told once";

  directory_.Write("key.pem", second_.key);
  const auto whole = (*files)->ReloadIfChanged();
  ASSERT_TRUE(whole.has_value());
  EXPECT_TRUE(whole->ok()) << *whole;
  EXPECT_EQ((*files)->current()->certificates, second_.certificate);
  EXPECT_EQ((*files)->current()->key, second_.key);
}

TEST_F(TlsFilesTest, KeepsWhatItHasWhenAFileGoesOrExpires) {
  const auto files = TlsFiles::Open(config_);
  ASSERT_TRUE(files.ok());

  std::filesystem::remove(config_.key_file);
  EXPECT_THAT(std::string((*files)->ReloadIfChanged()->message()),
              HasSubstr("cannot be read"));
  Write(authority_.Issue({.from_day = -9, .to_day = -2}));
  EXPECT_THAT(std::string((*files)->ReloadIfChanged()->message()),
              HasSubstr("expired"));

  EXPECT_EQ((*files)->current()->key, first_.key);
}

TEST_F(TlsFilesTest, SeesThatTheNameLeadsToAnotherFile) {
  // As certbot and Kubernetes replace them.
  directory_.Write("one.cert", first_.certificate);
  directory_.Write("one.key", first_.key);
  directory_.Write("two.cert", second_.certificate);
  directory_.Write("two.key", second_.key);
  config_.cert_file = directory_ / "link.cert";
  config_.key_file = directory_ / "link.key";
  const auto point_at = [&](const std::string& name) {
    for (const std::string end : {".cert", ".key"}) {
      std::filesystem::remove(directory_ / ("link" + end));
      std::filesystem::create_symlink(name + end, directory_ / ("link" + end));
    }
  };
  point_at("one");
  const auto files = TlsFiles::Open(config_);
  ASSERT_TRUE(files.ok()) << files.status();

  point_at("two");

  EXPECT_EQ((*files)->ReloadIfChanged(), absl::OkStatus());
  EXPECT_EQ((*files)->current()->key, second_.key);
}

}  // namespace
}  // namespace clawplane::server
