#include "client/clawctl/event_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/clawctl/output.h"
#include "client/clawctl/status_text.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

std::string Show(const v1::Payload& payload) {
  switch (payload.form_case()) {
    case v1::Payload::kJson:
      return payload.json();
    case v1::Payload::kValue:
      return ToJson(payload.value());
    case v1::Payload::kOmittedBytes:
      return absl::StrCat("(a payload of ", payload.omitted_bytes(),
                          " bytes was left out)");
    case v1::Payload::FORM_NOT_SET:
      return "";
  }
  return "";
}

std::string Show(const v1::StateChanged& change) {
  std::string text =
      absl::StrCat(StateName(change.from()), " -> ", StateName(change.to()));
  if (change.has_pid()) absl::StrAppend(&text, ", pid ", change.pid());
  if (change.has_error()) {
    absl::StrAppend(&text, ": ", ShowFault(change.error()));
  }
  return text;
}

std::string Show(const v1::ErrorEvent& error) {
  std::string text = error.message();
  if (error.reason() != v1::REASON_UNSPECIFIED) {
    absl::StrAppend(&text, " [", ReasonName(error.reason()), "]");
  }
  return absl::StrCat(text, " ", Show(error.payload()));
}

std::string Show(const v1::Repair& repair) {
  const v1::ProcessExit& exit = repair.exit();
  std::string text =
      absl::StrCat("'openclaw doctor --fix' ended with ", ShowHow(exit));
  if (exit.killed()) absl::StrAppend(&text, " (killed by the server)");
  if (exit.has_lived()) {
    absl::StrAppend(&text, " after ", ShowDuration(ToAbsl(exit.lived())));
  }
  if (!repair.last_words().empty()) {
    absl::StrAppend(&text, ": ", repair.last_words());
  }
  return text;
}

std::string Show(const v1::UpstreamGap& gap) {
  std::string text = "events of the gateway were lost";
  if (gap.has_missing()) absl::StrAppend(&text, " (", gap.missing(), ")");
  if (gap.cause() == v1::UpstreamGap::CAUSE_NEW_CONNECTION) {
    absl::StrAppend(&text, ": the connection to it is a new one");
  } else if (gap.cause() == v1::UpstreamGap::CAUSE_SEQUENCE_JUMP) {
    absl::StrAppend(&text, ": its own numbering jumped");
  }
  return text;
}

std::string Detail(const v1::Event& event) {
  switch (event.detail_case()) {
    case v1::Event::kChatMessage:
      return Show(event.chat_message().payload());
    case v1::Event::kChannelStatus:
      return absl::StrCat(event.channel_status().channel_id(), " ",
                          event.channel_status().status(), " ",
                          Show(event.channel_status().payload()));
    case v1::Event::kNotification:
      return Show(event.notification().payload());
    case v1::Event::kStateChanged:
      return Show(event.state_changed());
    case v1::Event::kProcessExit:
      return ShowExit(event.process_exit());
    case v1::Event::kError:
      return Show(event.error());
    case v1::Event::kUnrecognizedMessage:
      return absl::StrCat(event.unrecognized_message().why(), ": ",
                          event.unrecognized_message().excerpt());
    case v1::Event::kGap:
      return Show(event.gap());
    case v1::Event::kRepair:
      return Show(event.repair());
    case v1::Event::DETAIL_NOT_SET:
      return "";
  }
  return "";
}

}  // namespace

std::string EventLine(const v1::Event& event) {
  const std::string kind = KindName(event.kind());
  std::string line = absl::StrCat(event.epoch(), ":", event.sequence(), "  ",
                                  ShowTime(event.received_at()), "  ", kind);
  if (event.name() != kind) absl::StrAppend(&line, " ", event.name());
  absl::StrAppend(&line, "  ", Detail(event));
  return Printable(absl::StripSuffix(line, " "));
}

std::string GapLine(const v1::EventGap& gap) {
  return Printable(
      absl::StrCat("gap: events after ", ShowPosition(gap.lost_after()),
                   " up to ", ShowPosition(gap.resumed_after()), " are lost"));
}

}  // namespace clawplane::clawctl
