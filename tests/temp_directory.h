// A directory that goes with the test.

#ifndef CLAWPLANE_TESTS_TEMP_DIRECTORY_H_
#define CLAWPLANE_TESTS_TEMP_DIRECTORY_H_

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace clawplane::testing {

// Made below /tmp under a short name, so that Unix sockets fit into it; removed
// with all that is in it at the end. Thread-compatible.
class TempDirectory {
 public:
  TempDirectory() {
    char path[] = "/tmp/clawplane.XXXXXX";
    if (::mkdtemp(path) == nullptr) ::abort();
    path_ = path;
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const {
    return path_ + "/" + name;
  }

  // Writes a file that only its owner may read; its path.
  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = *this / name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
    return path;
  }

 private:
  std::string path_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_TEMP_DIRECTORY_H_
