#include "server/event_query.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <string>
#include <utility>
#include <vector>

#include "core/model/text.h"
#include "server/convert.h"

namespace clawplane::server {
namespace {

constexpr uint32_t kMostPayloadBytes = 32 * 1024 * 1024;

// Takes a request apart. What a part says is wrong with it is a sentence for
// the client.
//
// Thread-compatible.
class QueryReader {
 public:
  explicit QueryReader(const v1::StreamEventsRequest& request)
      : request_(request) {}

  std::variant<EventQuery, core::Fault> Read() {
    for (const auto part : {&QueryReader::ReadFilter, &QueryReader::ReadForm,
                            &QueryReader::ReadStart}) {
      if (std::string fault = (this->*part)(); !fault.empty()) {
        return core::Fault{core::Reason::kBadRequest, std::move(fault), ""};
      }
    }
    query_.fail_on_gap = request_.fail_on_gap();
    return std::move(query_);
  }

 private:
  std::string ReadFilter() {
    std::vector<std::string> names(request_.names().begin(),
                                   request_.names().end());
    if (auto fault = core::EventFilter::FaultIn(names)) {
      return *std::move(fault);
    }
    std::vector<core::EventKind> kinds;
    for (const int kind : request_.kinds()) {
      const auto known = FromProto(static_cast<v1::EventKind>(kind));
      if (!known) return core::Concat("kind ", kind, " is not an event kind");
      kinds.push_back(*known);
    }
    query_.filter = core::EventFilter(std::move(kinds), std::move(names));
    return "";
  }

  std::string ReadForm() {
    switch (static_cast<int>(request_.payload_form())) {
      case v1::PAYLOAD_FORM_UNSPECIFIED:
      case v1::PAYLOAD_FORM_JSON:
        break;
      case v1::PAYLOAD_FORM_VALUE:
        query_.form = core::EventForm::kValue;
        break;
      default:  // a client of another version
        return core::Concat("payload_form is ",
                            static_cast<int>(request_.payload_form()),
                            ", which is no form");
    }
    if (!request_.has_max_payload_bytes()) return "";
    query_.max_payload_bytes = request_.max_payload_bytes();
    if (query_.max_payload_bytes <= kMostPayloadBytes) return "";
    return core::Concat("max_payload_bytes is ", query_.max_payload_bytes,
                        "; allowed: 0 to ", kMostPayloadBytes);
  }

  std::string ReadStart() {
    switch (request_.start_case()) {
      case v1::StreamEventsRequest::kAfter:
        query_.after.emplace(request_.after().epoch(),
                             request_.after().sequence());
        return "";
      case v1::StreamEventsRequest::kFromOldest:
        query_.from_oldest = true;
        return request_.from_oldest()
                   ? ""
                   : "from_oldest is false; leave it out, or set it";
      case v1::StreamEventsRequest::kFromNow:
        return request_.from_now()
                   ? ""
                   : "from_now is false; leave it out, or set it";
      case v1::StreamEventsRequest::START_NOT_SET:
        return "";
    }
    return "";
  }

  const v1::StreamEventsRequest& request_;
  EventQuery query_;
};

}  // namespace

std::variant<EventQuery, core::Fault> ReadEventQuery(grpc::ByteBuffer bytes) {
  v1::StreamEventsRequest request;
  const grpc::Status read =
      grpc::SerializationTraits<v1::StreamEventsRequest>::Deserialize(&bytes,
                                                                      &request);
  if (!read.ok()) {
    return core::Fault{core::Reason::kBadRequest,
                       "the request is not a clawplane.v1.StreamEventsRequest; "
                       "use a client that was made from this server's .proto",
                       ""};
  }
  return QueryReader(request).Read();
}

}  // namespace clawplane::server
