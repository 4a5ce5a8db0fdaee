// The methods `fake.*`. Those that do something to the connection or to the
// process do it and answer afterwards, where there is anybody left to answer.

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/fakes/fake_handshake.h"
#include "tests/fakes/fake_methods.h"

namespace clawplane::testing {

namespace {

constexpr char kDone[] = R"({"ok":true})";

// The member as JSON text, if it is there.
std::optional<std::string> Raw(const Json& params, std::string_view key) {
  const std::optional<Json> member = params.Get(key);
  if (!member) return std::nullopt;
  return member->raw();
}

std::chrono::milliseconds Milliseconds(const FakeCall& call,
                                       std::string_view key, int64_t fallback) {
  return std::chrono::milliseconds(call.params.Integer(key, fallback));
}

std::string Filling(const FakeCall& call) {
  const int64_t bytes = call.params.Integer("bytes", 0);
  return Quote(
      std::string(static_cast<size_t>(std::max<int64_t>(bytes, 0)), 'x'));
}

void Echo(const FakeCall& call) {
  std::optional<std::string> payload;
  if (call.has_params) payload = call.params.raw();
  call.Answer(payload);
}

void NoPayload(const FakeCall& call) { call.Answer(std::nullopt); }

void Ignore(const FakeCall&) {}

void Delay(const FakeCall& call) {
  call.conversation.Later(
      Milliseconds(call, "ms", 0),
      [&conversation = call.conversation, id = call.id,
       params = call.params.raw()] { conversation.Answer(id, params); });
}

// {event, payload?, count?, after?}: `after` sends the answer first.
void Emit(const FakeCall& call) {
  const bool after = call.params.Flag("after");
  if (after) call.Answer(kDone);
  const std::string event = call.params.String("event", "fake.event");
  const int64_t count = call.params.Integer("count", 1);
  for (int64_t i = 0; i < count; ++i) {
    call.server().Broadcast(event, Raw(call.params, "payload"));
  }
  if (!after) call.Answer(kDone);
}

void SendRaw(const FakeCall& call) {
  call.conversation.SendText(call.params.String("text", ""));
  call.Answer(kDone);
}

void SendJsonRpc(const FakeCall& call) {
  call.conversation.SendText(absl::StrCat(
      R"({"jsonrpc":"2.0","method":)",
      Quote(call.params.String("method", "fake.note")), R"(,"params":)",
      Raw(call.params, "params").value_or("{}"), "}"));
  call.Answer(kDone);
}

void CloseSocket(const FakeCall& call) {
  call.conversation.Close(
      static_cast<uint16_t>(call.params.Integer("code", 1000)),
      call.params.String("reason", ""));
}

void DropSocket(const FakeCall& call) { call.conversation.Drop(); }

void Huge(const FakeCall& call) { call.Answer(Filling(call)); }

void HugeEvent(const FakeCall& call) {
  call.conversation.SendEvent("fake.huge", Filling(call));
  call.Answer(kDone);
}

// {answer?}: answers in a binary frame, else sends bytes that are no text.
void Binary(const FakeCall& call) {
  if (call.params.Flag("answer")) {
    return call.conversation.SendBinary(OkFrame(call.id, kDone));
  }
  call.conversation.SendBinary(std::string("\x00\x01\xfe\xff", 4));
  call.Answer(kDone);
}

void Garbage(const FakeCall& call) {
  call.conversation.SendText("this is {not JSON");
  call.Answer(kDone);
}

void Error(const FakeCall& call) {
  std::string more;
  for (const char* key : {"retryable", "retryAfterMs", "details"}) {
    const std::optional<std::string> value = Raw(call.params, key);
    if (value) absl::StrAppend(&more, ",\"", key, "\":", *value);
  }
  const std::string body =
      ErrorBody(call.params.String("code", "UNAVAILABLE"),
                call.params.String("message", "fake error"), more);
  call.conversation.SendText(
      ErrorFrame(call.id, body, Raw(call.params, "payload")));
}

void OkFalse(const FakeCall& call) {
  call.conversation.SendText(
      absl::StrCat(R"({"type":"res","id":)", call.id, R"(,"ok":false})"));
}

void Duplicate(const FakeCall& call) {
  call.Answer(R"({"answer":1})");
  call.Answer(R"({"answer":2})");
}

void AnswerUnknown(const FakeCall& call) {
  call.conversation.Answer(R"("never-sent")", R"({"answer":"unknown"})");
  call.Answer(kDone);
}

void SkipSeq(const FakeCall& call) {
  call.conversation.SkipSeq(call.params.Integer("count", 1));
  call.Answer(kDone);
}

void Hold(const FakeCall& call) {
  call.conversation.Hold(call.id, call.params.raw());
}

// {order?}: "given", or the other way round.
void Release(const FakeCall& call) {
  call.conversation.Release(call.params.String("order", "") == "given");
  call.Answer(kDone);
}

void PauseReading(const FakeCall& call) {
  call.conversation.socket().PauseReading(Milliseconds(call, "ms", 1000));
  call.Answer(kDone);
}

// Neither reads nor writes by this connection any more, this answer included,
// as where the peer has vanished without a word. Others are served.
void Freeze(const FakeCall& call) { call.conversation.socket().Freeze(); }

// Bytes that are no WebSocket frame.
void Spoil(const FakeCall& call) {
  call.conversation.socket().SendBytes("\xff\xff this is no frame");
}

// {behaviour}: that of a start, from now on.
void Behave(const FakeCall& call) {
  const auto read = ParseBehaviour(call.params.String("behaviour", ""));
  if (!read) return call.Refuse("no such behaviour");
  call.server().SetBehaviour(*read);
  call.Answer(kDone);
}

// {busy?}: for ever, with all connections.
void HangForEver(const FakeCall& call) { Hang(call.params.Flag("busy")); }

// {ms}: with all connections.
void HangForAWhile(const FakeCall& call) {
  std::this_thread::sleep_for(Milliseconds(call, "ms", 1000));
  call.Answer(kDone);
}

void Exit(const FakeCall& call) {
  const FakeProcessHooks& hooks = call.server().options().hooks;
  if (!hooks.exit) return call.Refuse("not a process of its own");
  hooks.exit(static_cast<int>(call.params.Integer("code", 0)));
}

void Abort(const FakeCall& call) {
  const FakeProcessHooks& hooks = call.server().options().hooks;
  if (!hooks.abort) return call.Refuse("not a process of its own");
  hooks.abort();
}

void Print(const FakeCall& call, const std::string& text) {
  const FakeProcessHooks& hooks = call.server().options().hooks;
  if (!hooks.print) return call.Refuse("not a process of its own");
  hooks.print(call.params.String("stream", "stdout"), text);
  call.Answer(kDone);
}

void PrintText(const FakeCall& call) {
  Print(call, call.params.String("text", ""));
}

void PrintToken(const FakeCall& call) {
  Print(call, "the token is " + call.server().options().token + " indeed");
}

// {downMs?}
void Restart(const FakeCall& call) {
  call.Answer(R"({"status":"scheduled"})");
  call.server().Restart(Milliseconds(
      call, "downMs", call.server().options().restart_delay.count()));
}

void ShutDown(const FakeCall& call) {
  call.Answer(kDone);
  call.server().ShutDown(true);
}

void ShutDownSilently(const FakeCall& call) { call.server().ShutDown(false); }

// {silent}: nothing more is said to anybody, this answer included.
void SetSilent(const FakeCall& call) { call.server().SetSilent(true); }

void StopTicking(const FakeCall& call) {
  call.server().SetTicking(false);
  call.Answer(kDone);
}

void Info(const FakeCall& call) {
  call.Answer(absl::StrCat(R"({"pid":)", getpid(), R"(,"bootId":)",
                           Quote(call.server().boot_id()), R"(,"connId":)",
                           Quote(call.conversation.id()), R"(,"connections":)",
                           call.server().record().counts().connections, "}"));
}

}  // namespace

void Hang(bool busily) {
  while (true) {
    if (!busily) ::pause();
    ::getppid();
  }
}

const FakeMethodTable& ControlMethods() {
  static const auto* const kMethods = new FakeMethodTable{
      {"fake.echo", {"", Echo}},
      {"fake.no_payload", {"", NoPayload}},
      {"fake.ignore", {"", Ignore}},
      {"fake.delay", {"", Delay}},
      {"fake.emit", {"", Emit}},
      {"fake.raw", {"", SendRaw}},
      {"fake.jsonrpc", {"", SendJsonRpc}},
      {"fake.close", {"", CloseSocket}},
      {"fake.drop", {"", DropSocket}},
      {"fake.huge", {"", Huge}},
      {"fake.huge_event", {"", HugeEvent}},
      {"fake.binary", {"", Binary}},
      {"fake.garbage", {"", Garbage}},
      {"fake.error", {"", Error}},
      {"fake.ok_false", {"", OkFalse}},
      {"fake.duplicate", {"", Duplicate}},
      {"fake.answer_unknown", {"", AnswerUnknown}},
      {"fake.skip_seq", {"", SkipSeq}},
      {"fake.hold", {"", Hold}},
      {"fake.release", {"", Release}},
      {"fake.pause_reading", {"", PauseReading}},
      {"fake.silence", {"", SetSilent}},
      {"fake.freeze", {"", Freeze}},
      {"fake.spoil", {"", Spoil}},
      {"fake.behave", {"", Behave}},
      {"fake.hang", {"", HangForEver}},
      {"fake.stall", {"", HangForAWhile}},
      {"fake.stop_ticking", {"", StopTicking}},
      {"fake.info", {"", Info}},
      {"fake.exit", {"", Exit}},
      {"fake.abort", {"", Abort}},
      {"fake.print", {"", PrintText}},
      {"fake.print_token", {"", PrintToken}},
      {"fake.restart", {"", Restart}},
      {"gateway.restart.request", {"operator.admin", Restart}},
      {"fake.shutdown", {"", ShutDown}},
      {"fake.shutdown_silent", {"", ShutDownSilently}},
  };
  return *kMethods;
}

}  // namespace clawplane::testing
