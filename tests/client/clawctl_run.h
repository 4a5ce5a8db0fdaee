// One run of the built clawctl.

#ifndef CLAWPLANE_TESTS_CLIENT_CLAWCTL_RUN_H_
#define CLAWPLANE_TESTS_CLIENT_CLAWCTL_RUN_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "tests/client/fake_server.h"

namespace clawplane::client {

// Starts clawctl with pipes for its three streams and an environment of its
// own, and waits for it in `Finish` at the latest. What waits fails the test
// after half a minute, and kills the process.
//
// Thread-compatible.
class ClawctlRun {
 public:
  struct Options {
    std::string input = "";
    std::map<std::string, std::string> environment = {};
    // Leave its standard input open behind the input.
    bool keep_input_open = false;
    // Give it a terminal for its standard error.
    bool terminal = false;
  };
  struct Result {
    int code = -1;
    std::string out;
    std::string err;
  };

  explicit ClawctlRun(const std::vector<std::string>& arguments)
      : ClawctlRun(arguments, Options()) {}
  ClawctlRun(const std::vector<std::string>& arguments, const Options& options);
  ~ClawctlRun();
  ClawctlRun(const ClawctlRun&) = delete;
  ClawctlRun& operator=(const ClawctlRun&) = delete;

  // Reads until this text has come; what was read is still in the result.
  void AwaitOut(const std::string& text);
  void AwaitErr(const std::string& text);

  // What it has written, as far as it was read.
  const std::string& read_out() const { return result_.out; }

  void Signal(int signal) const;

  // Stops reading its output, as `head` does.
  void CloseOut();

  // Waits for the end. Once.
  Result Finish();

 private:
  // Reads what comes next of either stream; false when both have ended.
  bool ReadMore();

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  Result result_;
};

// Runs it from start to end.
ClawctlRun::Result RunClawctl(
    const std::vector<std::string>& arguments,
    const ClawctlRun::Options& options = ClawctlRun::Options());

// The same, talking to the fake over its Unix socket.
ClawctlRun::Result RunClawctl(const FakeServer& server,
                              std::vector<std::string> arguments,
                              const std::string& input = "");

// Runs it so, which it has to refuse as a wrong use, and to say why.
void ExpectWrongUse(const std::vector<std::string>& arguments);

// The arguments, and those that lead to the fake's Unix socket.
std::vector<std::string> To(const FakeServer& server,
                            std::vector<std::string> arguments);

}  // namespace clawplane::client

#endif  // CLAWPLANE_TESTS_CLIENT_CLAWCTL_RUN_H_
