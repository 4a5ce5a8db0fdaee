// Serves methods that answer again and again.

#ifndef CLAWPLANE_SERVER_SERVED_STREAM_H_
#define CLAWPLANE_SERVER_SERVED_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include "server/admitted.h"
#include "server/convert.h"
#include "server/served_call.h"
#include "server/stream_call.h"

namespace clawplane::server {

template <typename Response>
using StreamOrFault =
    std::variant<std::unique_ptr<StreamCall<Response>>, core::Fault>;

// Admits a stream, or says why not. Runs on the loop's thread.
template <typename Request, typename Response>
using StreamHandler = std::function<AdmittedOrFault<StreamCall<Response>>(
    const grpc::ServerContext&, const Request&)>;

// One method of a generated service, with its handler.
template <typename Request, typename Response>
class StreamMethod final : public ServedMethod {
 public:
  using Writer = grpc::ServerAsyncWriter<Response>;
  // The generated function that asks for a call, but for the service.
  using Ask = std::function<void(grpc::ServerContext*, Request*, Writer*,
                                 grpc::CompletionQueue*,
                                 grpc::ServerCompletionQueue*, void* tag)>;

  StreamMethod(std::string_view name, Ask ask,
               StreamHandler<Request, Response> handler)
      : ServedMethod(name),
        ask_(std::move(ask)),
        handler_(std::move(handler)) {}

  void Listen(ServerLoop& loop) override { new Call(loop, *this); }

 private:
  class Call final : public ServedCall, public StreamCall<Response>::Sink {
   public:
    Call(ServerLoop& loop, StreamMethod& method)
        : ServedCall(loop, method), method_(method) {
      method_.ask_(&context_, &request_, &writer_, loop.queue(), loop.queue(),
                   &arrival_);
    }

    void Write(const Response& response) override {
      writer_.Write(response, &written_);
    }
    void Finish(const grpc::Status& status) override {
      set_end(status);
      pass_.End(status);
      writer_.Finish(status, &finished_);
    }

   private:
    void Begin() override { stream_->Begin(this); }
    bool Admit() override {
      auto made = method_.handler_(context_, request_);
      if (const auto* fault = std::get_if<core::Fault>(&made)) {
        Finish(ToGrpcStatus(*fault));
        return false;
      }
      auto& admitted = std::get<Admitted<StreamCall<Response>>>(made);
      pass_ = std::move(admitted.pass);
      stream_ = std::move(admitted.work);
      request_ = Request();  // a stream may last for long
      return true;
    }
    void Abandon() override { stream_->Abandon(); }
    // It finishes only after this work, which therefore finds it alive.
    void OnWritten(bool ok) override {
      written_ok_ = ok;
      Continue();
    }
    void GoOn() override { stream_->OnWritten(written_ok_); }

    StreamMethod& method_;
    Request request_;
    Writer writer_{&context_};
    Pass pass_;
    std::unique_ptr<StreamCall<Response>> stream_;
    // How the write went that `GoOn` is about.
    bool written_ok_ = false;
  };

  const Ask ask_;
  const StreamHandler<Request, Response> handler_;
};

// Serves `ask`, a function `Request...` of the generated `service`. The method
// may be shown among the metrics, by its name.
template <typename Service, typename Base, typename Request, typename Response>
void ServeStream(ServerLoop& loop, Service& service,
                 void (Base::*ask)(grpc::ServerContext*, Request*,
                                   grpc::ServerAsyncWriter<Response>*,
                                   grpc::CompletionQueue*,
                                   grpc::ServerCompletionQueue*, void*),
                 std::type_identity_t<StreamHandler<Request, Response>> handler,
                 std::string_view name = {}) {
  loop.Serve(std::make_unique<StreamMethod<Request, Response>>(
      name, std::bind_front(ask, &service), std::move(handler)));
}

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_SERVED_STREAM_H_
