// Serves methods that answer once.

#ifndef CLAWPLANE_SERVER_SERVED_UNARY_H_
#define CLAWPLANE_SERVER_SERVED_UNARY_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include "server/admitted.h"
#include "server/convert.h"
#include "server/served_call.h"
#include "server/unary_call.h"

namespace clawplane::server {

// Admits a call, or says why not. `response` lives as long as its work. Runs on
// the loop's thread.
template <typename Request, typename Response>
using UnaryHandler = std::function<AdmittedOrFault<UnaryCall>(
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

  UnaryMethod(std::string_view name, Ask ask,
              UnaryHandler<Request, Response> handler)
      : ServedMethod(name),
        ask_(std::move(ask)),
        handler_(std::move(handler)) {}

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
      set_end(status);
      pass_.End(status);
      if (status.ok()) {
        writer_.Finish(response_, status, &finished_);
      } else {
        writer_.FinishWithError(status, &finished_);
      }
    }

   private:
    bool Admit() override {
      auto made = method_.handler_(context_, request_, response_);
      if (const auto* fault = std::get_if<core::Fault>(&made)) {
        Finish(ToGrpcStatus(*fault));
        return false;
      }
      auto& admitted = std::get<Admitted<UnaryCall>>(made);
      pass_ = std::move(admitted.pass);
      work_ = std::move(admitted.work);
      return true;
    }
    void Begin() override {
      // Until then the call is not finished, so that it is there.
      pass_.BeforeActing(loop_.strand(), [this](const auto& fault) {
        has_begun_ = true;
        if (fault) {
          Finish(ToGrpcStatus(*fault));
        } else if (was_abandoned_early_) {
          Finish(grpc::Status::CANCELLED);
        } else {
          work_->Begin(this);
        }
      });
    }
    void Abandon() override {
      if (has_begun_) {
        work_->Abandon();
      } else {
        was_abandoned_early_ = true;
      }
    }

    UnaryMethod& method_;
    Request request_;
    Response response_;
    Writer writer_{&context_};
    Pass pass_;
    std::unique_ptr<UnaryCall> work_;
    // Of the strand.
    bool has_begun_ = false;
    bool was_abandoned_early_ = false;
  };

  const Ask ask_;
  const UnaryHandler<Request, Response> handler_;
};

// Serves `ask`, a function `Request...` of the generated `service`. The method
// may be shown among the metrics, by its name.
template <typename Service, typename Base, typename Request, typename Response>
void ServeUnary(ServerLoop& loop, Service& service,
                void (Base::*ask)(grpc::ServerContext*, Request*,
                                  grpc::ServerAsyncResponseWriter<Response>*,
                                  grpc::CompletionQueue*,
                                  grpc::ServerCompletionQueue*, void*),
                std::type_identity_t<UnaryHandler<Request, Response>> handler,
                std::string_view name = {}) {
  loop.Serve(std::make_unique<UnaryMethod<Request, Response>>(
      name, std::bind_front(ask, &service), std::move(handler)));
}

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_SERVED_UNARY_H_
