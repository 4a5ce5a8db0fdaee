// What whole processes cost.
//
// process_bench runs N COMMAND...: runs the command N times, one after the
// other, each of which must end with 0; prints for each its time in ms and its
// largest resident memory in KiB, as wait4 tells them.
//
// process_bench starts N SOCKET COMMAND...: starts clawplaned N times, asks for
// its status on the Unix socket until it answers, and ends it; prints for each
// the time from the exec to that answer in ms, and the resident memory then.
//
// Both print one line of JSON.

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "core/model/text.h"
#include "tests/bench/rpc/cost.h"

namespace clawplane::testing {
namespace {

using core::Concat;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{30};

double Milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// Its output goes nowhere. -1 if it cannot be started.
pid_t Spawn(char** command) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                     O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
                                     O_WRONLY, 0);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, command[0], &actions, nullptr, command, ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -1;
}

// An object of JSON text, or none if the command failed.
std::optional<std::string> RunOnce(char** command) {
  const auto began = Clock::now();
  const pid_t pid = Spawn(command);
  int status = 0;
  rusage usage = {};
  if (pid < 0 || ::wait4(pid, &status, 0, &usage) != pid || status != 0) {
    std::cerr << command[0] << " failed, status " << status << std::endl;
    return std::nullopt;
  }
  return Concat(R"({"ms":)", std::to_string(Milliseconds(Clock::now() - began)),
                R"(,"max_rss_kib":)", usage.ru_maxrss, "}");
}

bool Accepts(const std::string& path) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const bool accepts =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) == 0;
  ::close(socket);
  return accepts;
}

// Whether it answered within our patience.
bool AwaitStatus(const std::string& path) {
  const auto limit = Clock::now() + kPatience;
  while (!Accepts(path)) {
    if (Clock::now() > limit) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  // A channel of its own, or gRPC would use the connection of the one before.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto stub = v1::GatewayService::NewStub(grpc::CreateCustomChannel(
      Concat("unix:", path), grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::GetStatusResponse response;
  return stub->GetStatus(&context, {}, &response).ok();
}

std::optional<std::string> StartOnce(const std::string& path, char** command) {
  ::unlink(path.c_str());
  const auto began = Clock::now();
  const pid_t pid = Spawn(command);
  if (pid < 0) return std::nullopt;
  const bool serves = AwaitStatus(path);
  const double took = Milliseconds(Clock::now() - began);
  const int64_t resident = ResidentKib(pid);
  ::kill(pid, SIGTERM);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!serves || status != 0) {
    std::cerr << command[0] << " does not serve, or ended with " << status
              << std::endl;
    return std::nullopt;
  }
  return Concat(R"({"ms":)", std::to_string(took), R"(,"rss_kib":)", resident,
                "}");
}

int Main(int argc, char** argv) {
  const std::string_view what = argc > 3 ? argv[1] : "";
  if (what != "runs" && what != "starts") {
    std::cerr << "usage: process_bench runs N COMMAND...\n"
                 "       process_bench starts N SOCKET COMMAND..."
              << std::endl;
    return 2;
  }
  // What gRPC does once in a process is not the daemon's time.
  grpc_init();
  std::string list;
  for (int left = std::atoi(argv[2]); left > 0; --left) {
    const auto one =
        what == "runs" ? RunOnce(argv + 3) : StartOnce(argv[3], argv + 4);
    if (!one) return 1;
    list += list.empty() ? "" : ",";
    list += *one;
  }
  std::cout << "[" << list << "]" << std::endl;
  return 0;
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) { return clawplane::testing::Main(argc, argv); }
