// Many cycles of start and stop: nothing is left, and nothing grows.

#include <dirent.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/e2e/daemon_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

// So many are measured, after so many by which all that is held is full.
constexpr int kCycles = 400;
constexpr int kWarmUp = 100;
constexpr double kMaxBytesPerCycle = 1024;

class EnduranceTest : public DaemonTest {
 protected:
  void Connect() {
    stub_ = v1::GatewayService::NewStub(grpc::CreateChannel(
        "unix:" + socket(), grpc::InsecureChannelCredentials()));
  }

  // Starts and stops the gateway, with a few calls in between.
  void Cycle() {
    grpc::ClientContext starting;
    v1::StartResponse started;
    const grpc::Status start =
        stub_->Start(&starting, v1::StartRequest(), &started);
    ASSERT_TRUE(start.ok()) << start.error_message();
    for (int i = 0; i < 4; ++i) {
      grpc::ClientContext calling;
      v1::RpcRequest request;
      request.set_method("health");
      v1::RpcResponse response;
      const grpc::Status call = stub_->Rpc(&calling, request, &response);
      ASSERT_TRUE(call.ok()) << call.error_message();
    }
    grpc::ClientContext stopping;
    v1::StopResponse stopped;
    const grpc::Status stop =
        stub_->Stop(&stopping, v1::StopRequest(), &stopped);
    ASSERT_TRUE(stop.ok()) << stop.error_message();
  }

  std::string Proc(const std::string& name) const {
    return "/proc/" + std::to_string(daemon_->pid()) + "/" + name;
  }
  // Root alone sees those of a daemon that is not dumpable; none for others.
  size_t Descriptors() const {
    std::error_code error;
    return std::distance(std::filesystem::directory_iterator(Proc("fd"), error),
                         {});
  }
  struct Memory {
    // Heaps and stacks.
    long own = 0;
    // Parts of programs and libraries, as far as they have been used.
    long of_files = 0;
  };
  Memory Resident() const {
    long size = 0;
    long resident = 0;
    long of_files = 0;
    std::ifstream(Proc("statm")) >> size >> resident >> of_files;
    const long page = ::sysconf(_SC_PAGESIZE);
    return {(resident - of_files) * page, of_files * page};
  }
  std::string Children() const {
    std::string all;
    for (const auto& task : std::filesystem::directory_iterator(Proc("task"))) {
      all += ReadFile(task.path() / "children");
    }
    return all;
  }

  std::unique_ptr<v1::GatewayService::Stub> stub_;
};

TEST_F(EnduranceTest, LeavesNothingBehindAndDoesNotGrow) {
  WriteConfig(LaunchFake(),
              "rpc:\n  max_queued: 16\n"
              "events:\n  max_count: 64\n  max_bytes: 65536\n"
              "logs:\n  max_lines: 64\n  max_bytes: 65536\n");
  StartDaemon();
  Connect();
  for (int i = 0; i < kWarmUp; ++i) ASSERT_NO_FATAL_FAILURE(Cycle());
  const size_t descriptors = Descriptors();
  const Memory before = Resident();

  for (int i = 0; i < kCycles; ++i) {
    ASSERT_NO_FATAL_FAILURE(Cycle());
    if (i % 50 == 49) {
      std::cout << "after " << kWarmUp + i + 1
                << " cycles: " << Resident().own / 1024 << " KiB of its own, "
                << Resident().of_files / 1024 << " KiB of files, "
                << Descriptors() << " descriptors" << std::endl;
    }
  }

  const double growth =
      static_cast<double>(Resident().own - before.own) / kCycles;
  std::cout << "growth: " << growth << " bytes of its own a cycle" << std::endl;
  EXPECT_LT(growth, kMaxBytesPerCycle);
  EXPECT_EQ(Children(), "");
  // The connection of the last probe may take a moment to close.
  EXPECT_TRUE(WaitFor([&] { return Descriptors() <= descriptors; }))
      << Descriptors() << " now, " << descriptors << " before";
}

}  // namespace
}  // namespace clawplane::testing
