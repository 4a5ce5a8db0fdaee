// Whom a real NATS server lets in, and which server is taken for one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/nats_broker.h"
#include "tests/core/io/running_strand.h"
#include "tests/server/nats_server.h"
#include "tests/temp_directory.h"
#include "tests/test_authority.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "s3cret-of-the-broker";
constexpr char kConnected[] = "connected";

class NatsAccessTest : public ::testing::Test {
 protected:
  // The path of a file that only we may read.
  std::string Keep(const std::string& name, const std::string& text) {
    place_.Write(name, text);
    const std::string path = place_ / name;
    EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
    return path;
  }

  // What comes of the first attempt.
  std::string Verdict(const NatsServer& nats, core::NatsConfig config) {
    EXPECT_TRUE(WaitFor([&] { return nats.IsUp(); }));
    config.create_stream = true;
    core::RunningStrand running;
    std::promise<std::string> told;
    bool is_told = false;
    const auto tell = [&](const std::string& what) {
      if (!std::exchange(is_told, true)) told.set_value(what);
    };
    auto broker = std::make_unique<server::NatsBroker>(
        running.strand(), config, "clawplane", place_ / "position");
    running.Do([&] {
      broker->Begin({.on_connected = [&](const auto&) { tell(kConnected); },
                     .on_taken = [] {},
                     .on_lost = tell});
    });
    std::string verdict = told.get_future().get();
    running.End();
    broker.reset();
    return verdict;
  }

  const TempDirectory place_;
};

TEST_F(NatsAccessTest, TakesTheRightToken) {
  const NatsServer nats({"--auth", kToken});
  core::NatsConfig config;
  config.url = nats.url();
  config.token_file = Keep("token", kToken);
  EXPECT_EQ(Verdict(nats, config), kConnected);

  config.token_file = Keep("wrong", "another-s3cret-of-the-broker");
  EXPECT_THAT(Verdict(nats, config),
              AllOf(HasSubstr("Authorization"), Not(HasSubstr("s3cret"))));
  config.token_file.clear();
  EXPECT_THAT(Verdict(nats, config), HasSubstr("Authorization"));
}

TEST_F(NatsAccessTest, SpeaksTlsWithTheServerOfAnAuthority) {
  const TestAuthority authority;
  const IssuedCertificate issued = authority.Issue();
  const NatsServer nats({"--tls", "--tlscert",
                         Keep("nats.crt", issued.certificate), "--tlskey",
                         Keep("nats.key", issued.key)});
  core::NatsConfig config;
  config.url = nats.url("tls");
  config.ca_file = Keep("ca.crt", authority.certificate());
  EXPECT_EQ(Verdict(nats, config), kConnected);

  config.ca_file = Keep("other.crt", TestAuthority("other").certificate());
  EXPECT_THAT(Verdict(nats, config), HasSubstr("unable to get local issuer"));
  // The system's authorities do not know it.
  config.ca_file.clear();
  EXPECT_THAT(Verdict(nats, config), HasSubstr("unable to get local issuer"));
}

TEST_F(NatsAccessTest, IsNotContentWithTheCertificateOfAnotherHost) {
  const TestAuthority authority;
  TestAuthority::Wish wish;
  wish.alternative_names = "DNS:elsewhere.example";
  const IssuedCertificate issued = authority.Issue(wish);
  const NatsServer nats({"--tls", "--tlscert",
                         Keep("nats.crt", issued.certificate), "--tlskey",
                         Keep("nats.key", issued.key)});
  core::NatsConfig config;
  config.url = nats.url("tls");
  config.ca_file = Keep("ca.crt", authority.certificate());
  EXPECT_THAT(Verdict(nats, config), HasSubstr("mismatch"));
}

}  // namespace
}  // namespace clawplane::testing
