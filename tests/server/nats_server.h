// A real NATS server for a test.

#ifndef CLAWPLANE_TESTS_SERVER_NATS_SERVER_H_
#define CLAWPLANE_TESTS_SERVER_NATS_SERVER_H_

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/free_port.h"
#include "tests/temp_directory.h"

namespace clawplane::testing {

// A server that can be ended and begun again, with what it has on disk.
class NatsServer {
 public:
  explicit NatsServer(std::vector<std::string> options = {})
      : options_(std::move(options)) {
    Begin();
  }
  NatsServer(const NatsServer&) = delete;
  NatsServer& operator=(const NatsServer&) = delete;
  ~NatsServer() { End(SIGKILL); }

  void Begin() {
    std::vector<std::string> words = {
        NATS_SERVER, "-a",  "127.0.0.1",       "-p", std::to_string(port_),
        "-js",       "-sd", directory_ / "js", "-l", directory_ / "log"};
    words.insert(words.end(), options_.begin(), options_.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::execv(NATS_SERVER, arguments.data());
      ::_exit(127);
    }
  }
  void End(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  bool IsUp() const { return !IsFreePort(port_); }
  std::string url(const std::string& scheme = "nats") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_);
  }

 private:
  const std::vector<std::string> options_;
  const TempDirectory directory_;
  const uint16_t port_ = FreePort();
  pid_t pid_ = 0;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_SERVER_NATS_SERVER_H_
