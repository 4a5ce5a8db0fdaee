#include "server/event_batch.h"

#include <grpcpp/support/slice.h>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace clawplane::server {
namespace {

// Payloads from this size on are sent from where they lie. It is between 200 B,
// where that gained nothing, and 10 KB, where it did (docs/performance.md).
constexpr size_t kLargePayload = 4 * 1024;

bool IsLarge(const core::EncodedEvent& event) {
  return event.payload.size() >= kLargePayload;
}

// A piece that keeps the event it lies in.
grpc::Slice PayloadSlice(const core::EncodedEventPtr& event) {
  const std::string& json = *event->payload;
  return grpc::Slice(
      const_cast<char*>(json.data()), json.size(),
      [](void* held) { delete static_cast<core::EncodedEventPtr*>(held); },
      new core::EncodedEventPtr(event));
}

// Copies what is small into one allocation, and cuts it into pieces.
//
// Thread-compatible.
class Copies {
 public:
  explicit Copies(size_t size) : all_(grpc_slice_malloc(size)) {}
  ~Copies() { grpc_slice_unref(all_); }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

  void Add(std::string_view part) {
    std::memcpy(GRPC_SLICE_START_PTR(all_) + end_, part.data(), part.size());
    end_ += part.size();
  }
  // What was added since the last cut.
  grpc::Slice Cut() {
    const size_t begin = std::exchange(begin_, end_);
    return grpc::Slice(grpc_slice_sub(all_, begin, end_),
                       grpc::Slice::STEAL_REF);
  }

 private:
  grpc_slice all_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace

bool EventBatch::MayFit(size_t bytes) const {
  return events_.empty() ||
         (events_.size() < kMaxEvents && bytes_ + bytes <= kMaxBytes);
}

bool EventBatch::Add(core::EncodedEventPtr event) {
  if (!MayFit(event->size())) return false;
  bytes_ += event->size();
  events_.push_back(std::move(event));
  return true;
}

grpc::ByteBuffer EventBatch::Write() const {
  size_t small = bytes_;
  for (const auto& event : events_) {
    if (IsLarge(*event)) small -= event->payload.size();
  }
  Copies copies(small);
  std::vector<grpc::Slice> pieces;
  for (const auto& event : events_) {
    copies.Add(event->head);
    if (IsLarge(*event)) {
      pieces.push_back(copies.Cut());
      pieces.push_back(PayloadSlice(event));
    } else if (event->payload) {
      copies.Add(*event->payload);
    }
  }
  if (grpc::Slice rest = copies.Cut(); rest.size() > 0) {
    pieces.push_back(std::move(rest));
  }
  return grpc::ByteBuffer(pieces.data(), pieces.size());
}

}  // namespace clawplane::server
