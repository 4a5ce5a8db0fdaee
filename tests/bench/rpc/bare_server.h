// What the bare gRPC servers share: their beginning and their end.

#ifndef CLAWPLANE_TESTS_BENCH_RPC_BARE_SERVER_H_
#define CLAWPLANE_TESTS_BENCH_RPC_BARE_SERVER_H_

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <iostream>
#include <memory>

namespace clawplane::testing {

// What ends such a server.
inline sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Serves it on the addresses, without TLS, and prints `ready`; null if it
// cannot. To be called before there are other threads: from then on the signals
// wait for `AwaitEnd`. `service` must outlive the server.
inline std::unique_ptr<grpc::Server> Serve(grpc::Service& service, int count,
                                           char** addresses) {
  // Blocked before gRPC makes threads, which inherit it.
  const sigset_t signals = EndSignals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);

  grpc::ServerBuilder builder;
  for (int i = 0; i < count; ++i) {
    builder.AddListeningPort(addresses[i], grpc::InsecureServerCredentials());
  }
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server != nullptr) std::cout << "ready" << std::endl;
  return server;
}

// Returns once one of the signals has come.
inline void AwaitEnd() {
  const sigset_t signals = EndSignals();
  int signal = 0;
  sigwait(&signals, &signal);
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_RPC_BARE_SERVER_H_
