// What becomes of calls when the connection is cut at each byte of what is
// written and read for them.

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/text.h"
#include "tests/core/io/cut_socket.h"
#include "tests/core/io/manager_call_fixture.h"

namespace clawplane::core {
namespace {

class ManagerCutTest : public ManagerCallTest {
 protected:
  using Calls = std::vector<Later<Answer>>;

  Cut At(CutSide side, size_t bytes, size_t calls) const {
    // In good order and not, in turn; a header and a payload for each call.
    return {port(), side, bytes, bytes % 2 == 0 ? ECONNRESET : EPIPE,
            2 * calls};
  }
  // Hundreds of connections follow, which need no look at who listens.
  void Run() {
    RunAttached();
    OnStrand([this] {
      prober_.assumed.emplace();
      prober_.assumed->answer = ProbeReport::Answer::kAnswers;
      prober_.assumed->trusted = true;
    });
  }
  Calls Make(size_t count, const char* method) {
    Calls calls;
    for (size_t i = 0; i < count; ++i) {
      calls.push_back(Call(Request(method, Concat("[", i, "]"))));
    }
    return calls;
  }

  // Cuts each byte of the requests.
  void CutRequests(size_t count);
  // Cuts each byte of the answers.
  void CutAnswers(size_t count);
};

// Where the frames in `bytes` begin, as far as they can be seen, and where the
// next one would. All have less than 64 KiB.
std::vector<size_t> Beginnings(std::string_view bytes) {
  std::vector<size_t> begins = {0};
  for (size_t at = 0; bytes.size() - at >= 2; begins.push_back(at)) {
    const auto byte = [&](size_t i) {
      return static_cast<unsigned char>(bytes[at + i]);
    };
    size_t header = 2 + ((byte(1) & 0x80) != 0 ? 4 : 0);
    size_t size = byte(1) & 0x7f;
    if (size == 126) {
      if (bytes.size() - at < 4) break;
      header += 2;
      size = byte(2) * 256u + byte(3);
    }
    if (bytes.size() - at < header + size) break;
    at += header + size;
  }
  return begins;
}

void ManagerCutTest::CutRequests(size_t count) {
  Run();
  size_t size = 1;
  for (size_t bytes = 0; bytes < size; ++bytes) {
    SCOPED_TRACE(bytes);
    std::vector<size_t> begins;
    {
      const CutSocket cut(At(CutSide::kClient, bytes, count));
      const Calls calls = Make(count, "fake.ignore");
      std::vector<Answer> answers;
      for (const auto& call : calls) answers.push_back(Result(call));

      EXPECT_EQ(cut.passed().size(), bytes);
      begins = Beginnings(cut.wanted());
      ASSERT_EQ(begins.size(), count + 1);
      for (size_t i = 0; i < count; ++i) {
        const bool sent = begins[i] < bytes;
        ExpectFailed(answers[i], Reason::kConnectionLost,
                     sent ? Outcome::kSentUnknown : Outcome::kNotSent, !sent);
      }
    }
    size = begins.back();
    AwaitState(State::kRunning, Time::kFlies);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_TRUE(Ask("fake.echo").answered());
}

void ManagerCutTest::CutAnswers(size_t count) {
  Run();
  size_t answered = 0;
  for (size_t bytes = 0; answered < count; ++bytes) {
    SCOPED_TRACE(bytes);
    {
      const CutSocket cut(At(CutSide::kServer, bytes, count));
      const Calls calls = Make(count, "fake.echo");
      std::vector<Answer> answers;
      for (const auto& call : calls) answers.push_back(Result(call));

      EXPECT_EQ(cut.passed().size(), bytes);
      answered = Beginnings(cut.passed()).size() - 1;
      for (size_t i = 0; i < count; ++i) {
        if (i < answered) {
          EXPECT_EQ(answers[i].payload, Concat("[", i, "]"));
        } else {
          ExpectFailed(answers[i], Reason::kConnectionLost,
                       Outcome::kSentUnknown);
        }
      }
    }
    AwaitState(State::kRunning, Time::kFlies);
    ASSERT_FALSE(HasFailure());
  }
}

TEST_F(ManagerCutTest, KnowsOfEachByteOfARequestWhetherItWasSent) {
  CutRequests(1);
}

TEST_F(ManagerCutTest, KnowsOfEachByteOfRequestsInOneWriteWhichWereSent) {
  CutRequests(3);
}

TEST_F(ManagerCutTest, KnowsAnAnswerOnlyByItsLastByte) { CutAnswers(1); }

TEST_F(ManagerCutTest, KnowsOfAnswersInARowWhichWereWhole) { CutAnswers(3); }

}  // namespace
}  // namespace clawplane::core
