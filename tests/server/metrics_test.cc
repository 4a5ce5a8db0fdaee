// The metrics of a whole server, as a scraper gets them.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/fake_gateway.h"
#include "tests/http_client.h"
#include "tests/server/event_reader.h"
#include "tests/server/served_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

core::Config Open(core::Config config) {
  config.ops.metrics = core::OpsConfig::Metrics::kEverybody;
  return config;
}

// One scrape: what the series are by their names with labels.
class Scrape {
 public:
  explicit Scrape(const ServedGateway& served)
      : text_(GetPage(served.ops_url(), "/metrics")) {
    std::istringstream lines(text_.substr(text_.find("\r\n\r\n") + 4));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with('#')) {
        ReadComment(line);
      } else {
        const size_t end = line.rfind(' ');
        series_[line.substr(0, end)] = std::stod(line.substr(end));
      }
    }
  }

  // -1 for a series that is not there.
  double operator[](const std::string& series) const {
    const auto found = series_.find(series);
    return found == series_.end() ? -1 : found->second;
  }
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& [name, value] : series_) names.insert(name);
    return names;
  }

  // A row for each family, as docs/metrics.md has them.
  std::string Table() const {
    std::string table = "| metric | type | labels | what it tells |\n";
    table += "|---|---|---|---|\n";
    for (const Family& family : families_) {
      table += "| `" + family.name + "` | " + family.type + " | " +
               LabelsOf(family.name) + " | " + family.help + " |\n";
    }
    return table;
  }

 private:
  struct Family {
    std::string name, type, help;
  };

  void ReadComment(const std::string& line) {
    std::istringstream words(line);
    std::string hash, kind, name, rest;
    words >> hash >> kind >> name >> std::ws;
    std::getline(words, rest);
    if (kind == "HELP") families_.push_back({name, "", rest});
    if (kind == "TYPE") families_.back().type = rest;
  }

  // Those of its first series, but for the bounds of buckets.
  std::string LabelsOf(const std::string& family) const {
    for (const char* const rest : {"{", "_count{"}) {
      const std::string begin = family + rest;
      const auto found = series_.lower_bound(begin);
      if (found == series_.end() || !found->first.starts_with(begin)) continue;
      std::string labels;
      std::string_view left = found->first;
      for (left.remove_prefix(begin.size()); left.find('=') != left.npos;
           left.remove_prefix(left.find('"', left.find('"') + 1) + 1)) {
        if (left.front() == ',') left.remove_prefix(1);
        labels += labels.empty() ? "`" : ", `";
        labels += left.substr(0, left.find('='));
        labels += "`";
      }
      return labels;
    }
    return "";
  }

  const std::string text_;
  std::map<std::string, double> series_;
  std::vector<Family> families_;
};

TEST(MetricsTest, CountCallsByMethodAndCode) {
  FakeGateway gateway;
  ServedGateway served(Open(AttachTo(gateway)));
  EXPECT_FALSE(Call(served.stub(), "health").ok());
  ASSERT_TRUE(Start(served.stub()).ok());
  EXPECT_TRUE(Call(served.stub(), "health").ok());
  const auto stranger = v1::GatewayService::NewStub(served.TcpChannel());
  EXPECT_FALSE(Call(*stranger, "health").ok());

  // gRPC tells the server of a call's end after it told the client.
  const auto count = [&](const std::string& code) {
    return Scrape(
        served)["clawplane_calls_total{method=\"Rpc\",code=\"" + code + "\"}"];
  };
  EXPECT_TRUE(WaitFor([&] { return count("UNAUTHENTICATED") == 1; }));
  EXPECT_EQ(count("OK"), 1);
  EXPECT_EQ(count("FAILED_PRECONDITION"), 1);

  const Scrape scrape(served);
  EXPECT_EQ(scrape["clawplane_gateway_calls_total{class=\"read\",outcome="
                   "\"answered\",code=\"OK\"}"],
            1);
  EXPECT_EQ(scrape["clawplane_gateway_calls_total{class=\"read\",outcome="
                   "\"not_sent\",code=\"NOT_RUNNING\"}"],
            1);
  EXPECT_EQ(
      scrape["clawplane_gateway_call_duration_seconds_count{class=\"read\"}"],
      1);
  EXPECT_EQ(scrape["clawplane_refusals_total{reason=\"TOKEN_REQUIRED\"}"], 1);
  EXPECT_EQ(scrape["clawplane_open_connections{listener=\"unix\"}"], 1);
  EXPECT_EQ(scrape["clawplane_open_connections{listener=\"plain\"}"], 1);
  EXPECT_EQ(scrape["clawplane_gateway_handshakes_total{verdict=\"accepted\"}"],
            1);
}

TEST(MetricsTest, HaveNoMoreSeriesWhateverIsCalled) {
  FakeGateway gateway;
  ServedGateway served(Open(AttachTo(gateway)));
  const std::set<std::string> before = Scrape(served).names();
  ASSERT_TRUE(Start(served.stub()).ok());
  EventReader reader(served.stub(), v1::StreamEventsRequest());
  reader.Read();
  for (const char* method :
       {"no.such.method", "x\"} 1\nclawplane_evil_total 1", "{}", "\t",
        "clawplane_calls_total{method=\"Rpc\",code=\"OK\"}"}) {
    Call(served.stub(), method);
  }
  gateway.Emit("evil\"} 1", "{}");
  reader.NextNamed("evil\"} 1");
  EXPECT_EQ(Scrape(served).names(), before);
  EXPECT_EQ(Scrape(served)["clawplane_events_total{kind=\"notification\"}"], 1);
}

TEST(MetricsTest, CountFollowersAndWhatTheyGet) {
  FakeGateway gateway;
  ServedGateway served(Open(AttachTo(gateway)));
  ASSERT_TRUE(Start(served.stub()).ok());
  {
    EventReader reader(served.stub(), v1::StreamEventsRequest());
    reader.Read();
    const Scrape scrape(served);
    EXPECT_EQ(scrape["clawplane_followers{topic=\"events\"}"], 1);
    EXPECT_GE(scrape["clawplane_stream_responses_total{topic=\"events\"}"], 1);
    EXPECT_EQ(scrape["clawplane_event_lag_events"], 0);
    EXPECT_EQ(scrape["clawplane_open_calls{kind=\"stream\"}"], 1);
  }
  EXPECT_TRUE(WaitFor([&] {
    return Scrape(served)["clawplane_followers{topic=\"events\"}"] == 0;
  }));
}

TEST(MetricsTest, TellTheLifeOfALaunchedGateway) {
  ServedGateway served(Open(LaunchFake()));
  ASSERT_TRUE(Start(served.stub()).ok());
  const Scrape up(served);
  EXPECT_EQ(up["clawplane_gateway_wanted"], 1);
  EXPECT_EQ(up["clawplane_gateway_launches_total{cause=\"start\"}"], 1);
  EXPECT_GT(up["clawplane_gateway_resident_memory_bytes"], 1e6);
  EXPECT_EQ(up["clawplane_gateway_phase_duration_seconds_count{phase="
               "\"connecting\"}"],
            1);
  EXPECT_GT(up["process_resident_memory_bytes"], 1e6);
  EXPECT_GT(up["process_open_fds"], 3);
  EXPECT_NEAR(up["process_start_time_seconds"],
              static_cast<double>(::time(nullptr)), 600);

  grpc::ClientContext context;
  v1::StopResponse response;
  ASSERT_TRUE(served.stub().Stop(&context, {}, &response).ok());
  const Scrape down(served);
  EXPECT_EQ(down["clawplane_gateway_wanted"], 0);
  EXPECT_EQ(down["clawplane_gateway_resident_memory_bytes"], 0);
  EXPECT_EQ(
      down["clawplane_gateway_exits_total{cause=\"stop\",how=\"signal\"}"] +
          down["clawplane_gateway_exits_total{cause=\"stop\",how=\"clean\"}"],
      1);
}

TEST(MetricsTest, AreExplainedInTheDocument) {
  FakeGateway gateway;
  ServedGateway served(Open(AttachTo(gateway)));
  const std::string table = Scrape(served).Table();
  std::ifstream file(METRICS_FILE);
  const std::string document(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(document.find(table), document.npos)
      << "put this table into docs/metrics.md:\n"
      << table;
}

}  // namespace
}  // namespace clawplane::testing
