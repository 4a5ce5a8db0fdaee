// Counts the events of a response by its bytes, which costs the load far less
// than parsing them would.

#ifndef CLAWPLANE_TESTS_BENCH_EVENTS_EVENT_SCAN_H_
#define CLAWPLANE_TESTS_BENCH_EVENTS_EVENT_SCAN_H_

#include <cstdint>
#include <string_view>

namespace clawplane::testing {

// Goes through the fields of one serialised message.
//
// Thread-compatible. Must not outlive the bytes.
class WireFields {
 public:
  explicit WireFields(std::string_view bytes) : rest_(bytes) {}

  // Takes the next field; false at the end, and where the bytes make no sense.
  bool Next();

  bool well_formed() const { return well_formed_; }
  uint32_t field() const { return field_; }
  // Of a field with a length; else empty.
  std::string_view bytes() const { return bytes_; }
  // Of a field with a number; else 0.
  uint64_t number() const { return number_; }

 private:
  bool Fail();
  bool ReadVarint(uint64_t& value);
  bool ReadBytes(uint64_t count);

  std::string_view rest_;
  bool well_formed_ = true;
  uint32_t field_ = 0;
  std::string_view bytes_;
  uint64_t number_ = 0;
};

// What matters of one event.
struct ScannedEvent {
  // 0 for an event without.
  uint64_t gateway_seq = 0;
  std::string_view name;
  // The JSON text of a notification's payload; empty for anything else.
  std::string_view json;
};

// What matters of a response, but for its events.
struct ScannedResponse {
  bool well_formed = true;
  uint32_t events = 0;
  bool has_gap = false;
  // The serialised position; empty if there is none.
  std::string_view bookmark;
};

// `event` is a serialised Event; false if it makes no sense.
bool ScanEvent(std::string_view event, ScannedEvent& scanned);

// Looks at a serialised StreamEventsResponse and calls `on_event` with each
// event in it.
template <typename OnEvent>
ScannedResponse ScanResponse(std::string_view response, OnEvent on_event) {
  ScannedResponse scanned;
  WireFields fields(response);
  while (fields.Next()) {
    if (fields.field() == 1) {
      ScannedEvent event;
      if (!ScanEvent(fields.bytes(), event)) {
        scanned.well_formed = false;
        return scanned;
      }
      ++scanned.events;
      on_event(event);
    } else if (fields.field() == 2) {
      scanned.has_gap = true;
    } else if (fields.field() == 3) {
      scanned.bookmark = fields.bytes();
    }
  }
  scanned.well_formed = fields.well_formed();
  return scanned;
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_EVENTS_EVENT_SCAN_H_
