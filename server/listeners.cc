#include "server/listeners.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "core/model/text.h"
#include "server/socket_group.h"

namespace clawplane::server {
namespace {

using core::Concat;
using Way = Connections::Way;

constexpr std::string_view kUnix = "unix:";

bool IsUnix(std::string_view address) { return address.starts_with(kUnix); }

std::string_view HostOf(std::string_view address) {
  return address.substr(0, address.rfind(':'));
}

std::string WhyNotTcp(const std::string& setting, int error) {
  switch (error) {
    case EADDRINUSE:
      return Concat("another program is using it; stop that, or set ", setting,
                    " to another one");
    case EADDRNOTAVAIL:
      return Concat("this machine has no such address; set ", setting,
                    " to one that it has, or to 0.0.0.0 or [::] for all");
    case EACCES:
      return Concat("this user may not use that port; set ", setting,
                    " to one above 1023");
    default:
      return Concat(strerror(error), "; set ", setting, " to another one");
  }
}

std::string WhyNotUnix(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  struct stat stat;
  if (::stat(folder.c_str(), &stat) != 0 || !S_ISDIR(stat.st_mode)) {
    return Concat("there is no directory ", folder,
                  "; make it, or set socket to another one");
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    return Concat("the directory ", folder,
                  " cannot be written; set socket to another one");
  }
  if (::lstat(path.c_str(), &stat) == 0 && !S_ISSOCK(stat.st_mode)) {
    return "there is a file that is no socket; remove it, or set socket to "
           "another one";
  }
  return "another program may be using it; set socket to another one";
}

}  // namespace

absl::Status Listeners::Prepare() {
  if (config_.listen != "none") {
    wanted_.push_back({"listen", config_.listen, Way::kPlain,
                       grpc::InsecureServerCredentials()});
  }
  if (config_.socket != "none") {
    wanted_.push_back({"socket", Concat(kUnix, config_.socket), Way::kUnix,
                       grpc::InsecureServerCredentials()});
    if (!config_.socket_group.empty()) {
      const auto group = FindGroup(config_.socket_group);
      if (!group.ok()) return group.status();
      absl::Status may_give =
          CheckMayGive(config_.socket, config_.socket_group, *group);
      if (!may_give.ok()) return may_give;
      group_ = *group;
    }
  }
  if (config_.tls.listen == "none") return absl::OkStatus();
  auto files = TlsFiles::Open(config_.tls);
  if (!files.ok()) return files.status();
  tls_files_ = *std::move(files);
  using enum TlsCredentials::ClientCertificate;
  const auto client_certificate = config_.tls.client_ca_file.empty() ? kIgnored
                                  : config_.tls.require_client_certificate
                                      ? kRequired
                                      : kVerified;
  wanted_.push_back(
      {"tls.listen", config_.tls.listen, Way::kTls,
       std::make_shared<TlsCredentials>(*tls_files_, client_certificate)});
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<grpc::Server>> Listeners::Open(
    grpc::ServerBuilder& builder, Acceptor& acceptor) {
  const absl::Status prepared = Prepare();
  if (!prepared.ok()) return prepared;
  for (Wanted& wanted : wanted_) {
    const int error = acceptor.Add(builder, wanted.way, wanted.address,
                                   wanted.credentials, &wanted.port);
    if (error != 0) return Fault(wanted, error);
  }
  if (group_) {
    const absl::Status given = GiveToGroup(config_.socket, *group_);
    if (!given.ok()) return given;
  }
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    return absl::InternalError("the server could not be started");
  }
  Announce();
  return server;
}

absl::Status Listeners::Fault(const Wanted& wanted, int error) {
  const std::string& address = wanted.address;
  const bool is_unix = IsUnix(address);
  const std::string name = is_unix ? address.substr(kUnix.size()) : address;
  return absl::FailedPreconditionError(
      Concat("cannot listen on ", name, ": ",
             is_unix ? WhyNotUnix(name) : WhyNotTcp(wanted.setting, error)));
}

void Listeners::Announce() {
  for (const Wanted& wanted : wanted_) {
    if (IsUnix(wanted.address)) {
      addresses_.push_back(wanted.address);
    } else {
      addresses_.push_back(Concat(wanted.setting == "listen" ? "" : "tls:",
                                  HostOf(wanted.address), ":", wanted.port));
    }
  }
}

std::string Listeners::Warning() const {
  if (core::IsOnLoopback(config_.listen)) return {};
  return Concat(
      addresses_.front(),
      " takes calls in plain text from the network (insecure_bind): whoever "
      "can read the network reads every token and every answer, and can do "
      "with a token all that its owner can; use tls.listen for other machines");
}

}  // namespace clawplane::server
