// gRPC's standard server reflection, which spares clients the .proto file.

#ifndef CLAWPLANE_SERVER_REFLECTION_SERVICE_H_
#define CLAWPLANE_SERVER_REFLECTION_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "server/gate.h"
#include "server/server_loop.h"

namespace clawplane::server {

// Tells of every file that is linked into this program. The API is no secret,
// so that the gate asks nobody who he is. (gRPC has a reflection service of its
// own, but only on its synchronous API: see `ServerLoop`.)
//
// Thread-compatible. The gate must outlive it, and it the server.
class ReflectionService {
 public:
  explicit ReflectionService(Gate& gate) : gate_(gate) {}

  // What to register with the server, before it is built.
  grpc::Service& v1() { return v1_; }
  grpc::Service& v1alpha() { return v1alpha_; }

  void ServeOn(ServerLoop& loop);

 private:
  Gate& gate_;
  grpc::reflection::v1::ServerReflection::AsyncService v1_;
  grpc::reflection::v1alpha::ServerReflection::AsyncService v1alpha_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_REFLECTION_SERVICE_H_
