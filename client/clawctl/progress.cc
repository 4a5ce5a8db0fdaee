#include "client/clawctl/progress.h"

#include <unistd.h>

#include <cstdio>

#include "absl/time/clock.h"
#include "client/clawctl/output.h"
#include "client/clawctl/status_text.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

constexpr absl::Duration kRedrawInterval = absl::Milliseconds(100);
constexpr char kWipeLine[] = "\r\x1b[K";

}  // namespace

ProgressDisplay::ProgressDisplay(bool quiet)
    : quiet_(quiet), is_terminal_(isatty(STDERR_FILENO) == 1) {
  if (is_terminal_ && !quiet_) drawer_ = std::thread([this] { KeepDrawing(); });
}

ProgressDisplay::~ProgressDisplay() {
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  if (drawer_.joinable()) drawer_.join();
}

void ProgressDisplay::Show(const v1::GatewayStatus& status) {
  if (quiet_) return;
  absl::MutexLock lock(&mutex_);
  latest_ = status;
  came_at_ = absl::Now();
  if (is_terminal_) {
    Draw();
    return;
  }
  std::string line = ProgressLine(status);
  if (line == shown_) return;
  shown_ = std::move(line);
  std::fprintf(stderr, "%s\n", shown_.c_str());
}

void ProgressDisplay::KeepDrawing() {
  absl::MutexLock lock(&mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(&ended_), kRedrawInterval)) {
    if (came_at_ != absl::InfinitePast()) Draw();
  }
  std::fputs(kWipeLine, stderr);
}

void ProgressDisplay::Draw() {
  const std::string line = ProgressLine(latest_, absl::Now() - came_at_);
  // A full line would wrap, and could not be wiped.
  std::fprintf(stderr, "%s%s", kWipeLine,
               Cut(line, Columns(STDERR_FILENO) - 1).c_str());
}

Progress::Progress(client::Connection& connection, bool quiet)
    : connection_(connection), display_(quiet) {
  if (quiet) return;
  connection_.Prepare(context_);
  follower_ = std::thread([this] { Follow(); });
}

Progress::~Progress() {
  if (!follower_.joinable()) return;
  context_.TryCancel();
  follower_.join();
}

void Progress::Follow() {
  const auto reader =
      connection_.stub().StreamStatus(&context_, v1::StreamStatusRequest());
  v1::StreamStatusResponse response;
  while (reader->Read(&response)) {
    const v1::GatewayStatus::State state = response.status().state();
    if (state == v1::GatewayStatus::STATE_STARTING ||
        state == v1::GatewayStatus::STATE_RECONNECTING ||
        state == v1::GatewayStatus::STATE_STOPPING) {
      display_.Show(response.status());
    }
  }
  // Why it ended does not matter: the call beside it tells what failed.
  reader->Finish();
}

}  // namespace clawplane::clawctl
