#include "tests/bench/rpc/params.h"

#include <cstdint>

#include "core/model/text.h"

namespace clawplane::testing {
namespace {

using core::Concat;

constexpr const char* kTexts[] = {
    R"(Shall I book the 7:45 train?\nIt leaves from \"track 4\".)",
    R"(Done. The file is at C:\\notes\\today.md, see the last lines.)",
    R"(Grüße aus Köln – the café opens at nine, so meet me at the door)",
    R"(for i in range(10):\n\tprint(\"row\", i)\n# and so on)",
    "no escapes in this one, only words that a person might have typed",
};

// One message of a conversation, as the answers of the gateway list them.
std::string Message(uint32_t number) {
  const uint32_t mixed = number * 2654435761u;
  return Concat(R"({"id":"msg_)", mixed, R"(","role":")",
                number % 2 == 0 ? "user" : "assistant", R"(","timestamp":)",
                1795365532351 + number * 1517,
                R"(,"content":[{"type":"text","text":")", kTexts[number % 5],
                R"("},{"type":"usage","inputTokens":)", mixed % 20000,
                R"(,"cost":)", number % 7, R"(.25,"cached":)",
                number % 3 == 0 ? "true" : "false",
                R"(,"stop":null}],"delivery":{"channel":"webchat","attempts":)",
                number % 3, R"(,"tags":["inbox","a/b"]}})");
}

}  // namespace

std::string GatewayLikeParams(size_t bytes) {
  std::string json =
      R"({"sessionKey":"agent:dev:main","idempotencyKey":"7d0f6f3e","deliver":)"
      R"(false,"timeoutMs":30000,"options":{"thinking":"low","depth":2},)"
      R"("messages":[)";
  constexpr std::string_view kBeforeNote = R"(],"note":")";
  constexpr std::string_view kEnd = R"("})";
  for (uint32_t number = 0;; ++number) {
    const std::string message = Message(number);
    if (json.size() + message.size() + 1 + kBeforeNote.size() + kEnd.size() >
        bytes) {
      break;
    }
    json += number == 0 ? "" : ",";
    json += message;
  }
  json += kBeforeNote;
  constexpr std::string_view kWords = "and whatever else there was to say ";
  while (json.size() + kEnd.size() < bytes) {
    const size_t left = bytes - kEnd.size() - json.size();
    if (json.size() % 40 == 0 && left >= 2) {
      json += "\\n";
    } else {
      json += kWords[json.size() % kWords.size()];
    }
  }
  return json.append(kEnd);
}

}  // namespace clawplane::testing
