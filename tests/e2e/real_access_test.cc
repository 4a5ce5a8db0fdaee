// Who may do what with a real gateway, over TLS.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/real_gateway_test.h"
#include "tests/test_authority.h"

namespace clawplane::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RealAccessTest : public RealGatewayTest {
 protected:
  std::string OtherLines() override {
    ca_ = place_.Write("ca.pem", authority_.certificate());
    const auto server = authority_.Issue();
    std::string entries = "certificates:\n";
    for (const char* role : {"viewer", "operator", "admin"}) {
      const auto client = authority_.Issue(
          {.alternative_names = absl::StrCat("DNS:", role, ".example"),
           .usage = "clientAuth"});
      place_.Write(absl::StrCat(role, ".pem"), client.certificate);
      place_.Write(absl::StrCat(role, ".key"), client.key);
      absl::StrAppend(&entries, "  - {name: ", role, ", role: ", role,
                      ", san: ", role, ".example}\n");
    }
    return absl::StrCat(
        "access:\n  file: ", place_.Write("access.yaml", entries),
        "\ntls:\n  listen: 127.0.0.1:0\n  cert_file: ",
        place_.Write("server.pem", server.certificate),
        "\n  key_file: ", place_.Write("server.key", server.key),
        "\n  client_ca_file: ", ca_, "\n");
  }

  Said As(const std::string& role, const std::vector<std::string>& command) {
    const std::string ready = daemon_->output();
    const size_t begin = ready.find("tls:127.0.0.1:");
    std::vector<std::string> words = {
        "--target",   ready.substr(begin, ready.find(' ', begin) - begin),
        "--tls-ca",   ca_,
        "--tls-cert", place_ / (role + ".pem"),
        "--tls-key",  place_ / (role + ".key")};
    words.insert(words.end(), command.begin(), command.end());
    return Clawctl(words);
  }

  void ExpectDenied(const Said& said, const std::string& role) {
    EXPECT_EQ(said.exit_code, 5) << said.errors;
    EXPECT_THAT(said.errors, HasSubstr("needs the role " + role));
  }

  const TestAuthority authority_;
  std::string ca_;
};

TEST_F(RealAccessTest, HoldsEachRoleToWhatItMay) {
  ExpectDenied(As("viewer", {"start"}), "operator");
  const Said started = As("operator", {"start", "--timeout", "5m"});
  ASSERT_EQ(started.exit_code, 0) << started.errors;

  EXPECT_THAT(As("viewer", {"status"}).output, HasSubstr("running"));
  ExpectDenied(As("viewer", {"call", "health"}), "operator");
  EXPECT_EQ(As("operator", {"call", "sessions.list"}).exit_code, 0);
  ExpectDenied(
      As("operator", {"call", "set-heartbeats", R"({"enabled":false})"}),
      "admin");
  const Said set =
      As("admin", {"call", "set-heartbeats", R"({"enabled":false})"});
  EXPECT_EQ(set.exit_code, 0) << set.errors;
  ExpectDenied(As("viewer", {"stop"}), "operator");
  EXPECT_EQ(As("operator", {"stop"}).exit_code, 0);

  const std::string audit = ReadFile(state_directory() + "/audit.jsonl");
  for (const char* line :
       {R"("phase":"before","id":)", R"("gateway_method":"set-heartbeats")",
        R"("phase":"denied","client":"viewer")"}) {
    EXPECT_THAT(audit, HasSubstr(line));
  }
  EXPECT_THAT(audit, Not(HasSubstr("sessions.list")));
}

}  // namespace
}  // namespace clawplane::testing
