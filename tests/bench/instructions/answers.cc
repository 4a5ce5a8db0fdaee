#include "tests/bench/instructions/answers.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <variant>

#include "core/model/text.h"
#include "tests/bench/instructions/scenario.h"
#include "tests/bench/rpc/echo_frames.h"

namespace clawplane::testing {

std::string AnswerText(size_t id, std::string_view payload) {
  return core::Concat(R"({"type":"res","id":")", id,
                      R"(","ok":true,"payload":)", payload, "}");
}

Answers::Answers(size_t count, std::string_view payload)
    : file_(memfd_create("answers", MFD_CLOEXEC)) {
  for (size_t id = 1; id <= count; ++id) {
    const std::string text = AnswerText(id, payload);
    const std::string frame = FrameHeader(Opcode::kText, text.size()) + text;
    const ssize_t written = write(file_, frame.data(), frame.size());
    Require(written == static_cast<ssize_t>(frame.size()), "no memory file");
    sizes_.push_back(frame.size());
  }
  Require(lseek(file_, 0, SEEK_SET) == 0, "no memory file");
}

Answers::~Answers() { close(file_); }

std::string_view Answers::ReadNext(core::WsReceiver& receiver) {
  size_t left = sizes_.at(next_++);
  while (left > 0) {
    const auto space = receiver.Space();
    const ssize_t count =
        read(file_, space.data(), std::min(space.size(), left));
    Require(count > 0, "the answers ended early");
    receiver.Commit(count);
    left -= count;
    const auto item = receiver.Next();
    if (!item) continue;
    const auto* const message = std::get_if<core::WsMessage>(&*item);
    Require(message != nullptr && left == 0, "no message was received");
    return message->bytes;
  }
  throw std::logic_error("no message was received");
}

}  // namespace clawplane::testing
