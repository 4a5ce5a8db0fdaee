// A program under test.

#ifndef CLAWPLANE_TESTS_E2E_CHILD_H_
#define CLAWPLANE_TESTS_E2E_CHILD_H_

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace clawplane::testing {

// Runs a program from its construction on, its output in the files PATH.out and
// PATH.err. Killed at the end of its life, and with the test that started it.
//
// Thread-compatible, and for one thread: the program dies with it.
class Child {
 public:
  // How it ended: its exit code, or minus the number of the signal.
  using End = int;

  // `variables` are NAME=value, beside a PATH and nothing else of ours.
  Child(const std::vector<std::string>& command,
        const std::vector<std::string>& variables, const std::string& path);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  // Whether its end left its memory behind, in a file or to a program.
  bool dumped_core() const { return dumped_core_; }
  void Signal(int number) const;

  // Waits for the end; nothing when that takes too long.
  std::optional<End> Wait(
      std::chrono::milliseconds patience = std::chrono::seconds(30));

  // Whether this text came to the standard output, before the end of the
  // program or of our patience.
  bool WaitForOutput(const std::string& text);

  std::string output() const;
  std::string errors() const;

 private:
  bool IsOver();

  const std::string path_;
  pid_t pid_ = -1;
  std::optional<End> end_;
  bool dumped_core_ = false;
};

// ---- What is seen of any process, by /proc

std::string ReadFile(const std::string& path);
// False for a zombie, too.
bool IsAlive(pid_t pid);
// The command line, and the environment's variables, NAME=value, or their
// names.
std::string CommandLine(pid_t pid);
std::vector<std::string> Variables(pid_t pid);
std::vector<std::string> VariableNames(pid_t pid);
// All processes in whose environment or directory this text occurs.
std::vector<pid_t> ProcessesWith(const std::string& text);
// Whether something listens on that port of 127.0.0.1.
bool IsPortOpen(uint16_t port);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_E2E_CHILD_H_
