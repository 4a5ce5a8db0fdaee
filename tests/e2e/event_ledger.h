// Whether a reader of events missed or repeated one.

#ifndef CLAWPLANE_TESTS_E2E_EVENT_LEDGER_H_
#define CLAWPLANE_TESTS_E2E_EVENT_LEDGER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clawplane/v1/gateway.pb.h"

namespace clawplane::testing {

// Takes what a reader of the whole log got, in its order, and finds fault with
// it by two numberings. The log's own may have no hole at all, but where a gap
// of the stream tells it. That of the publisher, who put `number N` into each
// event of his (`{"number":N}`), may have one where a gap lies between, of the
// stream or the gateway's (an event of kind GAP). Neither may go back.
//
// Thread-compatible.
class EventLedger {
 public:
  // Whether the publisher's numbers may come again in a later event.
  enum class Repeats { kAreFaults, kAreNormal };

  explicit EventLedger(Repeats repeats) : repeats_(repeats) {}

  void Take(const v1::Event& event);
  void Take(const v1::EventGap& gap);
  void Take(const v1::EventPosition& bookmark);

  // What is wrong; empty if nothing is.
  const std::vector<std::string>& faults() const { return faults_; }

  // The publisher's: the last one that came, or 0, and how many came.
  int64_t last_number() const { return last_number_; }
  int numbers() const { return numbers_; }
  // Gaps that the stream told, and the gateway's among the events.
  int stream_gaps() const { return stream_gaps_; }
  int gateway_gaps() const { return gateway_gaps_; }

 private:
  void TakeNumber(int64_t number);

  const Repeats repeats_;
  std::optional<v1::EventPosition> at_;
  int64_t last_number_ = 0;
  bool gap_since_ = false;
  int numbers_ = 0;
  int stream_gaps_ = 0;
  int gateway_gaps_ = 0;
  std::vector<std::string> faults_;
};

// The highest N of all `number N` in the text; nothing if there is none.
std::optional<int64_t> NumberIn(const std::string& text);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_E2E_EVENT_LEDGER_H_
