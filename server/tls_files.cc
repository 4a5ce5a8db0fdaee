#include "server/tls_files.h"

#include <cstdio>
#include <string>
#include <string_view>

#include "core/model/text.h"
#include "server/text_file.h"

namespace clawplane::server {
namespace {

using core::Concat;

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
    auto file = ReadTextFile(wanted.setting, wanted.path);
    if (!file.ok()) return file.status();
    if (wanted.is_secret) {
      absl::Status kept = CheckMode(wanted.setting, wanted.path, file->mode);
      if (!kept.ok()) return kept;
    }
    if (file->text.empty()) {
      return Refuse(wanted.setting, wanted.path, "is empty");
    }
    wanted.text = std::move(file->text);
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
  return {StampOf(config_.cert_file), StampOf(config_.key_file),
          StampOf(config_.client_ca_file)};
}

}  // namespace clawplane::server
