// The HTTP listener by itself: what it takes from strangers.

#include "server/ops_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/http_client.h"

namespace clawplane::testing {
namespace {

using server::OpsAnswer;
using server::OpsHttp;
using server::OpsRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kGet[] = "GET /page HTTP/1.1\r\nHost: test\r\n\r\n";

// Serves what was asked for: the path, the authorization, and how many
// connections there are.
class OpsHttpTest : public ::testing::Test {
 protected:
  ~OpsHttpTest() override { End(); }

  void Begin(const OpsHttp::Limits& limits = {}) {
    http_ = std::make_unique<OpsHttp>(
        strand_,
        [](const OpsRequest& request) -> OpsAnswer {
          return {.body = std::string(request.path) + " " +
                          std::string(request.authorization) + " " +
                          std::to_string(request.open_connections)};
        },
        limits);
    ASSERT_TRUE(http_->Listen("127.0.0.1:0").ok());
    thread_ = std::thread([this] { io_.run(); });
  }

  // Ends without `io_context::stop`, so that it hangs if anything is left.
  void End() {
    if (!thread_.joinable()) return;
    strand_.Post([this] { http_->Close(); });
    work_.reset();
    thread_.join();
  }

  const std::string& url() const { return http_->url(); }

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_{io_.get_executor()};
  core::CoreStrand strand_{io_};
  std::unique_ptr<OpsHttp> http_;
  std::thread thread_;
};

TEST_F(OpsHttpTest, AnswersGet) {
  Begin();
  HttpClient client(url());
  EXPECT_THAT(
      client.Get("/page?a=/b", "Authorization: Bearer t\r\n"),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
            HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"),
            HasSubstr("\r\nCache-Control: no-store\r\n"),
            EndsWith("\r\n\r\n/page Bearer t 1")));
}

TEST_F(OpsHttpTest, AnswersHeadWithoutTheBody) {
  Begin();
  HttpClient client(url());
  client.Send("HEAD /page HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.ReadToTheEnd());
  EXPECT_THAT(client.received(), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                                       HasSubstr("\r\nContent-Length: 8\r\n"),
                                       EndsWith("\r\n\r\n")));
}

TEST_F(OpsHttpTest, RefusesOtherMethods) {
  Begin();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "BREW"}) {
    HttpClient client(url());
    client.Send(std::string(method) + " /page HTTP/1.1\r\n\r\n");
    EXPECT_THAT(client.TakeAnswer(),
                AllOf(StartsWith("HTTP/1.1 405 "),
                      HasSubstr("\r\nAllow: GET, HEAD\r\n")))
        << method;
  }
}

TEST_F(OpsHttpTest, RefusesABody) {
  Begin();
  for (const char* header : {"Content-Length: 1", "Content-Length: 99999999999",
                             "Transfer-Encoding: chunked"}) {
    HttpClient client(url());
    client.Send(std::string("GET /page HTTP/1.1\r\n") + header + "\r\n\r\n");
    EXPECT_THAT(client.TakeAnswer(), StartsWith("HTTP/1.1 413 ")) << header;
    EXPECT_TRUE(client.ReadToTheEnd()) << header;
  }
}

TEST_F(OpsHttpTest, RefusesWhatIsNoHttp) {
  Begin();
  for (const char* text :
       {"\x16\x03\x01\x02\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /page HTTP/1.1\r\nno header\r\n\r\n",
        "GET /page HTTP/1.1\r\nContent-Length: x\r\n\r\n", "\r\n\r\n"}) {
    HttpClient client(url());
    client.Send(text);
    EXPECT_THAT(client.TakeAnswer(), StartsWith("HTTP/1.1 400 ")) << text;
    EXPECT_TRUE(client.ReadToTheEnd()) << text;
  }
}

TEST_F(OpsHttpTest, RefusesAHeaderOfMoreThan8KiB) {
  Begin();
  EXPECT_THAT(HttpClient(url()).Get(
                  "/page", "X: " + std::string(8 * 1024 - 64, 'x') + "\r\n"),
              StartsWith("HTTP/1.1 200 "));
  for (const size_t size : {size_t{8 * 1024}, size_t{1024 * 1024}}) {
    HttpClient client(url());
    client.Send("GET /page HTTP/1.1\r\nX: " + std::string(size, 'x'));
    EXPECT_TRUE(client.ReadToTheEnd());
    // Who goes on sending may lose the answer to that.
    if (size < 64 * 1024) {
      EXPECT_THAT(client.received(), AllOf(StartsWith("HTTP/1.1 431 "),
                                           HasSubstr("more than 8192 bytes")));
    }
  }
}

TEST_F(OpsHttpTest, HasTheBoundsThatAreDocumented) {
  const OpsHttp::Limits limits;
  EXPECT_EQ(limits.connections, 64u);
  EXPECT_EQ(limits.request, seconds(5));
  EXPECT_EQ(limits.connection, seconds(30));
  EXPECT_EQ(limits.requests, 100);
  EXPECT_EQ(limits.header_bytes, 8192u);
}

TEST_F(OpsHttpTest, ClosesOneConnectionTooManyAtOnce) {
  Begin({.request = seconds(60), .connection = seconds(60)});
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<HttpClient>(url()));
    ASSERT_THAT(clients.back()->Get("/"), EndsWith(std::to_string(i + 1)));
  }
  HttpClient refused(url());
  EXPECT_TRUE(refused.ReadToTheEnd());
  EXPECT_EQ(refused.received(), "");

  clients.front()->Send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(clients.front()->ReadToTheEnd());
  clients.erase(clients.begin());
  // It is gone once its end was read, which a request comes after.
  EXPECT_THAT(clients.back()->Get("/"), HasSubstr(" 200 "));
  EXPECT_THAT(HttpClient(url()).Get("/"), EndsWith(" 64"));
}

TEST_F(OpsHttpTest, ClosesARequestThatDripsIn) {
  Begin({.request = milliseconds(100)});
  HttpClient client(url());
  client.Send("GET /page HTTP/1.1\r\nX: ");
  // Each byte is a sign of life, and none of them counts.
  while (client.Send("x") && !client.Receive(milliseconds(5))) {
  }
  EXPECT_EQ(client.received(), "");
  EXPECT_TRUE(client.ReadToTheEnd());
}

TEST_F(OpsHttpTest, ClosesAConnectionThatSaysNothing) {
  Begin({.request = milliseconds(50)});
  HttpClient client(url());
  EXPECT_TRUE(client.ReadToTheEnd());
  EXPECT_EQ(client.received(), "");
}

TEST_F(OpsHttpTest, GivesAConnectionSoManyRequests) {
  Begin({.requests = 3});
  HttpClient client(url());
  EXPECT_THAT(client.Get("/1"), Not(HasSubstr("Connection: close")));
  EXPECT_THAT(client.Get("/2"), Not(HasSubstr("Connection: close")));
  EXPECT_THAT(client.Get("/3"),
              AllOf(HasSubstr("\r\nConnection: close\r\n"), EndsWith("/3  1")));
  EXPECT_TRUE(client.ReadToTheEnd());
}

TEST_F(OpsHttpTest, GivesAConnectionSoMuchTime) {
  Begin({.connection = milliseconds(100), .requests = 1'000'000'000});
  const auto began = std::chrono::steady_clock::now();
  HttpClient client(url());
  while (!client.Get("/page").empty()) {
    ASSERT_LT(std::chrono::steady_clock::now() - began, seconds(20));
  }
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(90));
}

TEST_F(OpsHttpTest, AnswersRequestsThatCameTogetherInOrder) {
  Begin();
  HttpClient client(url());
  client.Send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n" +
              std::string(kGet));
  EXPECT_THAT(client.TakeAnswer(), EndsWith("/1  1"));
  EXPECT_THAT(client.TakeAnswer(), EndsWith("/2  1"));
  EXPECT_THAT(client.TakeAnswer(), EndsWith("/page  1"));
}

TEST_F(OpsHttpTest, AnswersOnlyWhileTheStrandRuns) {
  Begin();
  HttpClient client(url());
  ASSERT_THAT(client.Get("/1"), HasSubstr(" 200 "));
  std::promise<void> held;
  std::promise<void> release;
  strand_.Post([&] {
    held.set_value();
    release.get_future().wait();
  });
  held.get_future().wait();
  client.Send(kGet);
  EXPECT_FALSE(client.Receive(milliseconds(100)));
  release.set_value();
  EXPECT_THAT(client.TakeAnswer(), HasSubstr(" 200 "));
}

TEST_F(OpsHttpTest, EndsItsConnectionsWithItself) {
  Begin();
  HttpClient idle(url());
  ASSERT_THAT(idle.Get("/1"), HasSubstr(" 200 "));
  HttpClient halfway(url());
  halfway.Send("GET /");
  End();
  EXPECT_TRUE(idle.ReadToTheEnd());
  EXPECT_TRUE(halfway.ReadToTheEnd());
  EXPECT_FALSE(HttpClient(url()).connected());
}

TEST_F(OpsHttpTest, SaysThatAPortIsTaken) {
  Begin();
  OpsHttp second(strand_, [](const OpsRequest&) { return OpsAnswer(); });
  const std::string address = url().substr(7);
  EXPECT_THAT(
      std::string(second.Listen(address).message()),
      AllOf(HasSubstr(address), HasSubstr("another program is using it"),
            HasSubstr("set ops.listen to another one")));
}

TEST_F(OpsHttpTest, TakesAllAddressesThatTheSettingsAllow) {
  for (const std::string address :
       {"localhost:0", "127.0.0.2:0", "0.0.0.0:0"}) {
    OpsHttp http(strand_, [](const OpsRequest&) { return OpsAnswer(); });
    EXPECT_TRUE(http.Listen(address).ok()) << address;
    EXPECT_THAT(http.url(),
                StartsWith("http://" + address.substr(0, address.size() - 1)));
  }
}

}  // namespace
}  // namespace clawplane::testing
