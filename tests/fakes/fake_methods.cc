#include "tests/fakes/fake_methods.h"

#include "absl/strings/str_cat.h"
#include "tests/fakes/fake_handshake.h"

namespace clawplane::testing {

namespace {

void AnswerHealth(const FakeCall& call) {
  call.Answer(Health());
  if (!call.params.Flag("probe")) return;
  call.server().Broadcast("health", Health(), false,
                          R"(,"stateVersion":{"presence":1,"health":2})");
}

void AnswerStatus(const FakeCall& call) {
  call.Answer(absl::StrCat(
      R"({"runtimeVersion":)", Quote(call.server().options().version),
      R"(,"heartbeat":{"defaultAgentId":"dev","agents":[]},)",
      R"("channelSummary":[],"queuedSystemEvents":[],)",
      R"("sessions":{"paths":[],"count":0,"recent":[]}})"));
}

void AnswerLastHeartbeat(const FakeCall& call) { call.Answer("null"); }

void SetHeartbeats(const FakeCall& call) {
  const std::optional<Json> enabled = call.params.Get("enabled");
  if (!enabled || (enabled->raw() != "true" && enabled->raw() != "false")) {
    return call.Refuse(
        "invalid set-heartbeats params: enabled (boolean) required");
  }
  call.Answer(absl::StrCat(R"({"ok":true,"enabled":)", enabled->raw(), "}"));
}

std::string Triggers(const FakeCall& call) {
  return absl::StrCat(R"({"triggers":)", QuoteAll(call.server().triggers()),
                      "}");
}

void GetVoicewake(const FakeCall& call) { call.Answer(Triggers(call)); }

// The event comes before the answer, as from the real one.
void SetVoicewake(const FakeCall& call) {
  const std::optional<Json> triggers = call.params.Get("triggers");
  if (!triggers || !triggers->IsArray()) {
    return call.Refuse("voicewake.set requires triggers: string[]");
  }
  call.server().triggers() = triggers->Texts();
  call.server().Broadcast("voicewake.changed", Triggers(call), true);
  call.Answer(Triggers(call));
}

void AnswerPresence(const FakeCall& call) {
  call.Answer(Presence(call.server()));
}

void TakeSystemEvent(const FakeCall& call) {
  const std::string text = call.params.String("text", "");
  if (text.empty()) return call.Refuse("text required");
  FakeServer& server = call.server();
  server.system_events().push_back(text);
  server.Broadcast("presence",
                   absl::StrCat(R"({"presence":)", Presence(server), "}"), true,
                   absl::StrCat(R"(,"stateVersion":{"presence":)",
                                server.presence_version(), R"(,"health":1})"));
  call.Answer(R"({"ok":true})");
}

// Two answers to one request. The last one is good for the message "ok", and
// otherwise both a payload and an error.
void RunAgent(const FakeCall& call) {
  const std::string run = Quote(call.params.String(
      "idempotencyKey", call.params.String("runId", MakeUuid())));
  const std::string session =
      Quote(call.params.String("sessionKey", "agent:dev:main"));
  call.Answer(absl::StrCat(R"({"runId":)", run, R"(,"sessionKey":)", session,
                           R"(,"agentId":"dev","status":"accepted",)",
                           R"("acceptedAt":)", NowMs(), "}"));
  const bool good = call.params.String("message", "") == "ok";
  call.conversation.Later(
      call.server().options().agent_delay,
      [&conversation = call.conversation, id = call.id, run, good] {
        if (good) {
          return conversation.Answer(
              id, absl::StrCat(R"({"runId":)", run,
                               R"(,"status":"ok","summary":"completed"})"));
        }
        const std::string reason =
            "No route-compatible authentication source is configured for "
            "openai.";
        conversation.SendText(ErrorFrame(
            id, ErrorBody("UNAVAILABLE", reason),
            absl::StrCat(R"({"runId":)", run, R"(,"status":"error","summary":)",
                         Quote(reason), "}")));
      });
}

}  // namespace

const FakeMethodTable& RealMethods() {
  static const auto* const kMethods = new FakeMethodTable{
      {"health", {"", AnswerHealth}},
      {"status", {"operator.read", AnswerStatus}},
      {"last-heartbeat", {"operator.read", AnswerLastHeartbeat}},
      {"set-heartbeats", {"operator.admin", SetHeartbeats}},
      {"voicewake.get", {"operator.read", GetVoicewake}},
      {"voicewake.set", {"operator.write", SetVoicewake}},
      {"system-presence", {"operator.read", AnswerPresence}},
      {"system-event", {"operator.admin", TakeSystemEvent}},
      {"agent", {"operator.write", RunAgent}},
  };
  return *kMethods;
}

std::vector<std::string> MethodNames() {
  std::vector<std::string> names;
  for (const FakeMethodTable* table :
       {&RealMethods(), &ControlMethods(), &SuspensionMethods()}) {
    for (const auto& [name, method] : *table) names.emplace_back(name);
  }
  return names;
}

void CallMethod(FakeConversation& conversation, const std::string& method,
                const std::string& id, const std::optional<Json>& params) {
  const FakeCall call{conversation, method, id,
                      params.value_or(*Json::Parse("null")),
                      params.has_value()};
  if (method == "connect") {
    return call.Refuse("connect is only valid as the first request");
  }
  for (const FakeMethodTable* table :
       {&RealMethods(), &ControlMethods(), &SuspensionMethods()}) {
    const bool is_new = table == &SuspensionMethods();
    if (is_new && call.server().options().protocol < 4) continue;
    const auto found = table->find(method);
    if (found == table->end()) continue;
    const std::string scope(found->second.scope);
    if (conversation.May(scope)) return found->second.run(call);
    return conversation.Refuse(
        id,
        ErrorBody("FORBIDDEN", "missing scope: " + scope,
                  absl::StrCat(R"(,"details":{"code":"MISSING_SCOPE",)",
                               R"("missingScope":)", Quote(scope),
                               R"(,"requiredScopes":[)", Quote(scope), "]}")));
  }
  call.Refuse("unknown method: " + method);
}

}  // namespace clawplane::testing
