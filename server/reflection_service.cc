#include "server/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "server/convert.h"
#include "server/served_call.h"

namespace clawplane::server {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

// The services that this server has.
constexpr const char* kServices[] = {
    "clawplane.v1.GatewayService", "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection"};

// The file, and behind it all that it imports.
template <typename Files>
void AddWithImports(const FileDescriptor& file, std::set<std::string>& seen,
                    Files& files) {
  if (!seen.insert(file.name()).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  files.add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) {
    AddWithImports(*file.dependency(i), seen, files);
  }
}

template <typename Response>
void AnswerWith(const FileDescriptor* file, Response& response) {
  if (file == nullptr) {
    response.mutable_error_response()->set_error_code(
        grpc::StatusCode::NOT_FOUND);
    response.mutable_error_response()->set_error_message("not found");
    return;
  }
  std::set<std::string> seen;
  AddWithImports(*file, seen, *response.mutable_file_descriptor_response());
}

// The two versions of the protocol differ in their names only.
template <typename Request, typename Response>
void Answer(const Request& request, Response& response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  response.Clear();
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      return AnswerWith(pool.FindFileByName(request.file_by_filename()),
                        response);
    case Request::kFileContainingSymbol:
      return AnswerWith(
          pool.FindFileContainingSymbol(request.file_containing_symbol()),
          response);
    case Request::kListServices:
      for (const char* const name : kServices) {
        response.mutable_list_services_response()->add_service()->set_name(
            name);
      }
      return;
    case Request::kFileContainingExtension:
    case Request::kAllExtensionNumbersOfType:
      // There are no extensions in version 3 of the language.
      return AnswerWith(nullptr, response);
    case Request::MESSAGE_REQUEST_NOT_SET:
      response.mutable_error_response()->set_error_code(
          grpc::StatusCode::INVALID_ARGUMENT);
      response.mutable_error_response()->set_error_message("nothing is asked");
      return;
  }
}

template <typename Generated, typename Request, typename Response>
class ReflectionMethod final : public ServedMethod {
 public:
  ReflectionMethod(Generated& service, Gate& gate)
      : service_(service), gate_(gate) {}

  void Listen(ServerLoop& loop) override { new Call(loop, *this); }

 private:
  // Reads, answers, reads again, until a read or write fails because the client
  // is done or gone. All of it is on the loop's thread.
  class Call final : public ServedCall {
   public:
    Call(ServerLoop& loop, ReflectionMethod& method)
        : ServedCall(loop, method), gate_(method.gate_) {
      method.service_.RequestServerReflectionInfo(
          &context_, &stream_, loop.queue(), loop.queue(), &arrival_);
    }

   private:
    bool Admit() override {
      auto entered = gate_.EnterOpen(context_);
      if (const auto* fault = std::get_if<core::Fault>(&entered)) {
        stream_.Finish(ToGrpcStatus(*fault), &finished_);
        return false;
      }
      pass_ = std::get<Pass>(std::move(entered));
      stream_.Read(&request_, &read_);
      return false;
    }
    void OnRead(bool ok) override {
      if (!ok) return stream_.Finish(grpc::Status::OK, &finished_);
      Answer(request_, response_);
      stream_.Write(response_, &written_);
    }
    void OnWritten(bool ok) override {
      if (!ok) return stream_.Finish(grpc::Status::CANCELLED, &finished_);
      stream_.Read(&request_, &read_);
    }

    Gate& gate_;
    Pass pass_;
    Request request_;
    Response response_;
    grpc::ServerAsyncReaderWriter<Response, Request> stream_{&context_};
  };

  Generated& service_;
  Gate& gate_;
};

}  // namespace

void ReflectionService::ServeOn(ServerLoop& loop) {
  namespace v1 = grpc::reflection::v1;
  namespace v1alpha = grpc::reflection::v1alpha;
  loop.Serve(
      std::make_unique<ReflectionMethod<v1::ServerReflection::AsyncService,
                                        v1::ServerReflectionRequest,
                                        v1::ServerReflectionResponse>>(v1_,
                                                                       gate_));
  loop.Serve(
      std::make_unique<ReflectionMethod<v1alpha::ServerReflection::AsyncService,
                                        v1alpha::ServerReflectionRequest,
                                        v1alpha::ServerReflectionResponse>>(
          v1alpha_, gate_));
}

}  // namespace clawplane::server
