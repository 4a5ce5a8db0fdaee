// clawctl --targets: one command on many servers.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"
#include "tests/client/fleet_fixture.h"
#include "tests/test_authority.h"

namespace clawplane::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using State = v1::GatewayStatus;

// Takes connections, as far as the kernel does so by itself, and says nothing.
// Thread-compatible.
class MuteServer {
 public:
  MuteServer() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, any, size) != 0 || listen(fd_, 8) != 0 ||
        getsockname(fd_, any, &size) != 0) {
      ADD_FAILURE() << "no port to listen on";
    }
    target_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  }
  ~MuteServer() { close(fd_); }
  MuteServer(const MuteServer&) = delete;
  MuteServer& operator=(const MuteServer&) = delete;

  const std::string& target() const { return target_; }

  // Waits until somebody has connected, for half a minute at most.
  void AwaitCaller() const {
    pollfd listener = {fd_, POLLIN, 0};
    EXPECT_EQ(poll(&listener, 1, 30'000), 1) << "nobody has connected";
  }

 private:
  const int fd_;
  std::string target_;
};

TEST_F(Fleet, ShowsOneTableOfStatuses) {
  Make(2);
  servers_[1].get_status = [](FakeServer::Context&, const v1::GetStatusRequest&,
                              v1::GetStatusResponse& response) {
    *response.mutable_status() = StatusOf(State::STATE_ERROR);
    response.mutable_status()->mutable_error()->set_reason(
        v1::REASON_PORT_HELD);
    response.mutable_status()->mutable_error()->set_message("held");
    return grpc::Status::OK;
  };

  const auto run = Run({"status"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(
      run.out,
      "TARGET  NAME       STATE    WANTED  PID   VERSION   UPTIME     ERROR\n"
      "a       gateway-a  running  up      4711  2026.9.6  2 min 5 s\n"
      "b                  error    down    -     -         -          held "
      "[PORT_HELD]\n");
  EXPECT_EQ(run.err, "2 ok\n");
}

TEST_F(Fleet, TellsWhereItFailedAndWhy) {
  Make(2);

  const auto run = Run({"status", "-q"}, "," + Nowhere());

  EXPECT_EQ(run.code, 7);
  EXPECT_THAT(run.out, HasSubstr("\nb "));
  EXPECT_THAT(run.out, HasSubstr("no server answers\n"));
  const std::string nowhere = "unix:" + Nowhere();
  EXPECT_THAT(run.err, StartsWith(nowhere + ": cannot get the status: no "
                                            "server answers at "));
  EXPECT_THAT(run.err, HasSubstr("\nnext: start the server with 'clawplaned'"));
  EXPECT_THAT(run.err, HasSubstr("\n2 ok, 1 failed: " + nowhere +
                                 " (no server answers)\n"));
}

TEST_F(Fleet, EndsWithTheCodeOfAllWhereAllFailAlike) {
  const auto run =
      RunClawctl({"stop", "--targets", absl::StrCat("/nobody-1,/nobody-2")});

  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.out, HasSubstr("unix:/nobody-1  no server answers"));
  EXPECT_THAT(run.err, HasSubstr("0 ok, 2 failed: unix:/nobody-1, "
                                 "unix:/nobody-2 (no server answers)\n"));
}

TEST_F(Fleet, AsksEachServerOnce) {
  Make(1);

  const auto run = Run({"status"}, "," + servers_[0].unix_target());

  EXPECT_EQ(run.err, "1 ok\n");
  EXPECT_EQ(servers_[0].authorizations().size(), 1U);
}

TEST_F(Fleet, FindsServersByTheNameOfAHost) {
  Make(1);
  const std::string tcp = servers_[0].tcp_target();
  const std::string port = tcp.substr(tcp.rfind(':'));

  const auto run =
      RunClawctl({"status", "--json", "--targets", "dns:127.0.0.1" + port,
                  "--state-dir", place_.path()});

  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, StartsWith("{\"target\":\"" + tcp + "\""));
}

TEST_F(Fleet, SaysThatAHostIsNotFound) {
  const auto run = RunClawctl({"stop", "--targets", "dns:nowhere.invalid:1"});

  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err, HasSubstr("clawctl: cannot find the addresses of "
                                 "'nowhere.invalid'"));
}

TEST_F(Fleet, GoesOnWhereOneServerIsMute) {
  Make(3);
  const MuteServer mute;
  ClawctlRun run(With({"start", "--no-wait", "--json", "--connect-timeout",
                       "1h", "--parallel", "2"},
                      "," + mute.target()));
  // No answers are scripted: all that matters is that they come.
  run.AwaitOut(R"({"target":"a")");
  run.AwaitOut(R"({"target":"b")");
  run.AwaitOut(R"({"target":"c")");
  EXPECT_THAT(run.read_out(), Not(HasSubstr(mute.target())));
  // It may be the last one tried.
  mute.AwaitCaller();

  run.Signal(SIGINT);

  const auto result = run.Finish();
  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.err, HasSubstr("0 ok, 1 interrupted, 3 failed: "));
}

TEST_F(Fleet, GivesUpAServerThatIsMute) {
  const MuteServer mute;

  const auto run =
      RunClawctl({"start", "--targets", mute.target(), "--connect-timeout",
                  "100ms", "--state-dir", place_.path()});

  EXPECT_EQ(run.code, 3) << run.err;
}

TEST_F(Fleet, AsksNoMoreServersAtATimeThanTold) {
  Make(6);
  absl::Mutex mutex;
  int present = 0;
  int most = 0;
  const auto tell = [&](FakeServer::Context&, const v1::GetStatusRequest&,
                        v1::GetStatusResponse&) {
    absl::MutexLock lock(&mutex);
    most = std::max(most, ++present);
    // The first two leave when both are there.
    const auto are_two = [&] { return most == 2; };
    mutex.Await(absl::Condition(&are_two));
    --present;
    return grpc::Status::OK;
  };
  for (FakeServer& server : servers_) server.get_status = tell;

  const auto run = Run({"status", "--parallel", "2"});

  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(most, 2);
}

TEST_F(Fleet, BeginsWithNoFurtherServerAfterAFailure) {
  Make(3);
  servers_[1].stop = [](FakeServer::Context&, const v1::StopRequest&,
                        v1::StopResponse&) {
    return Refusal(grpc::StatusCode::ABORTED, "a start came between", "X");
  };
  servers_[0].stop = [](FakeServer::Context&, const v1::StopRequest&,
                        v1::StopResponse& response) {
    *response.mutable_status() = StatusOf(State::STATE_STOPPED);
    return grpc::Status::OK;
  };

  const auto run = Run({"stop", "--parallel", "1", "--fail-fast"});

  EXPECT_EQ(run.code, 7);
  EXPECT_THAT(run.out, HasSubstr("\nb       failed     0."));
  EXPECT_THAT(run.out, HasSubstr("\nc       not tried  -\n"));
  EXPECT_THAT(run.err, HasSubstr("1 ok, 1 not tried, 1 failed: b (failed)\n"));
  EXPECT_TRUE(servers_[2].authorizations().empty());
}

TEST_F(Fleet, ShowsAnswersOfOneLineInATable) {
  Make(2);
  for (FakeServer& server : servers_) {
    server.start = [](FakeServer::Context&, const v1::StartRequest&,
                      v1::StartResponse& response) {
      *response.mutable_status() = StatusOf(State::STATE_RUNNING);
      return grpc::Status::OK;
    };
  }

  const auto run = Run({"start"});

  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, AllOf(StartsWith("TARGET  RESULT  TOOK   ANSWER\n"),
                             HasSubstr("\na       ok "),
                             HasSubstr("running, pid 4711, port 18789")));
  EXPECT_EQ(run.err, "2 ok\n") << "progress is for one server";
}

TEST_F(Fleet, ShowsAnswersOfManyLinesUnderTheServersName) {
  Make(2);
  for (FakeServer& server : servers_) {
    server.describe = [](FakeServer::Context&,
                         const v1::DescribeGatewayRequest&,
                         v1::DescribeGatewayResponse& response) {
      response.add_methods("one");
      response.add_methods("two");
      return grpc::Status::OK;
    };
  }

  const auto run = Run({"describe", "--methods"});

  EXPECT_THAT(run.out, HasSubstr("== a\none\ntwo\n"));
  EXPECT_THAT(run.out, HasSubstr("== b\none\ntwo\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("TARGET")));
}

TEST_F(Fleet, ReadsItsStandardInputOnceForAll) {
  Make(3);
  absl::Mutex mutex;
  std::vector<std::string> got;
  for (FakeServer& server : servers_) {
    server.rpc = [&](FakeServer::Context&, const v1::RpcRequest& request,
                     v1::RpcResponse& response) {
      absl::MutexLock lock(&mutex);
      got.push_back(request.params_json());
      response.set_result_json("true");
      return grpc::Status::OK;
    };
  }

  const auto run = Run({"call", "x", "-"}, "", {.input = R"({"a":1})"});

  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(got,
              ::testing::ElementsAre(R"({"a":1})", R"({"a":1})", R"({"a":1})"));
}

TEST_F(Fleet, ChecksTheParamsBeforeItAsksAnyServer) {
  Make(1);

  const auto run = Run({"call", "x", "{"});

  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, StartsWith("clawctl: the params are not JSON"));
  EXPECT_TRUE(servers_[0].authorizations().empty());
}

TEST_F(Fleet, ChecksTheCertificateAgainstTheHostOfAName) {
  const testing::TestAuthority authority;
  const auto issued = authority.Issue({.alternative_names = "DNS:localhost"});
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs = {{issued.key, issued.certificate}};
  FakeServer server(grpc::SslServerCredentials(options));
  const std::string ca = place_.Write("ca.pem", authority.certificate());
  const auto ask = [&](const std::string& host) {
    return RunClawctl({"start", "--tls-ca", ca, "--state-dir", place_.path(),
                       "--targets",
                       absl::StrCat(host, ":", server.tls_port())});
  };

  // The server refuses a call without a script, and is there.
  EXPECT_THAT(ask("127.0.0.1").err, HasSubstr("no TLS connection"));
  EXPECT_THAT(ask("dns:localhost").out, HasSubstr("not scripted"));
}

TEST_F(Fleet, RefusesWhatMakesNoSense) {
  Make(1);
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{
           {"status", "--targets", "/a", "--target", "/b"},
           {"status", "--targets", ""},
           {"status", "--targets", "/a,nonsense"},
           {"status", "--targets", "/a", "--parallel", "0"},
           {"status", "--targets", "/a", "--parallel", "257"},
           {"status", "--targets", "/a", "--connect-timeout", "0"},
           {"status", "--parallel", "2"},
           {"status", "--fail-fast"},
           {"status", "--watch", "--targets", "/a", "--fail-fast"},
           {"events", "--targets", "/a", "--resume-file", "/nonexistent/f"},
           {"events", "--targets", "/a", "--after", "e:1"}}) {
    ExpectWrongUse(wrong);
  }
}

}  // namespace
}  // namespace clawplane::client
