// How TLS is asked for, and to whom a token goes without it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "clawplane/client/target.h"
#include "tests/client/temp_dir.h"
#include "tests/test_authority.h"

namespace clawplane::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IssuedCertificate;
using ::testing::Not;
using testing::TestAuthority;

class TlsTargetTest : public ::testing::Test {
 protected:
  TlsTargetTest() {
    directory_.Write("access.token", "s3cret-token");
    options_.state_dir = directory_.path();
    options_.target = "host.example:1";
    options_.token_file = directory_.path() + "/access.token";
    ca_file_ = directory_.Write("ca.pem", authority_.certificate());
    cert_file_ = directory_.Write("cert.pem", client_.certificate);
    key_file_ = directory_.Write("key.pem", client_.key);
  }

  absl::StatusOr<Target> Resolve() const {
    return ResolveTarget(options_, {.variable = [this](absl::string_view name)
                                        -> std::optional<std::string> {
                           const auto found =
                               variables_.find(std::string(name));
                           if (found == variables_.end()) return std::nullopt;
                           return found->second;
                         }});
  }
  std::string Refusal() const {
    return std::string(Resolve().status().message());
  }

  const TempDir directory_;
  const TestAuthority authority_;
  const IssuedCertificate client_ = authority_.Issue();
  std::string ca_file_;
  std::string cert_file_;
  std::string key_file_;
  TargetOptions options_;
  std::map<std::string, std::string> variables_;
};

TEST_F(TlsTargetTest, ATokenGoesToNoOtherMachineInPlainText) {
  EXPECT_THAT(Refusal(),
              AllOf(HasSubstr("is not sent to host.example:1 in plain text"),
                    HasSubstr("--tls-ca FILE"), HasSubstr("--insecure"),
                    Not(HasSubstr("s3cret"))));
  for (const char* other : {"192.0.2.1:1", "[2001:db8::1]:1",
                            "127.0.0.1.example:1", "localhost.example:1"}) {
    options_.target = other;
    EXPECT_FALSE(Resolve().ok()) << other;
  }
  for (const char* here :
       {"127.0.0.1:1", "127.8.0.1:1", "localhost:1", "[::1]:1"}) {
    options_.target = here;
    EXPECT_EQ(Resolve()->token, "s3cret-token") << here;
    EXPECT_FALSE(Resolve()->tls.has_value());
  }
}

TEST_F(TlsTargetTest, TheTokenOfThisMachineIsNotForOthers) {
  options_.token_file.reset();
  options_.tls_ca = ca_file_;
  for (const char* other : {"host.example:1", "192.0.2.1:1"}) {
    options_.target = other;
    const auto target = Resolve();
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_EQ(target->token, "");
    EXPECT_FALSE(target->is_unix());
  }
  options_.target = "127.0.0.1:1";
  EXPECT_EQ(Resolve()->token, "s3cret-token");
}

TEST_F(TlsTargetTest, ATokenGoesInPlainTextWhereThatIsAskedFor) {
  options_.insecure = true;
  variables_["CLAWPLANE_TLS_CA"] = ca_file_;

  const auto target = Resolve();

  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->token, "s3cret-token");
  EXPECT_FALSE(target->tls.has_value());
}

TEST_F(TlsTargetTest, ACallerWithoutATokenMayUsePlainText) {
  options_.token_file.reset();

  EXPECT_TRUE(Resolve().ok());
}

TEST_F(TlsTargetTest, EachOfItsOptionsAsksForIt) {
  const TargetOptions plain = options_;
  const auto asks = [&](auto set) {
    options_ = plain;
    set(options_);
    const auto target = Resolve();
    return target.ok() && target->tls.has_value() &&
           target->token == "s3cret-token";
  };

  EXPECT_TRUE(asks([](auto& options) { options.tls = true; }));
  EXPECT_TRUE(asks([&](auto& options) { options.tls_ca = ca_file_; }));
  EXPECT_TRUE(asks([](auto& options) { options.tls_server_name = "n"; }));
  EXPECT_TRUE(asks([&](auto& options) {
    options.tls_cert = cert_file_;
    options.tls_key = key_file_;
  }));
  EXPECT_TRUE(asks([](auto& options) { options.target = "tls:1.2.3.4:1"; }));
  EXPECT_EQ(Resolve()->address, "1.2.3.4:1");
  EXPECT_FALSE(asks([](auto& options) { options.target = "tls:1"; }));
}

TEST_F(TlsTargetTest, ReadsTheFilesThatOptionsNameElseTheEnvironment) {
  const TestAuthority other;
  options_.tls_ca = directory_.Write("other.pem", other.certificate());
  options_.tls_server_name = "name.example";
  variables_ = {{"CLAWPLANE_TLS_CA", ca_file_},
                {"CLAWPLANE_TLS_CERT", cert_file_},
                {"CLAWPLANE_TLS_KEY", key_file_}};

  const auto target = Resolve();

  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->tls->authorities, other.certificate());
  EXPECT_EQ(target->tls->certificate, client_.certificate);
  EXPECT_EQ(target->tls->key, client_.key);
  EXPECT_EQ(target->tls->server_name, "name.example");
}

TEST_F(TlsTargetTest, SaysWhichFileIsAtFault) {
  options_.tls_ca = directory_.path() + "/none";
  EXPECT_THAT(Refusal(), HasSubstr("cannot read the authority " +
                                   directory_.path() + "/none"));
  options_.tls_ca = key_file_;
  EXPECT_THAT(Refusal(), HasSubstr("key.pem does not hold a certificate"));

  options_.tls_ca = ca_file_;
  options_.tls_cert = cert_file_;
  EXPECT_THAT(Refusal(), HasSubstr("name it with --tls-key"));
  options_.tls_key = directory_.Write("other.key", authority_.Issue().key);
  EXPECT_THAT(Refusal(), HasSubstr("other.key is not that of the certificate "
                                   "in " +
                                   cert_file_));
  options_.tls_key = ca_file_;
  EXPECT_THAT(Refusal(), HasSubstr("ca.pem does not hold an unencrypted key"));
  options_.tls_cert = std::nullopt;
  EXPECT_THAT(Refusal(), HasSubstr("name it with --tls-cert"));
}

TEST_F(TlsTargetTest, RefusesOptionsThatContradictEachOther) {
  options_.tls = true;
  options_.insecure = true;
  EXPECT_THAT(Refusal(), HasSubstr("--insecure asks for plain text"));

  options_.insecure = false;
  options_.target = "/run/clawplane.sock";
  EXPECT_THAT(Refusal(), HasSubstr("are for host:port"));
  options_.tls = false;
  variables_["CLAWPLANE_TLS_CA"] = ca_file_;
  EXPECT_FALSE(Resolve()->tls.has_value()) << "the environment is for TCP";
}

}  // namespace
}  // namespace clawplane::client
