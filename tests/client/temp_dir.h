// A directory for one test.

#ifndef CLAWPLANE_TESTS_CLIENT_TEMP_DIR_H_
#define CLAWPLANE_TESTS_CLIENT_TEMP_DIR_H_

#include <string>

namespace clawplane::client {

// Makes an empty directory with a short path, and removes it with all that is
// in it. Thread-compatible.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }

  // Writes a file of this name, and returns its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace clawplane::client

#endif  // CLAWPLANE_TESTS_CLIENT_TEMP_DIR_H_
