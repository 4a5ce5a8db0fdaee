#include "core/model/pending_calls.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/model/text.h"

namespace clawplane::core {

CallId PendingCalls::Add(CallRequest request, Completion completion) {
  const CallId id = next_id_++;
  const bool may_wait = request.wait_until_running;
  SetTime(request.arrived_at);
  if (request.arrived_at == TimePoint()) request.arrived_at = now_;
  if (!request.own && (admission_ == Admission::kClosed ||
                       (admission_ == Admission::kLater && !may_wait))) {
    Count(request, CallEnd::kNotSentNotRunning);
    completion(NotRunning());
    return id;
  }
  if (!request.own && queue_.size() >= limits_.max_queued) {
    Count(request, CallEnd::kNotSentQueueFull);
    completion(CallFailed{{Reason::kQueueFull,
                           Concat("already ", queue_.size(), " calls wait and ",
                                  in_flight_, " are with the gateway"),
                           "call again later, or with fewer calls at a time"},
                          Outcome::kNotSent,
                          true});
    return id;
  }
  deadlines_.emplace(request.deadline, id);
  if (request.own) {
    queue_.push_front(id);
  } else {
    queue_.push_back(id);
  }
  calls_.emplace(id, Call{std::move(request), std::move(completion)});
  return id;
}

bool PendingCalls::MayBeSent(CallId id) const {
  if (admission_ == Admission::kOpen && in_flight_ < limits_.max_in_flight) {
    return true;
  }
  return calls_.at(id).request.own;
}

std::optional<PendingCalls::Outgoing> PendingCalls::NextToSend() {
  while (!queue_.empty() && MayBeSent(queue_.front())) {
    const auto call = calls_.find(queue_.front());
    CallRequest& request = call->second.request;
    std::string frame =
        std::move(request.text)
            .Finish(std::to_string(call->first), request.method,
                    dialect_.traceparent ? request.traceparent : "");
    if (dialect_.max_frame != 0 && frame.size() > dialect_.max_frame) {
      End(call, CallFailed{
                    {Reason::kParamsTooLarge,
                     Concat("the call is ", frame.size(),
                            " bytes, the gateway accepts ", dialect_.max_frame),
                     "send less at a time"},
                    Outcome::kNotSent});
      continue;
    }
    queue_.pop_front();
    call->second.stage = Stage::kHandedOver;
    counts_.AddWait(now_ - request.arrived_at);
    ++in_flight_;
    last_sent_ = std::max(last_sent_, call->first);
    return Outgoing{call->first, std::move(frame)};
  }
  return std::nullopt;
}

void PendingCalls::OnWrite(CallId id) {
  const auto call = calls_.find(id);
  if (call != calls_.end() && call->second.stage == Stage::kHandedOver) {
    call->second.stage = Stage::kWritten;
  }
}

bool PendingCalls::OnResponse(const ResponseFrame& response) {
  bool ever_sent = false;
  const auto call = FindSent(response.id, &ever_sent);
  if (call == calls_.end()) {
    if (ever_sent) ++late_answers_;
    return ever_sent;
  }
  if (IsAcceptance(call->second, response)) {
    if (accepted_ >= limits_.max_accepted) {
      End(call, CallFailed{{Reason::kQueueFull,
                            Concat("already ", accepted_,
                                   " calls await their final answer"),
                            "the gateway has accepted this call and carries it "
                            "out; its outcome will not be told"},
                           Outcome::kReplied});
      return true;
    }
    call->second.stage = Stage::kAccepted;
    --in_flight_;
    ++accepted_;
    return true;
  }
  if (response.ok) {
    End(call, CallAnswered{response.payload});
  } else {
    const JsonView error = response.error.value_or(JsonView());
    End(call, CallRefused{ParseError(error), std::string(error),
                          std::string(response.payload.value_or(JsonView()))});
  }
  return true;
}

bool PendingCalls::OnOversizedResponse(std::string_view id, size_t size) {
  bool ever_sent = false;
  const auto call = FindSent(id, &ever_sent);
  if (call == calls_.end()) {
    if (ever_sent) ++late_answers_;
    return ever_sent;
  }
  End(call, CallFailed{{Reason::kAnswerTooLarge,
                        Concat("the gateway's answer is ", size,
                               " bytes; answers over 32 MiB are discarded"),
                        "ask for less, where the method allows it"},
                       Outcome::kReplied});
  return true;
}

void PendingCalls::Cancel(CallId id) {
  const auto call = calls_.find(id);
  if (call == calls_.end()) return;
  Count(call->second.request, CallEnd::kCancelled);
  Remove(call);
}

void PendingCalls::FailSent(const std::string& why) {
  std::vector<CallId> sent;
  for (const auto& [id, call] : calls_) {
    if (call.stage != Stage::kQueued) sent.push_back(id);
  }
  std::sort(sent.begin(), sent.end());
  for (const CallId id : sent) {
    const auto call = calls_.find(id);
    if (call->second.stage == Stage::kHandedOver) {
      End(call,
          CallFailed{
              {Reason::kConnectionLost, why, ""}, Outcome::kNotSent, true});
    } else {
      End(call,
          CallFailed{{Reason::kConnectionLost, why,
                      "the gateway may have carried it out: repeat only what "
                      "may happen twice"},
                     Outcome::kSentUnknown});
    }
  }
}

void PendingCalls::FailQueued(const Fault& why) {
  const std::deque<CallId> queued = queue_;
  for (const CallId id : queued) {
    End(calls_.find(id), CallFailed{why, Outcome::kNotSent, true});
  }
}

void PendingCalls::SetAdmission(Admission admission, const std::string& why,
                                const std::string& next_step) {
  admission_ = admission;
  closed_because_ = {Reason::kNotRunning, why, next_step};
  if (admission == Admission::kOpen) return;
  const std::deque<CallId> queued = queue_;
  for (const CallId id : queued) {
    const auto call = calls_.find(id);
    if (call->second.request.own) continue;
    if (admission == Admission::kLater &&
        call->second.request.wait_until_running) {
      continue;
    }
    End(call, NotRunning());
  }
}

void PendingCalls::Expire(TimePoint now) {
  SetTime(now);
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto call = calls_.find(deadlines_.begin()->second);
    switch (call->second.stage) {
      case Stage::kQueued:
        End(call, CallFailed{{Reason::kTimedOut,
                              "the call could not be sent in time", ""},
                             Outcome::kNotSent});
        break;
      case Stage::kHandedOver:  // it cannot be called back any more
      case Stage::kWritten:
      case Stage::kAccepted:
        End(call,
            CallFailed{{Reason::kTimedOut, "the gateway did not answer in time",
                        "it may still carry the call out"},
                       Outcome::kSentUnknown});
        break;
    }
  }
}

std::optional<TimePoint> PendingCalls::deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

void PendingCalls::End(Calls::iterator call, CallResult result) {
  Count(call->second.request, EndOf(result));
  Remove(call)(std::move(result));
}

void PendingCalls::Count(const CallRequest& request, CallEnd end) {
  counts_.Add(request.call_class, end, now_ - request.arrived_at);
}

PendingCalls::Completion PendingCalls::Remove(Calls::iterator call) {
  switch (call->second.stage) {
    case Stage::kQueued:
      queue_.erase(std::find(queue_.begin(), queue_.end(), call->first));
      break;
    case Stage::kHandedOver:
    case Stage::kWritten:
      --in_flight_;
      break;
    case Stage::kAccepted:
      --accepted_;
      break;
  }
  deadlines_.erase({call->second.request.deadline, call->first});
  Completion completion = std::move(call->second.completion);
  calls_.erase(call);
  return completion;
}

CallFailed PendingCalls::NotRunning() const {
  return {closed_because_, Outcome::kNotSent, admission_ == Admission::kLater};
}

PendingCalls::Calls::iterator PendingCalls::FindSent(std::string_view id,
                                                     bool* ever_sent) {
  CallId number = 0;
  const auto [end, error] =
      std::from_chars(id.data(), id.data() + id.size(), number);
  *ever_sent = error == std::errc() && end == id.data() + id.size() &&
               id.front() != '0' && number <= last_sent_;
  if (!*ever_sent) return calls_.end();
  const auto call = calls_.find(number);
  if (call != calls_.end() && call->second.stage == Stage::kQueued) {
    *ever_sent = false;
    return calls_.end();
  }
  return call;
}

bool PendingCalls::IsAcceptance(const Call& call,
                                const ResponseFrame& response) const {
  return call.request.await_final && call.stage != Stage::kAccepted &&
         response.ok && response.payload &&
         StringMember(*response.payload, "status") == "accepted";
}

}  // namespace clawplane::core
