#include "tests/client/temp_dir.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace clawplane::client {

TempDir::TempDir() : path_("/tmp/clawctl-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) abort();
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::Write(const std::string& name,
                           const std::string& text) const {
  const std::string file = path_ + "/" + name;
  std::ofstream(file) << text;
  return file;
}

}  // namespace clawplane::client
