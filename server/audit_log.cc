#include "server/audit_log.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "core/model/text.h"

namespace clawplane::server {
namespace {

using core::Concat;
using std::chrono::steady_clock;

std::string Mark(uint64_t lost) { return Concat("{\"lost\":", lost, "}\n"); }

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(
    const core::AuditConfig& config) {
  if (config.file == "none") {
    return std::unique_ptr<AuditLog>(new AuditLog(std::nullopt));
  }
  absl::StatusOr<AuditFile> file = AuditFile::Open(config);
  if (!file.ok()) return file.status();
  std::unique_ptr<AuditLog> log(new AuditLog(*std::move(file)));
  // Signals are for other threads; and one that says that the file is too large
  // must not end the process.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  log->writer_ = std::thread([log = log.get()] { log->Run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return log;
}

AuditLog::~AuditLog() {
  if (!writer_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    deadline_ = steady_clock::now() + kGoodbye;
    wake_.Signal();
  }
  writer_.join();
}

void AuditLog::Write(std::string line, Written written) {
  // Without a writer there is no file.
  bool is_taken = !writer_.joinable();
  if (!is_taken) {
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    absl::MutexLock lock(&mutex_);
    is_taken = lines_ < kMaxLines && bytes_ + line.size() <= kMaxBytes;
    if (is_taken) {
      ++lines_;
      bytes_ += line.size();
      waiting_.push_back({std::move(line), std::move(written),
                          std::exchange(turned_away_, 0)});
      if (waiting_.size() == 1) wake_.Signal();
      return;
    }
    ++turned_away_;
    ++counts_.lost;
    failure_ = Concat("the audit log's disk does not keep up: ", lines_,
                      " lines of ", bytes_, " bytes wait");
  }
  if (written) written(is_taken);
}

void AuditLog::Reopen() {
  absl::MutexLock lock(&mutex_);
  reopen_ = true;
  wake_.Signal();
}

std::string AuditLog::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

AuditLog::Counts AuditLog::counts() const {
  absl::MutexLock lock(&mutex_);
  return counts_;
}

void AuditLog::Run() {
  std::vector<Line> lines;
  bool reopen = false;
  while (Take(lines, reopen)) {
    if (reopen) {
      file_->Reopen();
      Note(file_->failure());
    }
    WriteAll(lines);
    lines.clear();
  }
  WriteLoss();
}

bool AuditLog::Take(std::vector<Line>& lines, bool& reopen) {
  absl::MutexLock lock(&mutex_);
  while (waiting_.empty() && !reopen_ && !deadline_) wake_.Wait(&mutex_);
  reopen = std::exchange(reopen_, false);
  lines.swap(waiting_);
  return reopen || !lines.empty();
}

void AuditLog::WriteAll(std::vector<Line>& lines) {
  for (size_t first = 0; first < lines.size();) {
    if (IsLate()) {
      lost_ += lines[first].lost_before + 1;
      Tell(lines[first++], false);
      continue;
    }
    const Batch batch = Join(lines, first);
    const size_t written = file_->Append(batch.text);
    Note(file_->failure());
    for (const Batch::End& end : batch.ends) {
      const bool ok = end.line <= written;
      lost_ += lines[first].lost_before;
      if (end.mark <= written) lost_ = 0;
      if (!ok) ++lost_;
      Tell(lines[first++], ok);
      // Those behind it are tried anew: a shorter one may fit.
      if (!ok) break;
    }
  }
}

AuditLog::Batch AuditLog::Join(const std::vector<Line>& lines,
                               size_t first) const {
  const size_t most = std::min<uint64_t>(kMaxWrite, file_->room());
  Batch batch;
  uint64_t lost = lost_;
  for (size_t i = first; i < lines.size(); ++i) {
    lost += lines[i].lost_before;
    const std::string mark = lost > 0 ? Mark(lost) : "";
    const size_t size = mark.size() + lines[i].text.size();
    if (i > first && batch.text.size() + size > most) break;
    batch.text += mark;
    const size_t end_of_mark = batch.text.size();
    batch.text += lines[i].text;
    batch.ends.push_back({end_of_mark, batch.text.size()});
    lost = 0;
  }
  return batch;
}

void AuditLog::WriteLoss() {
  {
    absl::MutexLock lock(&mutex_);
    lost_ += std::exchange(turned_away_, 0);
  }
  if (lost_ > 0 && !IsLate()) file_->Append(Mark(lost_));
}

bool AuditLog::IsLate() const {
  absl::MutexLock lock(&mutex_);
  return deadline_ && steady_clock::now() > *deadline_;
}

void AuditLog::Tell(Line& line, bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    --lines_;
    bytes_ -= line.text.size();
    ++(ok ? counts_.written : counts_.lost);
  }
  if (line.written) line.written(ok);
}

void AuditLog::Note(const std::string& failure) {
  absl::MutexLock lock(&mutex_);
  failure_ = failure;
}

}  // namespace clawplane::server
