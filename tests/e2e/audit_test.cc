// The audit log and the access file of a real daemon.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/e2e/daemon_test.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/test_authority.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::HasSubstr;

// What stands between `begin` and `end` in each of the texts that has both.
std::set<std::string> Between(const std::vector<std::string>& texts,
                              const std::string& begin,
                              const std::string& end) {
  std::set<std::string> found;
  for (const std::string& text : texts) {
    const size_t from = text.find(begin);
    if (from == text.npos) continue;
    const size_t at = from + begin.size();
    found.insert(text.substr(at, text.find(end, at) - at));
  }
  return found;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class AuditTest : public DaemonTest {
 protected:
  // Calls a method that changes something, each time as another trace, until
  // the server is gone.
  void CallUntilGone(int thread) {
    const auto stub = v1::GatewayService::NewStub(grpc::CreateChannel(
        "unix:" + socket(), grpc::InsecureChannelCredentials()));
    v1::RpcRequest request;
    request.set_method("voicewake.set");
    request.set_params_json(R"({"triggers":["hello"]})");
    v1::RpcResponse response;
    grpc::Status status;
    do {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() +
                           std::chrono::seconds(20));
      context.AddMetadata("traceparent",
                          absl::StrFormat("00-%016x%016x-00f067aa0ba902b7-01",
                                          thread + 1, ++calls_));
      status = stub->Rpc(&context, request, &response);
      if (status.ok()) ++done_;
    } while (status.error_code() != grpc::StatusCode::UNAVAILABLE);
  }

  std::atomic<int> calls_ = 0;
  std::atomic<int> done_ = 0;
};

TEST_F(AuditTest, HasALineOfEveryActOfAServerThatWasKilled) {
  FakeGatewayOptions options;
  options.port = port();
  options.token = "shared-token";
  FakeGateway gateway(options);
  std::ofstream(place_ / "token") << "shared-token";
  ::chmod((place_ / "token").c_str(), 0600);
  WriteConfig(
      absl::StrCat("  mode: attach\n  token_file: ", place_ / "token", "\n"));
  constexpr int kRounds = 5;
  for (int round = 0; round < kRounds; ++round) {
    StartDaemon();
    ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([this, i, round] { CallUntilGone(3 * round + i); });
    }
    const int before = done_;
    EXPECT_TRUE(WaitFor([&] { return done_ >= before + 100; }));
    CollectSecrets();
    daemon_->Signal(SIGKILL);
    daemon_->Wait();
    daemon_.reset();
    for (auto& thread : threads) thread.join();
  }

  const std::string audit = ReadFile(state_directory() + "/audit.jsonl");
  std::vector<std::string> firsts;
  for (const std::string& line : Lines(audit)) {
    if (line.find(R"("phase":"before")") != line.npos) firsts.push_back(line);
  }
  const auto told = Between(firsts, R"("trace_id":")", "\"");
  const auto acts = Between(gateway.frames(), R"("traceparent":"00-)", "-");
  EXPECT_GE(acts.size(), 100u * kRounds);
  for (const std::string& act : acts) {
    EXPECT_TRUE(told.contains(act)) << act << " is not in the audit log";
  }
}

class AccessFileTest : public DaemonTest {
 protected:
  AccessFileTest() {
    WriteConfig(LaunchFake(), absl::StrCat("access:\n  file: ", file(), "\n"));
  }

  std::string file() const { return place_ / "access.yaml"; }

  // Puts what the daemon prints for a new token into the file, and the token
  // into one of its own, whose path it gives.
  std::string NewToken(const std::string& name, const std::string& role) {
    const auto made = RunDaemon({"--new-token", name, "--role", role});
    EXPECT_EQ(made->Wait().value_or(-1), 0);
    const std::string errors = made->errors();
    // As `mv` does it, so that the file is there all the time.
    std::ofstream(place_ / "new") << errors.substr(errors.find("tokens:"));
    std::filesystem::rename(place_ / "new", file());
    std::string token = made->output();
    token.pop_back();
    // It is the one output that is meant to show it.
    for (const auto& entry : std::filesystem::directory_iterator(Emitted(""))) {
      if (ReadFile(entry.path()) == made->output()) {
        std::filesystem::remove(entry.path());
      }
    }
    AddSecret(token);
    std::ofstream(place_ / name) << token;
    ::chmod((place_ / name).c_str(), 0600);
    return place_ / name;
  }

  Said With(const std::string& token, const std::string& command) {
    return Clawctl({"--target", tcp_address(), "--token-file", token, command});
  }
};

TEST_F(AccessFileTest, IsReadAgainWhenItHasChanged) {
  const std::string first = NewToken("first", "viewer");
  StartDaemon();
  EXPECT_EQ(With(first, "status").exit_code, 0);
  const Said denied = With(first, "start");
  EXPECT_EQ(denied.exit_code, 5);
  EXPECT_THAT(denied.errors, HasSubstr("needs the role operator"));

  const std::string second = NewToken("second", "operator");
  daemon_->Signal(SIGHUP);
  EXPECT_TRUE(WaitFor([&] { return With(second, "start").exit_code == 0; }));
  EXPECT_EQ(With(first, "status").exit_code, 5);

  // What is wrong in it changes nothing, and is told.
  std::ofstream(file()) << "tokens: {";
  daemon_->Signal(SIGHUP);
  EXPECT_TRUE(WaitFor([&] {
    return daemon_->errors().find("warning: access.file") != std::string::npos;
  }));
  EXPECT_EQ(With(second, "status").exit_code, 0);
}

TEST_F(AccessFileTest, KnowsACertificateByItsName) {
  const TestAuthority authority;
  const auto server = authority.Issue();
  const auto client = authority.Issue(
      {.alternative_names = "DNS:ops.example", .usage = "clientAuth"});
  const auto put = [&](const std::string& name, const std::string& text) {
    return place_.Write(name, text);
  };
  put("access.yaml",
      "certificates:\n"
      "  - {name: ops, role: viewer, san: ops.example}\n");
  const std::string ca = put("ca.pem", authority.certificate());
  AddSecret(server.key);
  WriteConfig(LaunchFake(),
              absl::StrCat("access:\n  file: ", file(),
                           "\ntls:\n  listen: 127.0.0.1:0\n  cert_file: ",
                           put("server.pem", server.certificate),
                           "\n  key_file: ", put("server.key", server.key),
                           "\n  client_ca_file: ", ca, "\n"));
  StartDaemon();

  const std::string ready = daemon_->output();
  const size_t begin = ready.find("tls:127.0.0.1:");
  ASSERT_NE(begin, ready.npos) << ready;
  const std::string address =
      ready.substr(begin, ready.find(' ', begin) - begin);
  const auto with = [&](std::vector<std::string> command) {
    std::vector<std::string> words = {
        "--target",   address,
        "--tls-ca",   ca,
        "--tls-cert", put("client.pem", client.certificate),
        "--tls-key",  put("client.key", client.key)};
    words.insert(words.end(), command.begin(), command.end());
    return Clawctl(words);
  };
  EXPECT_THAT(with({"version"}).output,
              HasSubstr("known there as ops, viewer"));
  const Said denied = with({"stop"});
  EXPECT_EQ(denied.exit_code, 5);
  EXPECT_THAT(denied.errors, HasSubstr("needs the role operator"));
  // Without the certificate there is nothing to be known by.
  EXPECT_EQ(Clawctl({"--target", address, "--tls-ca", ca, "status"}).exit_code,
            5);
}

TEST_F(AccessFileTest, KeepsTheServerFromBeginningWithABadOne) {
  std::ofstream(file()) << "tokens:\n  - {name: a, role: king, sha256: 0}\n";
  const auto daemon = RunDaemon();
  EXPECT_EQ(daemon->Wait().value_or(-1), 1);
  EXPECT_THAT(daemon->errors(), HasSubstr("\"king\""));
}

}  // namespace
}  // namespace clawplane::testing
