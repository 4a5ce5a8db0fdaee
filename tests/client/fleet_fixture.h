// Some servers, and clawctl on all of them.

#ifndef CLAWPLANE_TESTS_CLIENT_FLEET_FIXTURE_H_
#define CLAWPLANE_TESTS_CLIENT_FLEET_FIXTURE_H_

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"
#include "tests/client/temp_dir.h"

namespace clawplane::client {

// Has servers with names from a file, "a", "b", ..., which tell that their
// gateways run. Thread-compatible.
class Fleet : public ::testing::Test {
 protected:
  // Makes so many; their scripts are to be set before they are called.
  void Make(int count) {
    std::string file;
    for (int i = 0; i < count; ++i) {
      FakeServer& server = servers_.emplace_back();
      absl::StrAppend(&file, NameOf(i), " ", server.unix_target(), "\n");
      server.get_status = [name = NameOf(i)](FakeServer::Context&,
                                             const v1::GetStatusRequest&,
                                             v1::GetStatusResponse& response) {
        *response.mutable_status() = StatusOf(v1::GatewayStatus::STATE_RUNNING);
        response.mutable_status()->set_name("gateway-" + name);
        response.mutable_status()->set_wanted_up(true);
        return grpc::Status::OK;
      };
    }
    file_ = "@" + place_.Write("fleet", file);
  }

  static std::string NameOf(int i) { return std::string(1, 'a' + i); }

  ClawctlRun::Result Run(std::vector<std::string> arguments,
                         const std::string& more = "",
                         const ClawctlRun::Options& options = {}) {
    return RunClawctl(With(std::move(arguments), more), options);
  }

  std::vector<std::string> With(std::vector<std::string> arguments,
                                const std::string& more = "") {
    arguments.insert(arguments.end(),
                     {"--targets", file_ + more, "--state-dir", place_.path()});
    return arguments;
  }

  // A socket that nobody listens on.
  std::string Nowhere() const { return place_.path() + "/nobody.sock"; }

  TempDir place_;
  std::deque<FakeServer> servers_;
  std::string file_;
};

}  // namespace clawplane::client

#endif  // CLAWPLANE_TESTS_CLIENT_FLEET_FIXTURE_H_
