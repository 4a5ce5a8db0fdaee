// describe and version: what the gateway, the server and clawctl are.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

struct DescribeOptions {
  bool methods = false;
  bool events = false;
};

std::string Summary(const v1::DescribeGatewayResponse& gateway) {
  const auto or_unknown = [](const std::string& text) {
    return text.empty() ? std::string("not told") : text;
  };
  return absl::StrCat(
      "as of         ", ShowTime(gateway.as_of()),
      gateway.connected() ? "" : " (the connection has ended since)",
      "\nversion       ", or_unknown(gateway.version()), "\nprotocol      ",
      gateway.protocol(), "\nboot id       ", or_unknown(gateway.boot_id()),
      "\nconnection    ", or_unknown(gateway.connection_id()),
      "\nscopes        ", or_unknown(absl::StrJoin(gateway.scopes(), ", ")),
      "\nmethods       ", gateway.methods_size(), " (list them with --methods)",
      "\nevents        ", gateway.events_size(), " (list them with --events)",
      "\nlargest frame ", gateway.max_payload_bytes(), " bytes",
      "\ntick          every ", ShowDuration(ToAbsl(gateway.tick_interval())));
}

int DescribeGateway(Session& session, const DescribeOptions& options) {
  v1::DescribeGatewayResponse response;
  const grpc::Status status =
      session.Call(&Stub::DescribeGateway, v1::DescribeGatewayRequest(),
                   &response, client::kAtOnce);
  if (!status.ok()) return session.Fail("describe the gateway", status);
  if (session.json) {
    session.output.Json(response);
  } else if (options.methods || options.events) {
    const auto& names =
        options.methods ? response.methods() : response.events();
    for (const std::string& name : names) {
      if (!session.output.Line(Printable(name))) break;
    }
  } else {
    session.output.Line(Summary(response));
  }
  return kOk;
}

// As access.file spells it.
absl::string_view RoleName(v1::Caller::Role role) {
  if (role == v1::Caller::ROLE_VIEWER) return "viewer";
  if (role == v1::Caller::ROLE_OPERATOR) return "operator";
  if (role == v1::Caller::ROLE_ADMIN) return "admin";
  return "of a role that this clawctl does not know";
}

int Version(Session& session) {
  v1::GetServerInfoResponse server;
  const grpc::Status status =
      session.Call(&Stub::GetServerInfo, v1::GetServerInfoRequest(), &server,
                   client::kAtOnce);
  // Of many servers, each tells of itself alone.
  if (!session.is_alone && !status.ok()) {
    return session.Fail("get the server's version", status);
  }
  if (session.json) {
    session.output.Line(absl::StrCat(
        R"({"client":{"version":")", CLAWPLANE_VERSION, R"("})",
        status.ok() ? absl::StrCat(R"(,"server":)", ToJson(server)) : "", "}"));
  } else if (session.is_alone) {
    session.output.Line("clawctl " CLAWPLANE_VERSION);
  }
  const std::string& address = session.connection.target().address;
  if (!status.ok()) {
    // A server that is not there is no failure of this command.
    if (!client::ToCallError(status).unreachable()) {
      return session.Fail("get the server's version", status);
    }
    session.Note(absl::StrCat("no server answers at ", address));
    return kOk;
  }
  if (session.json) return kOk;
  // Of many servers, each has its address beside a single line.
  const std::string build =
      absl::StrCat(", pid ", server.pid(), ", ", server.build());
  const std::string caller =
      server.has_caller()
          ? absl::StrCat("known there as ", server.caller().name(), ", ",
                         RoleName(server.caller().role()))
          : "";
  if (!session.is_alone) {
    session.output.Line(Printable(absl::StrCat(
        server.version(), build, caller.empty() ? "" : "; ", caller)));
    return kOk;
  }
  session.output.Line(Printable(
      absl::StrCat("server ", server.version(), " at ", address, build)));
  if (!caller.empty()) session.output.Line(Printable(caller));
  return kOk;
}

}  // namespace

void AddDescribeCommands(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<DescribeOptions>();
  CLI::App* command =
      app.add_subcommand("describe", "Show what the gateway said of itself");
  CLI::Option* methods = command->add_flag("--methods", options->methods,
                                           "List the methods it has");
  command->add_flag("--events", options->events, "List the events it may send")
      ->excludes(methods);
  command->callback([options, &chosen] {
    chosen = {.run = [options](Session& session) {
      return DescribeGateway(session, *options);
    }};
  });

  app.add_subcommand(
         "version",
         "Show the versions of clawctl and the server, and who you are there")
      ->callback([&chosen] { chosen = {.run = &Version}; });
}

}  // namespace clawplane::clawctl
