// What a gateway sends, as a file that is read like its socket.

#ifndef CLAWPLANE_TESTS_BENCH_INSTRUCTIONS_ANSWERS_H_
#define CLAWPLANE_TESTS_BENCH_INSTRUCTIONS_ANSWERS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/ws_receiver.h"

namespace clawplane::testing {

// The answer to a call, as the text of a message.
std::string AnswerText(size_t id, std::string_view payload);

// The answers to the calls 1, 2 and so on, all with the same payload, each in a
// frame of its own. The kernel copies them, as it does those of a socket: that
// is not counted.
//
// Thread-compatible. Owns the file.
class Answers {
 public:
  Answers(size_t count, std::string_view payload);
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;
  ~Answers();

  // Has `receiver` read the next answer, and gives its text, which is valid
  // until the next call of the receiver.
  std::string_view ReadNext(core::WsReceiver& receiver);

 private:
  int file_;
  // Of each frame.
  std::vector<size_t> sizes_;
  size_t next_ = 0;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_INSTRUCTIONS_ANSWERS_H_
