#include "core/io/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/model/log_buffer.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// What a hole is made of, on the file systems that there are.
constexpr uint64_t kBlock = 4096;

// A regular file of ours, or none with `errno` set.
UniqueFd OpenOwn(const std::string& path, int flags) {
  UniqueFd file(
      ::open(path.c_str(), flags | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return file;
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return UniqueFd();
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid()) {
    errno = EPERM;
    return UniqueFd();
  }
  return file;
}

// At most what the file has.
uint64_t ReadProgress(int progress, int file) {
  std::array<char, 32> text = {};
  struct stat status = {};
  if (::pread(progress, text.data(), text.size() - 1, 0) <= 0 ||
      ::fstat(file, &status) != 0) {
    return 0;
  }
  const uint64_t read = std::strtoull(text.data(), nullptr, 10);
  return std::min(read, static_cast<uint64_t>(status.st_size));
}

}  // namespace

OutputFile::OutputFile(CoreStrand& strand, UniqueFd file, UniqueFd progress,
                       OnLine on_line)
    : strand_(strand),
      file_(std::move(file)),
      progress_(std::move(progress)),
      on_line_(std::move(on_line)),
      next_look_(strand.executor()),
      lines_(LogBuffer::kMaxLineBytes) {}

std::shared_ptr<OutputFile> OutputFile::Make(CoreStrand& strand,
                                             const std::string& path, int flags,
                                             OnLine on_line) {
  UniqueFd file = OpenOwn(path, flags);
  if (file.get() < 0) return nullptr;
  UniqueFd progress = OpenOwn(path + ".read", flags | O_CREAT);
  if (progress.get() < 0) return nullptr;
  return std::shared_ptr<OutputFile>(new OutputFile(
      strand, std::move(file), std::move(progress), std::move(on_line)));
}

std::shared_ptr<OutputFile> OutputFile::Create(CoreStrand& strand,
                                               const std::string& path,
                                               OnLine on_line) {
  // What still writes to the one of before writes to it alone.
  ::unlink(path.c_str());
  ::unlink((path + ".read").c_str());
  return Make(strand, path, O_CREAT | O_EXCL, std::move(on_line));
}

std::shared_ptr<OutputFile> OutputFile::Reopen(CoreStrand& strand,
                                               const std::string& path,
                                               OnLine on_line) {
  strand.AssertHeld();
  auto file = Make(strand, path, 0, std::move(on_line));
  if (file == nullptr) return nullptr;
  file->strand_.AssertHeld();
  file->position_ = ReadProgress(file->progress_.get(), file->file_.get());
  file->finished_ = file->freed_ = file->position_;
  return file;
}

UniqueFd OutputFile::OpenToWrite() const {
  strand_.AssertHeld();
  return UniqueFd(::open(Concat("/proc/self/fd/", file_.get()).c_str(),
                         O_WRONLY | O_APPEND | O_CLOEXEC));
}

void OutputFile::Begin() {
  strand_.AssertHeld();
  // What is there already comes in a task of its own, as all else does.
  LookAfter(std::chrono::milliseconds(0));
}

void OutputFile::LookAfter(std::chrono::milliseconds wait) {
  next_look_.expires_after(wait);
  next_look_.async_wait(
      [self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->Look();
      });
}

void OutputFile::Look() {
  strand_.AssertHeld();
  if (file_.get() < 0) return;
  const bool is_more = ReadOnce();
  if (file_.get() < 0) return;  // a line has led to its end
  // Others have their turn in between.
  LookAfter(is_more ? std::chrono::milliseconds(0) : kInterval);
}

bool OutputFile::ReadOnce() {
  ssize_t size = 0;
  do {
    size = ::pread(file_.get(), buffer_.data(), buffer_.size(),
                   static_cast<off_t>(position_));
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return false;
  const std::string_view text(buffer_.data(), static_cast<size_t>(size));
  const size_t last = text.rfind('\n');
  if (last != text.npos) finished_ = position_ + last + 1;
  position_ += text.size();
  lines_.Feed(text);
  Deliver();
  if (file_.get() >= 0 && last != text.npos) SaveProgress();
  return file_.get() >= 0;
}

void OutputFile::Deliver() {
  while (on_line_) {
    const auto line = lines_.Next();
    if (!line) return;
    const OnLine on_line = on_line_;  // it may close the file
    on_line(*line, lines_.cut());
  }
}

// A number that is not written, or space that is not given back, costs nothing
// but lines told twice, or space.
void OutputFile::SaveProgress() {
  std::array<char, 32> text = {};
  const int size = std::snprintf(text.data(), text.size(), "%020llu\n",
                                 static_cast<unsigned long long>(finished_));
  if (::pwrite(progress_.get(), text.data(), static_cast<size_t>(size), 0) < 0)
    return;
  const uint64_t end = finished_ - finished_ % kBlock;
  if (end < freed_ + kKept) return;
  ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
              static_cast<off_t>(end));
  freed_ = end;
}

void OutputFile::Drain() {
  strand_.AssertHeld();
  // Only what is there now: what outlived the process may write without end.
  struct stat status = {};
  ::fstat(file_.get(), &status);
  const auto end = static_cast<uint64_t>(status.st_size);
  while (file_.get() >= 0 && position_ < end && ReadOnce()) {
  }
  if (on_line_) {
    if (const auto line = lines_.Last()) on_line_(*line, lines_.cut());
  }
  Close();
}

// Not analysed, because on a stopped `io_context` there is no strand to be on.
void OutputFile::Close() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  on_line_ = nullptr;
  next_look_.cancel();
  file_ = UniqueFd();
  progress_ = UniqueFd();
}

}  // namespace clawplane::core
