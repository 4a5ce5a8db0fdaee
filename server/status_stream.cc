#include "server/status_stream.h"

#include "server/convert.h"

namespace clawplane::server {

bool StatusStream::Next(v1::StreamStatusResponse& response) {
  const uint64_t revision = gateway_.status().revision;
  if (revision == sent_revision_) return false;
  sent_revision_ = revision;
  *response.mutable_status() = StatusToProto(gateway_);
  return true;
}

}  // namespace clawplane::server
