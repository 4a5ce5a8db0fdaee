// logs: what the gateway's process wrote.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

struct LogsOptions {
  bool follow = false;
  std::optional<uint32_t> tail;
  bool timestamps = false;
};

bool Print(Session& session, const LogsOptions& options,
           const v1::StreamLogsResponse& response) {
  if (session.json) return session.output.Json(response);
  if (response.dropped() > 0) {
    session.Tell(absl::StrCat("gap: ", response.dropped(),
                              " lines were dropped, because they came faster "
                              "than they were read"));
  }
  for (const v1::LogLine& line : response.lines()) {
    // Into a file or pipe it goes as the gateway wrote it.
    std::string text =
        MarkCut(line, session.output.is_terminal() ? Printable(line.text())
                                                   : line.text());
    if (options.timestamps) {
      text = absl::StrCat(ShowTime(line.at()), "  ", text);
    }
    if (!session.output.Line(text)) return false;
  }
  return true;
}

int Logs(Session& session, const LogsOptions& options) {
  v1::StreamLogsRequest request;
  request.set_follow(options.follow);
  if (options.tail.has_value()) request.set_tail_lines(*options.tail);
  const grpc::Status status =
      session.Read<v1::StreamLogsRequest, v1::StreamLogsResponse>(
          &Stub::StreamLogs, request, std::nullopt,
          [&](v1::StreamLogsResponse& response) {
            return Print(session, options, response);
          });
  return status.ok() ? static_cast<int>(kOk)
                     : session.Fail("read the logs", status);
}

}  // namespace

void AddLogsCommand(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<LogsOptions>();
  CLI::App* command = app.add_subcommand(
      "logs", "Show the lines that the gateway's process wrote");
  command->add_flag("-f,--follow", options->follow,
                    "Go on with new lines as they come");
  command->add_option("--tail", options->tail,
                      "Begin with so many of the latest lines");
  command->add_flag("--timestamps", options->timestamps,
                    "Put the time before each line");
  command->callback([options, &chosen] {
    chosen = {
        .run = [options](Session& session) { return Logs(session, *options); },
        .form = options->follow ? Form::kStream : Form::kItems};
  });
}

}  // namespace clawplane::clawctl
