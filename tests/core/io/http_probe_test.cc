#include "core/io/http_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/core/io/scripted_peer.h"

namespace clawplane::core {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Answer = ProbeReport::Answer;

constexpr Duration kLong = std::chrono::seconds(60);
constexpr Duration kShort = std::chrono::milliseconds(20);

class HttpProbeTest : public StrandTest {
 protected:
  void Look(uint16_t port, Duration timeout = kLong) {
    OnStrand([&] {
      HttpProber prober(strand_);
      probe_ = prober.Look(port, 0, timeout, [this](ProbeReport report) {
        strand_.AssertHeld();
        EXPECT_FALSE(report_.has_value()) << "reported twice";
        report_ = report;
      });
      EXPECT_FALSE(report_.has_value()) << "reported from inside";
    });
  }

  // What the probe makes of an answer, after which the connection is dropped.
  Answer AnswerTo(const std::string& answer) {
    ScriptedPeer peer(io_);
    report_.reset();
    Look(peer.port());
    EXPECT_TRUE(Until([&] { return peer.has_request(); }));
    peer.Write(answer);
    EXPECT_TRUE(Until([&] { return peer.all_written(); }));
    peer.Drop();
    return Wait().answer;
  }

  ProbeReport Wait() {
    EXPECT_TRUE(Until([&] { return report_.has_value(); }));
    Settle();
    return *report_;
  }

  void TearDown() override {
    OnStrand([&] { probe_.reset(); });
    Settle();
  }

  std::unique_ptr<Probe> probe_;
  std::optional<ProbeReport> report_;
};

std::string Http(const std::string& status, const std::string& type,
                 const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: ", type,
                      "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

TEST_F(HttpProbeTest, AsksForReadiness) {
  ScriptedPeer peer(io_);

  Look(peer.port());

  ASSERT_TRUE(Until([&] { return peer.has_request(); }));
  EXPECT_THAT(peer.received(), StartsWith("GET /readyz HTTP/1.1\r\n"));
  EXPECT_THAT(peer.received(),
              HasSubstr(absl::StrCat("\r\nHost: 127.0.0.1:", peer.port())));
}

TEST_F(HttpProbeTest, TellsAReadyGatewayAndItsOwner) {
  ScriptedPeer peer(io_);

  Look(peer.port());
  ASSERT_TRUE(Until([&] { return peer.has_request(); }));
  peer.Write(Http("200 OK", "application/json", R"({"ready":true})"));

  const ProbeReport report = Wait();
  EXPECT_EQ(report.answer, Answer::kAnswers);
  EXPECT_TRUE(report.trusted);
  EXPECT_THAT(report.listener,
              StartsWith(absl::StrCat("process ", ::getpid(), " (")));
}

TEST_F(HttpProbeTest, TellsAGatewayThatIsNotReady) {
  const std::string body = R"({"ready":false,"failing":["startup-sidecars"]})";
  EXPECT_EQ(AnswerTo(Http("503 No", "application/json", body)),
            Answer::kNotReady);
  EXPECT_EQ(AnswerTo(Http("503 No", "Application/JSON ; charset=utf-8", body)),
            Answer::kNotReady);
}

TEST_F(HttpProbeTest, TakesAnyOtherHttpForAnAnswer) {
  EXPECT_EQ(AnswerTo(Http("503 No", "text/html", "<p>")), Answer::kAnswers);
  EXPECT_EQ(AnswerTo(Http("503 No", "application/jsonp", "{}")),
            Answer::kAnswers);
  EXPECT_EQ(AnswerTo(Http("404 No", "application/json", "{}")),
            Answer::kAnswers);
  EXPECT_EQ(AnswerTo(Http("200 OK", "text/html", "<html>")), Answer::kAnswers);
  EXPECT_EQ(AnswerTo("HTTP/1.0 200 OK\r\n\r\nup to the end"), Answer::kAnswers);
}

TEST_F(HttpProbeTest, TakesABodyOverTheLimitForAnAnswer) {
  EXPECT_EQ(AnswerTo(Http("200 OK", "text/html", std::string(64 * 1024, 'x'))),
            Answer::kAnswers);
  EXPECT_EQ(AnswerTo(Http("200 OK", "text/html", std::string(70'000, 'x'))),
            Answer::kAnswers);
  EXPECT_EQ(AnswerTo("HTTP/1.1 200 OK\r\n\r\n" + std::string(70'000, 'x')),
            Answer::kAnswers);
}

TEST_F(HttpProbeTest, DoesNotUnderstandAnythingElse) {
  EXPECT_EQ(AnswerTo(""), Answer::kUnintelligible);
  EXPECT_EQ(AnswerTo("SSH-2.0-OpenSSH_9.2\r\n"), Answer::kUnintelligible);
  EXPECT_EQ(AnswerTo("HTTP/1.1 200"), Answer::kUnintelligible);
  EXPECT_EQ(AnswerTo("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
            Answer::kUnintelligible);
  EXPECT_EQ(AnswerTo("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')),
            Answer::kUnintelligible);
}

TEST_F(HttpProbeTest, DoesNotUnderstandSilence) {
  ScriptedPeer peer(io_);

  Look(peer.port(), kShort);

  const ProbeReport report = Wait();
  EXPECT_EQ(report.answer, Answer::kUnintelligible);
  EXPECT_TRUE(report.trusted);
  EXPECT_TRUE(Until([&] { return peer.ended(); }));
}

TEST_F(HttpProbeTest, FindsNothingWhereItIsRefused) {
  uint16_t port = 0;
  {
    using boost::asio::ip::tcp;
    tcp::acceptor acceptor(io_, tcp::endpoint(tcp::v6(), 0));
    port = acceptor.local_endpoint().port();
  }

  Look(port);

  EXPECT_EQ(Wait(), ProbeReport{});
}

TEST_F(HttpProbeTest, FallsBackToIpv6WhenIpv4IsRefused) {
  ScriptedPeer peer(io_, "::1");

  Look(peer.port());
  ASSERT_TRUE(Until([&] { return peer.has_request(); }));
  peer.Write(Http("200 OK", "text/html", ""));

  const ProbeReport report = Wait();
  EXPECT_EQ(report.answer, Answer::kAnswers);
  EXPECT_TRUE(report.trusted);
}

TEST_F(HttpProbeTest, IsSilentOnceDestroyed) {
  ScriptedPeer peer(io_);
  Look(peer.port());
  ASSERT_TRUE(Until([&] { return peer.has_request(); }));

  OnStrand([&] { probe_.reset(); });

  EXPECT_TRUE(Until([&] { return peer.ended(); }));
  EXPECT_FALSE(report_.has_value());
}

TEST_F(HttpProbeTest, MayBeDestroyedFromInsideItsReport) {
  ScriptedPeer peer(io_);
  bool reported = false;

  OnStrand([&] {
    probe_ = HttpProber(strand_).Look(peer.port(), 0, kShort, [&](ProbeReport) {
      probe_.reset();
      reported = true;
    });
  });

  EXPECT_TRUE(Until([&] { return reported; }));
}

}  // namespace
}  // namespace clawplane::core
