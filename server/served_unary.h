// Serves methods that answer once.

#ifndef CLAWPLANE_SERVER_SERVED_UNARY_H_
#define CLAWPLANE_SERVER_SERVED_UNARY_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <utility>
#include <variant>

#include "server/convert.h"
#include "server/served_call.h"
#include "server/unary_call.h"

namespace clawplane::server {

// Makes the work of a call, or says why there is none. `response` lives as long
// as the work. Runs on the loop's thread.
template <typename Request, typename Response>
using UnaryHandler = std::function<UnaryOrFault(
    const grpc::ServerContext&, const Request&, Response& response)>;

// One method of a generated service, with its handler.
template <typename Request, typename Response>
class UnaryMethod final : public ServedMethod {
 public:
  using Writer = grpc::ServerAsyncResponseWriter<Response>;
  // The generated function that asks for a call, but for the service.
  using Ask = std::function<void(grpc::ServerContext*, Request*, Writer*,
                                 grpc::CompletionQueue*,
                                 grpc::ServerCompletionQueue*, void* tag)>;

  UnaryMethod(Ask ask, UnaryHandler<Request, Response> handler)
      : ask_(std::move(ask)), handler_(std::move(handler)) {}

  void Listen(ServerLoop& loop) override { new Call(loop, *this); }

 private:
  class Call final : public ServedCall, public UnaryCall::Sink {
   public:
    Call(ServerLoop& loop, UnaryMethod& method)
        : ServedCall(loop, method), method_(method) {
      method_.ask_(&context_, &request_, &writer_, loop.queue(), loop.queue(),
                   &arrival_);
    }

    void Finish(const grpc::Status& status) override {
      if (status.ok()) {
        writer_.Finish(response_, status, &finished_);
      } else {
        writer_.FinishWithError(status, &finished_);
      }
    }

   private:
    void Begin() override { work_->Begin(this); }
    bool Admit() override {
      UnaryOrFault made = method_.handler_(context_, request_, response_);
      if (const auto* fault = std::get_if<core::Fault>(&made)) {
        Finish(ToGrpcStatus(*fault));
        return false;
      }
      work_ = std::get<std::unique_ptr<UnaryCall>>(std::move(made));
      return true;
    }
    void Abandon() override { work_->Abandon(); }

    UnaryMethod& method_;
    Request request_;
    Response response_;
    Writer writer_{&context_};
    std::unique_ptr<UnaryCall> work_;
  };

  const Ask ask_;
  const UnaryHandler<Request, Response> handler_;
};

// Serves `ask`, a function `Request...` of the generated `service`.
template <typename Service, typename Base, typename Request, typename Response>
void ServeUnary(ServerLoop& loop, Service& service,
                void (Base::*ask)(grpc::ServerContext*, Request*,
                                  grpc::ServerAsyncResponseWriter<Response>*,
                                  grpc::CompletionQueue*,
                                  grpc::ServerCompletionQueue*, void*),
                std::type_identity_t<UnaryHandler<Request, Response>> handler) {
  loop.Serve(std::make_unique<UnaryMethod<Request, Response>>(
      std::bind_front(ask, &service), std::move(handler)));
}

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_SERVED_UNARY_H_
