#include "core/model/exit_status.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace clawplane::core {

std::string Describe(const ExitStatus& exit) {
  switch (exit.how) {
    case ExitStatus::How::kExited:
      return absl::StrCat("exit code ", exit.value);
    case ExitStatus::How::kSignaled:
      return absl::StrCat("signal ", exit.value, " (", strsignal(exit.value),
                          ")");
  }
  return {};
}

}  // namespace clawplane::core
