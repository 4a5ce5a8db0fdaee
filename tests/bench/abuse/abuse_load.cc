// The two sides of `./dev bench abuse`, each a process of its own:
//
//   abuse_load names                           the attacks there are
//   abuse_load attack NAME ADDRESS SECONDS     one of them, again and again
//   abuse_load probe ADDRESS TOKEN_FILE SECONDS
//                                              one call after the other
//
// The last two print what they saw as one line of JSON. A TOKEN_FILE of "-" is
// none.

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "core/model/text.h"
#include "tests/abuse/attacks.h"
#include "tests/bench/rpc/quantile.h"

namespace clawplane::testing {
namespace {

using core::Concat;
using std::chrono::steady_clock;

steady_clock::time_point After(const char* seconds) {
  return steady_clock::now() +
         std::chrono::duration_cast<steady_clock::duration>(
             std::chrono::duration<double>(std::atof(seconds)));
}

int RunAttack(const std::string& name, const std::string& address,
              const char* seconds) {
  AllowManyFiles();
  const auto end = After(seconds);
  const auto found =
      std::find_if(Attacks().begin(), Attacks().end(),
                   [&](const Attack& attack) { return attack.name == name; });
  if (found == Attacks().end()) return 2;
  AttackResult total;
  while (steady_clock::now() < end) {
    // In parts, so that it ends in time.
    const AttackResult result =
        found->run(address, std::max<size_t>(found->size / 10, 1));
    total.sent += result.sent;
    total.ended += result.ended;
  }
  std::cout << Concat(R"({"sent":)", total.sent, R"(,"ended":)", total.ended,
                      "}")
            << std::endl;
  return 0;
}

// The times of calls of one kind, in microseconds.
class Series {
 public:
  template <typename Call>
  void Measure(Call call) {
    const auto began = steady_clock::now();
    if (!call()) ++failed_;
    const std::chrono::duration<float, std::micro> took =
        steady_clock::now() - began;
    took_.push_back(took.count());
  }

  std::string Json() {
    std::sort(took_.begin(), took_.end());
    return Concat(R"({"calls":)", took_.size(), R"(,"failed":)", failed_,
                  R"(,"p50_us":)", std::to_string(Quantile(took_, 0.5)),
                  R"(,"p99_us":)", std::to_string(Quantile(took_, 0.99)), "}");
  }

 private:
  std::vector<float> took_;
  size_t failed_ = 0;
};

int RunProbe(const std::string& address, const std::string& token_file,
             const char* seconds) {
  std::string token;
  if (token_file != "-") std::ifstream(token_file) >> token;
  const auto stub = v1::GatewayService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  const auto prepare = [&](grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(30));
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  };
  v1::RpcRequest request;
  request.set_method("bench.echo");
  request.set_params_json("{}");
  Series status;
  Series rpc;
  const auto end = After(seconds);
  while (steady_clock::now() < end) {
    status.Measure([&] {
      grpc::ClientContext context;
      prepare(context);
      v1::GetStatusResponse response;
      return stub->GetStatus(&context, {}, &response).ok();
    });
    rpc.Measure([&] {
      grpc::ClientContext context;
      prepare(context);
      v1::RpcResponse response;
      return stub->Rpc(&context, request, &response).ok();
    });
  }
  std::cout << Concat(R"({"status":)", status.Json(), R"(,"rpc":)", rpc.Json(),
                      "}")
            << std::endl;
  return 0;
}

int Main(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "names") {
    for (const Attack& attack : Attacks()) std::cout << attack.name << "\n";
    return 0;
  }
  if (words.size() == 4 && words[0] == "attack") {
    return RunAttack(words[1], words[2], words[3].c_str());
  }
  if (words.size() == 4 && words[0] == "probe") {
    return RunProbe(words[1], words[2], words[3].c_str());
  }
  std::cerr << "abuse_load names | attack NAME ADDRESS SECONDS | "
               "probe ADDRESS TOKEN_FILE SECONDS"
            << std::endl;
  return 2;
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) {
  return clawplane::testing::Main({argv + 1, argv + argc});
}
