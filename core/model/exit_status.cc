#include "core/model/exit_status.h"

#include <cstring>

#include "core/model/text.h"

namespace clawplane::core {

std::string Describe(const ExitStatus& exit) {
  switch (exit.how) {
    case ExitStatus::How::kExited:
      return Concat("exit code ", exit.value);
    case ExitStatus::How::kSignaled:
      return Concat("signal ", exit.value, " (", strsignal(exit.value), ")");
    case ExitStatus::How::kUnknown:
      return "exit code unknown";
  }
  return {};
}

}  // namespace clawplane::core
