// What the tests of the built programs share.

#ifndef CLAWPLANE_TESTS_E2E_DAEMON_TEST_H_
#define CLAWPLANE_TESTS_E2E_DAEMON_TEST_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/child.h"
#include "tests/temp_directory.h"

namespace clawplane::testing {

// What a program said and how it ended.
struct Said {
  int exit_code = -1;
  std::string output;
  std::string errors;
};

// A test with a place of its own: state, socket and configuration in a short
// directory that goes with it, and all that was emitted in one below the build
// tree that stays. At the end nothing runs any more, and no secret is in what
// was emitted.
class DaemonTest : public ::testing::Test {
 protected:
  DaemonTest();
  ~DaemonTest() override;
  void TearDown() override;

  // ---- The configuration: lines of YAML, with the test's own places.
  std::string WriteConfig(const std::string& gateway_lines,
                          const std::string& other_lines = "");
  // Lines for a fake gateway, with more arguments.
  std::string LaunchFake(const std::vector<std::string>& more = {}) const;

  // ---- The daemon
  // Starts it with the configuration written last, and waits until it is ready.
  void StartDaemon(const std::vector<std::string>& variables = {});
  // As above, but it need not get ready.
  std::unique_ptr<Child> RunDaemon(
      const std::vector<std::string>& arguments = {},
      const std::vector<std::string>& variables = {});
  // How the daemon ends after SIGTERM.
  int StopDaemon();

  // ---- clawctl, over the socket unless the first argument is --target
  Said Clawctl(const std::vector<std::string>& arguments);
  std::unique_ptr<Child> RunClawctl(const std::vector<std::string>& arguments);
  // The gateway's process, from the status; 0 if there is none.
  pid_t GatewayPid();
  // The gateway's log lines so far.
  std::string Logs();

  // ---- Places
  static std::string ClawplanedProgram();
  static std::string FakeGatewayProgram();
  std::string Emitted(const std::string& name) const {
    return output_directory_ + "/" + name;
  }
  // The configuration that was written last.
  const std::string& config_file() const { return config_file_; }
  std::string socket() const { return place_ / "s"; }
  std::string state_directory() const { return place_ / "state"; }
  // The address of the TCP listener.
  std::string tcp_address() const;
  // Where probes and metrics are served.
  std::string ops_url() const;
  uint16_t port() const { return port_; }

  // ---- Secrets
  // Notes the tokens in the files of the state directory, in secrets.txt, and
  // keeps what the daemon tells in other ways than by its output.
  void CollectSecrets();
  // The files among those emitted that have a noted secret in them.
  std::vector<std::string> FilesWithSecrets() const;
  void AddSecret(const std::string& secret) { secrets_.push_back(secret); }

  const TempDirectory place_;
  std::unique_ptr<Child> daemon_;

 private:
  void KeepPages() const;
  void KeepProcesses() const;
  void KeepFilesOfTheState() const;

  std::string output_directory_;
  std::string config_file_;
  const uint16_t port_;
  int programs_ = 0;
  std::vector<std::string> secrets_;
  // What the tests put into the environment of daemons, secret or not.
  std::vector<std::string> given_variables_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_E2E_DAEMON_TEST_H_
