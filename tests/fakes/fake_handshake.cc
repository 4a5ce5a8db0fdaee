#include "tests/fakes/fake_handshake.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/fakes/fake_device.h"
#include "tests/fakes/fake_methods.h"

namespace clawplane::testing {

namespace {

using Names = std::initializer_list<const char*>;

constexpr uint16_t kProtocolError = 1002;
constexpr uint16_t kPolicy = 1008;
constexpr uint16_t kTryAgain = 1013;

bool Contains(Names names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void AddMissing(const Json& object, const std::string& at, Names required,
                std::vector<std::string>& faults) {
  for (const char* name : required) {
    if (object.Get(name)) continue;
    faults.push_back(
        absl::StrCat(at, "must have required property '", name, "'"));
  }
}

void AddUnexpected(const Json& object, const std::string& at, Names allowed,
                   std::vector<std::string>& faults) {
  for (const std::string& name : object.Keys()) {
    if (Contains(allowed, name)) continue;
    faults.push_back(absl::StrCat(at, "unexpected property '", name, "'"));
  }
}

void AddUnlessString(const Json& object, const std::string& path,
                     const char* name, std::vector<std::string>& faults) {
  const std::optional<Json> member = object.Get(name);
  if (!member) return;
  if (!member->IsString()) {
    faults.push_back(absl::StrCat("at ", path, name, ": must be string"));
  } else if (member->Text().empty()) {
    faults.push_back(absl::StrCat("at ", path, name,
                                  ": must not have fewer than 1 characters"));
  }
}

void AddUnlessOneOf(const Json& object, const char* name, Names allowed,
                    std::vector<std::string>& faults) {
  const std::optional<Json> member = object.Get(name);
  if (!member || Contains(allowed, member->Text())) return;
  faults.push_back(absl::StrCat(
      "at /client/", name, ": must be equal to one of the allowed values"));
}

void AddClientFaults(const Json& client, std::vector<std::string>& faults) {
  AddMissing(client, "at /client: ", {"id", "version", "platform", "mode"},
             faults);
  AddUnexpected(
      client, "at /client: ",
      {"id", "displayName", "version", "buildId", "platform", "deviceFamily",
       "modelIdentifier", "timeZone", "mode", "instanceId"},
      faults);
  AddUnlessString(client, "/client/", "version", faults);
  AddUnlessString(client, "/client/", "platform", faults);
  AddUnlessOneOf(
      client, "id",
      {"webchat-ui", "openclaw-control-ui", "openclaw-browser-copilot",
       "openclaw-tui", "webchat", "cli", "gateway-client", "openclaw-macos",
       "openclaw-linux", "openclaw-ios", "openclaw-watchos", "openclaw-android",
       "node-host", "openclaw-worker", "test", "fingerprint", "openclaw-probe"},
      faults);
  AddUnlessOneOf(
      client, "mode",
      {"webchat", "cli", "ui", "backend", "node", "worker", "probe", "test"},
      faults);
}

std::string ConnectFaults(const Json& params) {
  if (!params.IsObject()) return "at root: must be object";
  std::vector<std::string> faults;
  AddMissing(params, "", {"minProtocol", "maxProtocol", "client"}, faults);
  AddUnexpected(
      params, "at root: ",
      {"minProtocol", "maxProtocol", "client", "caps", "commands",
       "computerUse", "workerRuns", "permissions", "pathEnv", "role", "scopes",
       "modelCatalog", "device", "auth", "locale", "userAgent"},
      faults);
  for (const char* name : {"minProtocol", "maxProtocol"}) {
    const std::optional<Json> number = params.Get(name);
    if (number && !number->IsInteger()) {
      faults.push_back(absl::StrCat("at /", name, ": must be integer"));
    }
  }
  if (const std::optional<Json> client = params.Get("client")) {
    if (client->IsObject()) {
      AddClientFaults(*client, faults);
    } else {
      faults.push_back("at /client: must be object");
    }
  }
  return absl::StrJoin(faults, "; ");
}

Refusal BadRequest(const std::string& message, uint16_t code,
                   const std::string& details = "") {
  const std::string more =
      details.empty() ? "" : absl::StrCat(R"(,"details":)", details);
  return {ErrorBody("INVALID_REQUEST", message, more), code, message};
}

Refusal TooEarly(int64_t retry_after_ms) {
  return {ErrorBody("UNAVAILABLE", "gateway starting; retry shortly",
                    absl::StrCat(
                        R"(,"retryable":true,"retryAfterMs":)", retry_after_ms,
                        R"(,"details":{"reason":"startup-sidecars"})")),
          kTryAgain, "gateway starting"};
}

Refusal WrongProtocol(int64_t min, int64_t max, int64_t spoken) {
  // Protocol-3 gateways name the version they speak, and nothing else.
  if (spoken < 4) {
    return BadRequest("protocol mismatch", kProtocolError,
                      absl::StrCat(R"({"expectedProtocol":)", spoken, "}"));
  }
  return BadRequest(
      "protocol mismatch", kProtocolError,
      absl::StrCat(R"({"code":"PROTOCOL_MISMATCH","clientMinProtocol":)", min,
                   R"(,"clientMaxProtocol":)", max, R"(,"expectedProtocol":)",
                   spoken, R"(,"minimumProbeProtocol":3})"));
}

Refusal NoDevice() {
  return {ErrorBody("NOT_PAIRED", "device identity required",
                    R"(,"details":{"code":"DEVICE_IDENTITY_REQUIRED"})"),
          kPolicy, "device identity required"};
}

Refusal WrongToken(bool with_details = true) {
  return BadRequest(
      "unauthorized: gateway token mismatch (provide gateway auth token)",
      kPolicy,
      with_details ? R"({"code":"AUTH_TOKEN_MISMATCH","authReason":)"
                     R"("token_mismatch","canRetryWithDeviceToken":false,)"
                     R"("recommendedNextStep":"update_auth_credentials"})"
                   : "");
}

Refusal WrongOrigin() {
  return BadRequest("origin not allowed", kPolicy,
                    R"({"code":"CONTROL_UI_ORIGIN_NOT_ALLOWED"})");
}

// The refusals of devices close with what they say.
Refusal OfDevice(const std::string& error) {
  const std::string message = Json::Parse(error)->String("message", "");
  return {error, kPolicy, message};
}

// In the order of the real ones: who it is, whether it may, whether it is
// known.
std::optional<Refusal> JudgeIdentity(const Json& params,
                                     const std::string& nonce,
                                     FakeServer& server) {
  FakeDevices& devices = server.devices();
  if (const auto error = devices.Judge(params, nonce)) return OfDevice(*error);
  const std::string device = DeviceId(params);
  if (!server.options().token.empty()) {
    const std::optional<Json> auth = params.Get("auth");
    const std::string token = auth ? auth->String("token", "") : "";
    if (token.empty()) return NoDevice();
    if (token != server.options().token && !devices.Knows(device, token)) {
      return WrongToken(devices.rules().gives_details);
    }
  }
  if (const auto error = devices.Pair(device)) return OfDevice(*error);
  return std::nullopt;
}

bool IsOwnOrigin(const std::string& origin, const FakeServer& server) {
  return origin == absl::StrCat("http://localhost:", server.port()) ||
         origin == absl::StrCat("http://127.0.0.1:", server.port());
}

}  // namespace

std::string FrameFaults(const Json& frame) {
  if (!frame.IsObject()) return "at root: must be object";
  std::vector<std::string> faults;
  AddMissing(frame, "", {"type", "id", "method"}, faults);
  AddUnexpected(
      frame, "at root: ",
      {"type", "id", "method", "params", "traceparent", "expectedProfileId"},
      faults);
  const std::optional<Json> type = frame.Get("type");
  if (type && type->raw() != R"("req")") {
    faults.push_back("at /type: must be equal to constant");
  }
  AddUnlessString(frame, "/", "id", faults);
  AddUnlessString(frame, "/", "method", faults);
  return absl::StrJoin(faults, "; ");
}

std::optional<Refusal> JudgeConnect(const Json& params,
                                    const std::string& origin,
                                    const std::string& nonce,
                                    FakeServer& server) {
  const BehaviourKind kind = server.behaviour().kind;
  const std::string faults = ConnectFaults(params);
  if (!faults.empty()) {
    return BadRequest("invalid connect params: " + faults, kPolicy);
  }
  if (server.TakeTooEarly()) return TooEarly(server.options().retry_after_ms);
  const int64_t min = params.Integer("minProtocol", 0);
  const int64_t max = params.Integer("maxProtocol", 0);
  const int64_t spoken = server.options().protocol;
  if (kind == BehaviourKind::kRefuseProtocol || min > spoken || max < spoken) {
    return WrongProtocol(min, max, spoken);
  }
  if (!origin.empty() && !IsOwnOrigin(origin, server)) return WrongOrigin();
  if (kind == BehaviourKind::kRefusePairing) return NoDevice();
  if (kind == BehaviourKind::kRefuseToken) return WrongToken();
  return JudgeIdentity(params, nonce, server);
}

std::vector<std::string> Grant(const Json& params, const std::string& origin,
                               const FakeServer& server) {
  if (server.options().scopes) return *server.options().scopes;
  const std::optional<Json> asked = params.Get("scopes");
  const std::optional<Json> client = params.Get("client");
  if (!asked || !client || !origin.empty()) return {};
  if (params.Get("device")) return asked->Texts();
  if (server.options().devices.demanded) return {};
  const std::string id = client->String("id", "");
  const std::string mode = client->String("mode", "");
  const bool trusted = (id == "gateway-client" && mode == "backend") ||
                       (id == "cli" && mode == "cli");
  return trusted ? asked->Texts() : std::vector<std::string>();
}

std::string Hello(const Json& params, const std::string& connection_id,
                  const std::vector<std::string>& scopes, FakeServer& server) {
  const FakeGatewayOptions& options = server.options();
  const BehaviourKind kind = server.behaviour().kind;
  std::string padding;
  if (kind == BehaviourKind::kHugeHello) {
    const std::string pad(static_cast<size_t>(server.behaviour().argument),
                          'x');
    padding = absl::StrCat(R"("padding":")", pad, R"(",)");
  }
  const std::string device_token = server.devices().Give(DeviceId(params));
  // The older ones tell nothing of it but with a device's token.
  std::string auth;
  if (kind != BehaviourKind::kHelloWithoutAuth &&
      (options.protocol >= 4 || !device_token.empty())) {
    auth = absl::StrCat(
        R"("auth":{"role":)", Quote(params.String("role", "operator")),
        R"(,"scopes":)", QuoteAll(scopes),
        options.protocol >= 4 ? R"(,"method":"token")" : "",
        device_token.empty()
            ? ""
            : absl::StrCat(R"(,"deviceToken":)", Quote(device_token)),
        "},");
  }
  const std::string boot =
      options.protocol >= 4
          ? absl::StrCat(R"("buildId":"fake","bootId":)",
                         Quote(server.boot_id()),
                         R"(,"controlUiBuildSource":"bundled",)")
          : R"("host":"fake",)";
  return absl::StrCat(
      R"({"type":"hello-ok","protocol":)", options.protocol,
      R"(,"server":{"version":)", Quote(options.version), ",", boot,
      R"("connId":)", Quote(connection_id), R"(},"features":{"methods":)",
      QuoteAll(MethodNames()),
      R"(,"events":["connect.challenge","agent","chat","presence","tick",)"
      R"("shutdown","health","heartbeat","voicewake.changed","fake.huge"],)"
      R"("capabilities":["model-catalog-snapshot"]},"snapshot":{)",
      padding, R"("suspension":{"phase":"accepting"},"presence":)",
      Presence(server), R"(,"health":{},"stateVersion":{"presence":)",
      server.presence_version(), R"(,"health":1},"uptimeMs":13910,)",
      R"("sessionDefaults":{"defaultAgentId":"dev","mainKey":"main",)",
      R"("mainSessionKey":"agent:dev:main","scope":"per-sender"},)",
      R"("authMode":"token"},)", auth, R"("policy":{"maxPayload":)",
      options.max_payload, R"(,"maxBufferedBytes":52428800,"tickIntervalMs":)",
      options.tick_interval.count(), "}}");
}

std::string Presence(FakeServer& server) {
  const std::string now = absl::StrCat(R"(,"ts":)", NowMs(), "}");
  std::string list = absl::StrCat(
      R"([{"host":"fake","ip":"127.0.0.1","version":)",
      Quote(server.options().version),
      R"(,"platform":"linux","deviceFamily":"Linux",)",
      R"("mode":"gateway","reason":"self","text":"Gateway: fake")", now);
  for (const std::string& text : server.system_events()) {
    absl::StrAppend(&list, R"(,{"text":)", Quote(text), now);
  }
  return list + "]";
}

std::string Health() {
  return absl::StrCat(R"({"ok":true,"ts":)", NowMs(),
                      R"(,"durationMs":1,"channels":{},"channelOrder":[],)",
                      R"("channelLabels":{},"heartbeatSeconds":1800,)",
                      R"("defaultAgentId":"dev","agents":[]})");
}

}  // namespace clawplane::testing
