// What probes and scrapers are told, by a whole server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/fake_gateway.h"
#include "tests/http_client.h"
#include "tests/server/served_gateway.h"

namespace clawplane::testing {
namespace {

using Who = core::OpsConfig::Metrics;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Bearer(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

core::Config WithMetrics(core::Config config, Who who) {
  config.ops.metrics = who;
  return config;
}

TEST(OpsPagesTest, TellThatTheDaemonLivesWhateverTheGatewayDoes) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  EXPECT_THAT(GetPage(served.ops_url(), "/healthz"),
              AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\nok\n")));
  ASSERT_TRUE(Start(served.stub()).ok());
  EXPECT_THAT(GetPage(served.ops_url(), "/healthz"), HasSubstr(" 200 "));
}

TEST(OpsPagesTest, TellWhetherTheGatewayRuns) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  EXPECT_THAT(GetPage(served.ops_url(), "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "),
                    EndsWith("\r\n\r\nnot ready: stopped\n")));
  ASSERT_TRUE(Start(served.stub()).ok());
  EXPECT_THAT(GetPage(served.ops_url(), "/readyz"),
              AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\nready\n")));
}

// The message of this error quotes what the gateway printed.
TEST(OpsPagesTest, TellTheReasonOfAnErrorAndNothingElseOfIt) {
  ServedGateway served(LaunchFake({"--exit-at", "before-listen"}));
  ASSERT_FALSE(Start(served.stub()).ok());
  EXPECT_THAT(
      GetPage(served.ops_url(), "/readyz"),
      AllOf(StartsWith("HTTP/1.1 503 "),
            EndsWith("\r\n\r\nnot ready: error: DIED_WHILE_STARTING\n")));
}

TEST(OpsPagesTest, KnowNoOtherPath) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  for (const char* path : {"/", "/health", "/healthz/", "/metrics/x", "*"}) {
    EXPECT_THAT(GetPage(served.ops_url(), path), StartsWith("HTTP/1.1 404 "))
        << path;
  }
}

TEST(OpsPagesTest, KeepTheMetricsFromWhoHasNoToken) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  const std::string token = ServedGateway::kAccessToken;
  for (const std::string& lines :
       {std::string(), Bearer(""), Bearer("wrong"), Bearer(token + "x"),
        Bearer(token.substr(1)), "Authorization: Basic " + token + "\r\n",
        "Authorization: " + token + "\r\n"}) {
    EXPECT_THAT(GetPage(served.ops_url(), "/metrics", lines),
                AllOf(StartsWith("HTTP/1.1 401 "),
                      HasSubstr("\r\nWWW-Authenticate: Bearer\r\n"),
                      Not(HasSubstr("clawplane_"))))
        << lines;
  }
  EXPECT_THAT(GetPage(served.ops_url(), "/metrics", Bearer(token)),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(GetPage(served.ops_url(), "/metrics",
                      "authorization: bearer " + token + "\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST(OpsPagesTest, KeepTheMetricsFromEverybodyIfToldTo) {
  FakeGateway gateway;
  ServedGateway served(WithMetrics(AttachTo(gateway), Who::kNobody));
  EXPECT_THAT(GetPage(served.ops_url(), "/metrics",
                      Bearer(ServedGateway::kAccessToken)),
              StartsWith("HTTP/1.1 404 "));
}

TEST(OpsPagesTest, ShowTheMetricsInPrometheusFormat) {
  FakeGateway gateway;
  ServedGateway served(WithMetrics(AttachTo(gateway), Who::kEverybody));
  const std::string stopped = GetPage(served.ops_url(), "/metrics");
  EXPECT_THAT(
      stopped,
      AllOf(StartsWith("HTTP/1.1 200 "),
            HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; "
                      "charset=utf-8\r\n"),
            HasSubstr("\n# TYPE clawplane_gateway_restarts_total counter\n"
                      "clawplane_gateway_restarts_total 0\n"),
            HasSubstr("\nclawplane_event_log_sequence 0\n"),
            HasSubstr("\nclawplane_gateway_state{state=\"stopped\"} 1\n"),
            HasSubstr("\nclawplane_gateway_state{state=\"running\"} 0\n"),
            HasSubstr("\nclawplane_open_connections{listener=\"ops\"} 1\n"),
            HasSubstr("clawplane_build_info{version=\"")));
  EXPECT_THAT(stopped, HasSubstr("\nclawplane_gateway_up_seconds 0\n"));

  ASSERT_TRUE(Start(served.stub()).ok());

  EXPECT_THAT(
      GetPage(served.ops_url(), "/metrics"),
      AllOf(HasSubstr("\nclawplane_gateway_state{state=\"stopped\"} 0\n"),
            HasSubstr("\nclawplane_gateway_state{state=\"running\"} 1\n"),
            HasSubstr("\nclawplane_gateway_up_seconds 0."),
            Not(HasSubstr("\nclawplane_event_log_sequence 0\n"))));
}

}  // namespace
}  // namespace clawplane::testing
