#include "server/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "core/io/unique_fd.h"
#include "core/model/text.h"

namespace clawplane::server {
namespace {

using core::Concat;

// The authorities of a whole system have a quarter of it.
constexpr size_t kMaxBytes = 1024 * 1024;

absl::Status Refuse(std::string_view setting, const std::string& path,
                    std::string_view what) {
  return absl::FailedPreconditionError(Concat(setting, " ", path, " ", what));
}

// As for tokens: Kubernetes mounts secrets readable by the group.
absl::Status CheckMode(std::string_view setting, const std::string& path,
                       mode_t mode) {
  if ((mode & 027) == 0) return absl::OkStatus();
  char octal[8];
  std::snprintf(octal, sizeof octal, "%04o", mode & 07777);
  return Refuse(setting, path,
                Concat("has mode ", octal,
                       ", so that others may read it or change it; run: chmod "
                       "600 ",
                       path));
}

absl::StatusOr<std::string> Read(std::string_view setting,
                                 const std::string& path, bool is_secret) {
  // A pipe is refused below; opening it must not wait for its writer.
  const core::UniqueFd file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat stat;
  if (file.get() < 0 || ::fstat(file.get(), &stat) != 0) {
    return Refuse(setting, path, Concat("cannot be read: ", strerror(errno)));
  }
  if (!S_ISREG(stat.st_mode)) {
    return Refuse(setting, path, "is not a regular file");
  }
  if (is_secret) {
    const absl::Status kept = CheckMode(setting, path, stat.st_mode);
    if (!kept.ok()) return kept;
  }
  std::string text(kMaxBytes + 1, '\0');
  size_t filled = 0;
  ssize_t got = 0;
  while (filled < text.size() && (got = ::read(file.get(), text.data() + filled,
                                               text.size() - filled)) > 0) {
    filled += static_cast<size_t>(got);
  }
  if (got < 0) {
    return Refuse(setting, path, Concat("cannot be read: ", strerror(errno)));
  }
  if (filled > kMaxBytes) return Refuse(setting, path, "is larger than 1 MiB");
  text.resize(filled);
  return text;
}

absl::StatusOr<TlsMaterial> ReadAll(const core::TlsConfig& config) {
  TlsMaterial material;
  struct Wanted {
    std::string_view setting;
    const std::string& path;
    bool is_secret;
    std::string& text;
  };
  for (const Wanted& wanted :
       {Wanted{"tls.cert_file", config.cert_file, false, material.certificates},
        Wanted{"tls.key_file", config.key_file, true, material.key},
        Wanted{"tls.client_ca_file", config.client_ca_file, false,
               material.client_authorities}}) {
    if (wanted.path.empty()) continue;
    auto text = Read(wanted.setting, wanted.path, wanted.is_secret);
    if (!text.ok()) return text.status();
    if (text->empty()) return Refuse(wanted.setting, wanted.path, "is empty");
    wanted.text = *std::move(text);
  }
  return material;
}

bool IsSame(const TlsMaterial& one, const TlsMaterial& other) {
  return one.certificates == other.certificates && one.key == other.key &&
         one.client_authorities == other.client_authorities;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Open(
    const core::TlsConfig& config) {
  std::unique_ptr<TlsFiles> files(new TlsFiles(config));
  const absl::Status read = files->Reload();
  if (!read.ok()) return read;
  return files;
}

absl::Status TlsFiles::Reload() {
  // First: what is written while they are read shows at the next look.
  stamps_ = Look();
  absl::StatusOr<TlsMaterial> material = ReadAll(config_);
  if (!material.ok()) return material.status();
  const auto held = current();
  if (held != nullptr && IsSame(*held, *material)) return absl::OkStatus();
  absl::Status fit = CheckTlsMaterial(*material);
  if (!fit.ok()) return fit;
  current_ = std::make_shared<const TlsMaterial>(*std::move(material));
  return absl::OkStatus();
}

std::optional<absl::Status> TlsFiles::ReloadIfChanged() {
  if (Look() == stamps_) return std::nullopt;
  const auto before = current();
  absl::Status reloaded = Reload();
  if (reloaded.ok() && current() == before) return std::nullopt;
  return reloaded;
}

TlsFiles::Stamps TlsFiles::Look() const {
  Stamps stamps;
  const std::array<const std::string*, 3> paths = {
      &config_.cert_file, &config_.key_file, &config_.client_ca_file};
  for (size_t i = 0; i < paths.size(); ++i) {
    struct stat stat;
    if (paths[i]->empty() || ::stat(paths[i]->c_str(), &stat) != 0) continue;
    stamps[i] = {stat.st_dev,         stat.st_ino,          stat.st_size,
                 stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec, stat.st_mode};
  }
  return stamps;
}

}  // namespace clawplane::server
