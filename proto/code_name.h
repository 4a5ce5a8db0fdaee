// The names of gRPC's codes.

#ifndef CLAWPLANE_PROTO_CODE_NAME_H_
#define CLAWPLANE_PROTO_CODE_NAME_H_

#include <grpcpp/support/status_code_enum.h>

#include <cstddef>
#include <iterator>
#include <string>

namespace clawplane {

// As gRPC's documents write it: "PERMISSION_DENIED"; "code 99" for a number
// that is none of its codes.
inline std::string CodeName(grpc::StatusCode code) {
  static constexpr const char* kNames[] = {"OK",
                                           "CANCELLED",
                                           "UNKNOWN",
                                           "INVALID_ARGUMENT",
                                           "DEADLINE_EXCEEDED",
                                           "NOT_FOUND",
                                           "ALREADY_EXISTS",
                                           "PERMISSION_DENIED",
                                           "RESOURCE_EXHAUSTED",
                                           "FAILED_PRECONDITION",
                                           "ABORTED",
                                           "OUT_OF_RANGE",
                                           "UNIMPLEMENTED",
                                           "INTERNAL",
                                           "UNAVAILABLE",
                                           "DATA_LOSS",
                                           "UNAUTHENTICATED"};
  const auto number = static_cast<size_t>(code);
  return number < std::size(kNames) ? kNames[number]
                                    : "code " + std::to_string(number);
}

}  // namespace clawplane

#endif  // CLAWPLANE_PROTO_CODE_NAME_H_
