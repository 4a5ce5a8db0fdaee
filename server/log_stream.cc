#include "server/log_stream.h"

#include <algorithm>

#include "server/convert.h"

namespace clawplane::server {
namespace {

constexpr int kMaxLinesInResponse = 256;
constexpr size_t kMaxBytesInResponse = 256 * 1024;

}  // namespace

void LogStream::OnBegin() {
  const core::LogBuffer& logs = gateway_.logs();
  const uint64_t held = logs.next() - logs.oldest();
  next_ = logs.next() - std::min<uint64_t>(held, tail_lines_.value_or(held));
  until_ = logs.next();
}

bool LogStream::Next(v1::StreamLogsResponse& response) {
  const core::LogBuffer& logs = gateway_.logs();
  if (next_ < logs.oldest()) {
    response.set_dropped(logs.oldest() - next_);
    next_ = logs.oldest();
  }
  const uint64_t end = follow_ ? logs.next() : std::max(until_, next_);
  size_t bytes = 0;
  while (next_ < end && response.lines_size() < kMaxLinesInResponse &&
         bytes < kMaxBytesInResponse) {
    *response.add_lines() = ToProto(logs.at(next_++));
    bytes += response.lines(response.lines_size() - 1).text().size();
  }
  if (response.lines_size() > 0 || response.dropped() > 0) return true;
  if (!follow_) End(grpc::Status::OK);
  return false;
}

}  // namespace clawplane::server
