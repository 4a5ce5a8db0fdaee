#include "tests/e2e/child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

// Allocates nothing, as another thread may have held the lock for that.
void SendTo(const char* path, int stream) {
  const int file = ::open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || ::dup2(file, stream) < 0) ::_exit(126);
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string ProcFile(pid_t pid, const char* name) {
  return ReadFile("/proc/" + std::to_string(pid) + "/" + name);
}

}  // namespace

Child::Child(const std::vector<std::string>& command,
             const std::vector<std::string>& variables, const std::string& path)
    : path_(path) {
  std::vector<std::string> words = command;
  std::vector<std::string> environment = variables;
  environment.push_back(std::string("PATH=") + ::getenv("PATH"));
  const std::vector<char*> argv = Pointers(words);
  const std::vector<char*> envp = Pointers(environment);
  const std::string output = path_ + ".out";
  const std::string errors = path_ + ".err";
  pid_ = ::fork();
  if (pid_ < 0) ::abort();
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  SendTo("/dev/null", STDIN_FILENO);
  SendTo(output.c_str(), STDOUT_FILENO);
  SendTo(errors.c_str(), STDERR_FILENO);
  ::execve(argv.front(), argv.data(), envp.data());
  ::_exit(127);
}

Child::~Child() {
  if (IsOver()) return;
  Signal(SIGKILL);
  Wait();
}

void Child::Signal(int number) const {
  if (!end_) ::kill(pid_, number);
}

bool Child::IsOver() {
  int status = 0;
  if (!end_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    dumped_core_ = WIFSIGNALED(status) && WCOREDUMP(status);
    end_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  return end_.has_value();
}

std::optional<Child::End> Child::Wait(std::chrono::milliseconds patience) {
  WaitFor([this] { return IsOver(); }, patience);
  return end_;
}

bool Child::WaitForOutput(const std::string& text) {
  const auto has_text = [&] { return output().find(text) != text.npos; };
  WaitFor([&] { return has_text() || IsOver(); });
  return has_text();
}

std::string Child::output() const { return ReadFile(path_ + ".out"); }
std::string Child::errors() const { return ReadFile(path_ + ".err"); }

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

bool IsAlive(pid_t pid) {
  const std::string stat = ProcFile(pid, "stat");
  const size_t name_end = stat.rfind(')');
  return name_end != stat.npos && stat.substr(name_end + 2, 1) != "Z";
}

std::string CommandLine(pid_t pid) { return ProcFile(pid, "cmdline"); }

std::vector<std::string> Variables(pid_t pid) {
  return absl::StrSplit(ProcFile(pid, "environ"), '\0', absl::SkipEmpty());
}

std::vector<std::string> VariableNames(pid_t pid) {
  std::vector<std::string> names = Variables(pid);
  for (std::string& name : names)
    name.resize(std::min(name.size(), name.find('=')));
  return names;
}

std::vector<pid_t> ProcessesWith(const std::string& text) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc", error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    if (pid == ::getpid() || !IsAlive(pid)) continue;
    const auto directory =
        std::filesystem::read_symlink(entry.path() / "cwd", error);
    if (ProcFile(pid, "environ").find(text) != text.npos ||
        directory.string().find(text) != text.npos) {
      found.push_back(pid);
    }
  }
  return found;
}

bool IsPortOpen(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool open =
      ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return open;
}

}  // namespace clawplane::testing
