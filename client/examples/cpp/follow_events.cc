// Asks for the status, makes a call, and follows the events of a server, from
// where the last run ended: follow_events TARGET PLACE_FILE

#include <clawplane/client/call.h>
#include <clawplane/client/event_stream.h>
#include <clawplane/client/target.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

namespace client = clawplane::client;
namespace v1 = clawplane::v1;
using Stub = v1::GatewayService::Stub;

namespace {

std::string Show(const v1::EventPosition& position) {
  return position.epoch() + ":" + std::to_string(position.sequence());
}

// The place is written into another file first, so that there is always a whole
// one. What must not be printed twice after a loss of power needs fsync, too.
void Save(const std::string& file, const v1::EventPosition& position) {
  const std::string fresh = file + ".new";
  std::ofstream stream(fresh);
  stream << position.epoch() << " " << position.sequence();
  stream.close();
  if (!stream || std::rename(fresh.c_str(), file.c_str()) != 0) {
    throw std::runtime_error("cannot write " + file);
  }
}

void Load(const std::string& file, v1::StreamEventsRequest& request) {
  if (!std::filesystem::exists(file)) return;
  std::string epoch;
  uint64_t sequence = 0;
  if (!(std::ifstream(file) >> epoch >> sequence)) {
    throw std::runtime_error("there is no position in " + file);
  }
  request.mutable_after()->set_epoch(epoch);
  request.mutable_after()->set_sequence(sequence);
}

int Fail(const client::CallError& error) {
  std::cerr << client::Describe(error) << std::endl;
  return 1;
}

// A call of one of the gateway's own methods.
void CallGateway(const client::Connection& connection,
                 const std::string& method) {
  v1::RpcRequest request;
  request.set_method(method);
  request.set_params_json("{}");
  v1::RpcResponse response;
  auto error = client::Call(connection, &Stub::Rpc, request, response);
  if (!error) {
    std::cout << "answer: " << response.result_json() << std::endl;
    return;
  }
  std::cout << "refused: " << client::CodeName(error->code) << " "
            << error->reason << " (" << error->domain << ")";
  if (error->gateway) {
    std::cout << ", "
              << v1::GatewayError::Outcome_Name(error->gateway->outcome());
  }
  // What to do next: repeat it, repeat it if twice is as good as once, or not.
  const bool is_safe = error->retry() == client::Retry::kSafe;
  std::cout << (is_safe ? ", may be repeated" : "") << std::endl;
}

// [readme]
int FollowEvents(const client::Connection& connection,
                 const std::string& file) {
  v1::StreamEventsRequest request;
  Load(file, request);  // Sets `after` to the place of the last run, if any.
  client::EventStream stream(connection, request);
  while (true) {
    const client::EventStream::Item item = stream.Next();
    if (auto* event = std::get_if<v1::Event>(&item)) {
      std::cout << event->name() << " "
                << event->notification().payload().json() << std::endl;
    } else if (auto* gap = std::get_if<v1::EventGap>(&item)) {
      std::cout << "gap: up to " << Show(gap->resumed_after()) << std::endl;
    } else if (auto* lost = std::get_if<client::Interruption>(&item)) {
      std::cout << "lost: " << client::Describe(lost->error) << std::endl;
    } else if (auto* error = std::get_if<client::CallError>(&item)) {
      return Fail(*error);  // A person has to mend something.
    }
    if (stream.position()) Save(file, *stream.position());
  }
}
// [readme]

int Run(const std::string& address, const std::string& file) {
  client::TargetOptions options;
  options.target = address;
  const auto target =
      client::ResolveTarget(options, client::Environment::FromProcess());
  if (!target.ok()) {
    std::cerr << target.status().message() << std::endl;
    return 2;
  }
  const client::Connection connection(*target);

  v1::GetStatusResponse response;
  if (auto error = client::Call(connection, &Stub::GetStatus,
                                v1::GetStatusRequest(), response)) {
    return Fail(*error);
  }
  std::cout << "state: "
            << v1::GatewayStatus::State_Name(response.status().state())
            << std::endl;
  CallGateway(connection, "health");
  CallGateway(connection, "no.such.method");
  return FollowEvents(connection, file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: follow_events TARGET PLACE_FILE" << std::endl;
    return 2;
  }
  try {
    return Run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
