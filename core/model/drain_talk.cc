#include "core/model/drain_talk.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "core/model/event.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

constexpr unsigned kParseFlags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

// Answers are short; a longer one is none that we understand.
constexpr size_t kMaxAnswer = 256 * 1024;

// Nothing if there is no such string.
std::string TextOf(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  if (found == object.MemberEnd() || !found->value.IsString()) return {};
  return {found->value.GetString(), found->value.GetStringLength()};
}

uint32_t NumberOf(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsUint()
             ? found->value.GetUint()
             : 0;
}

std::vector<std::string> WorkOf(const rapidjson::Value& object) {
  std::vector<std::string> work;
  const auto found = object.FindMember("blockers");
  if (found == object.MemberEnd() || !found->value.IsArray()) return work;
  for (const auto& blocker : found->value.GetArray()) {
    if (work.size() == DrainTalk::kMaxTold) break;
    if (!blocker.IsObject()) continue;
    std::string words = TextOf(blocker, "message");
    if (words.empty()) words = TextOf(blocker, "kind");
    work.push_back(ValidUtf8(words, DrainTalk::kMaxToldBytes));
  }
  return work;
}

DrainTalk::Call Ask(const char* method, const char* name,
                    const std::string& value, bool prepare) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  writer.StartObject();
  writer.Key(name);
  writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  if (prepare) {
    writer.Key("terminalPolicy");
    writer.String("terminate");
    writer.Key("drain");
    writer.Bool(true);
  }
  writer.EndObject();
  return {method, text.GetString()};
}

}  // namespace

DrainTalk::Call DrainTalk::Next(TimePoint now) {
  next_.reset();
  hurried_ = false;
  if (suspension_id_.empty() || now - leased_at_ >= kRenewal) {
    leased_at_ = now;
    return Ask("gateway.suspend.prepare", "requestId", request_id_, true);
  }
  return Ask("gateway.suspend.status", "suspensionId", suspension_id_, false);
}

DrainTalk::Verdict DrainTalk::OnAnswer(const CallResult& answer,
                                       TimePoint now) {
  next_ = now + kLongestPoll;
  if (const auto* answered = std::get_if<CallAnswered>(&answer)) {
    Verdict verdict = OnResult(answered->payload.value_or(JsonView()), now);
    if (hurried_) next_ = now;
    return verdict;
  }
  const auto* refused = std::get_if<CallRefused>(&answer);
  if (refused == nullptr) return Unanswered();
  if (refused->error.code != "UNAVAILABLE" && !refused->error.retryable) {
    return Unable{refused->error.message};
  }
  next_ = now + std::clamp(refused->error.retry_after.value_or(kShortestPoll),
                           kShortestPoll, kLongestPoll);
  return Unanswered();
}

DrainTalk::Verdict DrainTalk::OnResult(JsonView payload, TimePoint now) {
  rapidjson::Document document;
  if (payload.size() <= kMaxAnswer) {
    document.Parse<kParseFlags>(payload.data(), payload.size());
  }
  if (document.HasParseError() || !document.IsObject()) {
    return Unable{"its answer makes no sense"};
  }
  const std::string status = TextOf(document, "status");
  if (status == "ready") return Idle();
  if (status == "running") {
    suspension_id_.clear();  // the lease is over
    next_ = now + kShortestPoll;
    return Unanswered();
  }
  if (status != "draining" && status != "busy") {
    return Unable{"its answer makes no sense"};
  }
  const std::string id = TextOf(document, "suspensionId");
  if (!id.empty()) suspension_id_ = id;
  const std::chrono::milliseconds told(NumberOf(document, "retryAfterMs"));
  next_ = now + std::clamp<Duration>(told, kShortestPoll, kLongestPoll);
  return Working{NumberOf(document, "activeCount"), WorkOf(document)};
}

void DrainTalk::Hurry(TimePoint now) {
  if (next_) {
    next_ = now;
  } else {
    hurried_ = true;
  }
}

}  // namespace clawplane::core
