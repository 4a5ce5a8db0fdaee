#include "client/clawctl/target_list.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/read_file.h"

namespace clawplane::clawctl {
namespace {

// Room for the most targets, with names and comments.
constexpr size_t kMaxFileBytes = 4 * 1024 * 1024;

constexpr absl::string_view kTlsPrefix = "tls:";
constexpr absl::string_view kDnsPrefix = "dns:";

absl::Status WithPlace(absl::string_view place, const absl::Status& status) {
  return {status.code(), absl::StrCat(place, status.message())};
}

// "HOST:PORT" behind `dns:`, and whether `tls:` was before it.
struct DnsTarget {
  std::string host;
  std::string port;
  bool tls = false;
};

// Nothing if the text is no such target: a host may be named "dns", too.
std::optional<DnsTarget> ParseDns(absl::string_view text) {
  DnsTarget target;
  if (absl::StartsWith(text, "tls:dns:")) {
    text.remove_prefix(kTlsPrefix.size());
    target.tls = true;
  }
  if (!absl::ConsumePrefix(&text, kDnsPrefix)) return std::nullopt;
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  absl::string_view host = text.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  target.host = std::string(host);
  target.port = std::string(text.substr(colon + 1));
  return target;
}

// Gathers the servers, each once. Thread-compatible.
class List {
 public:
  List(const client::TargetOptions& options,
       const client::Environment& environment, const Resolver& resolve)
      : options_(options), environment_(environment), resolve_(resolve) {}

  absl::Status AddItem(absl::string_view item) {
    if (absl::ConsumePrefix(&item, "@")) return AddFile(std::string(item));
    return Add(item, "");
  }

  absl::StatusOr<std::vector<NamedTarget>> Take() {
    if (targets_.empty()) {
      return absl::InvalidArgumentError("--targets names no server at all");
    }
    return std::move(targets_);
  }

 private:
  absl::Status AddFile(const std::string& path) {
    absl::StatusOr<std::string> text =
        client::ReadFile("the file of targets", path, kMaxFileBytes);
    if (!text.ok()) return text.status();
    if (text->size() > kMaxFileBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("the file of targets ", path, " is longer than 4 MiB"));
    }
    size_t number = 0;
    for (absl::string_view line : absl::StrSplit(*text, '\n')) {
      const absl::Status added = AddLine(line);
      ++number;
      if (!added.ok()) {
        return WithPlace(absl::StrCat(path, ", line ", number, ": "), added);
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddLine(absl::string_view line) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || absl::StartsWith(line, "#")) return absl::OkStatus();
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() > 2) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", line, "' has ", words.size(),
          " words, and TARGET or NAME TARGET is what a line may have"));
    }
    if (words.size() == 1) return Add(words[0], "");
    if (!names_.insert(std::string(words[0])).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("the name '", words[0], "' is given twice"));
    }
    return Add(words[1], words[0]);
  }

  absl::Status Add(absl::string_view text, absl::string_view name) {
    const std::optional<DnsTarget> dns = ParseDns(text);
    if (!dns.has_value()) return AddOne(text, name, "");
    if (!name.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the name '", name, "' cannot stand for all that ", text,
                       " leads to; leave it out"));
    }
    absl::StatusOr<std::vector<std::string>> hosts = resolve_(dns->host);
    if (!hosts.ok()) return hosts.status();
    for (const std::string& host : *hosts) {
      absl::Status added =
          AddOne(absl::StrCat(dns->tls ? kTlsPrefix : "", host, ":", dns->port),
                 "", dns->host);
      if (!added.ok()) return added;
    }
    return absl::OkStatus();
  }

  // `host` is the one that the certificate is for, where that is not the
  // target's own.
  absl::Status AddOne(absl::string_view text, absl::string_view name,
                      absl::string_view host) {
    // What is empty would stand for this machine's own server.
    if (text.empty()) {
      return absl::InvalidArgumentError("a target in --targets is empty");
    }
    client::TargetOptions options = options_;
    options.target = std::string(text);
    absl::StatusOr<client::Target> target =
        client::ResolveTarget(options, environment_);
    if (!target.ok()) return target.status();
    if (target->tls && target->tls->server_name.empty()) {
      target->tls->server_name = std::string(host);
    }
    const bool is_new =
        seen_.insert({target->address, target->tls.has_value()}).second;
    if (!is_new) return absl::OkStatus();
    if (targets_.size() == kMostTargets) {
      return absl::InvalidArgumentError(
          absl::StrCat("--targets names more than ", kMostTargets,
                       " servers; share them among several runs of clawctl"));
    }
    std::string shown(name.empty() ? target->address : name);
    targets_.push_back({std::move(shown), *std::move(target)});
    return absl::OkStatus();
  }

  const client::TargetOptions& options_;
  const client::Environment& environment_;
  const Resolver& resolve_;
  std::vector<NamedTarget> targets_;
  std::set<std::string> names_;
  std::set<std::pair<std::string, bool>> seen_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> ResolveHost(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot find the addresses of '", host, "': ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found,
                                                               &freeaddrinfo);
  // Sorted as numbers: 10.0.0.2 comes before 10.0.0.10.
  std::set<std::pair<int, std::string>> addresses;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    if (it->ai_family == AF_INET) {
      const auto& ip = reinterpret_cast<const sockaddr_in*>(it->ai_addr);
      addresses.emplace(
          AF_INET, std::string(reinterpret_cast<const char*>(&ip->sin_addr),
                               sizeof(ip->sin_addr)));
    } else if (it->ai_family == AF_INET6) {
      const auto& ip = reinterpret_cast<const sockaddr_in6*>(it->ai_addr);
      addresses.emplace(
          AF_INET6, std::string(reinterpret_cast<const char*>(&ip->sin6_addr),
                                sizeof(ip->sin6_addr)));
    }
  }
  std::vector<std::string> hosts;
  for (const auto& [family, bytes] : addresses) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, bytes.data(), text.data(), text.size());
    hosts.push_back(family == AF_INET ? std::string(text.data())
                                      : absl::StrCat("[", text.data(), "]"));
  }
  return hosts;
}

absl::StatusOr<std::vector<NamedTarget>> ResolveTargets(
    absl::string_view where, const client::TargetOptions& options,
    const client::Environment& environment, const Resolver& resolve) {
  List list(options, environment, resolve);
  for (absl::string_view item : absl::StrSplit(where, ',')) {
    const absl::Status added = list.AddItem(absl::StripAsciiWhitespace(item));
    if (!added.ok()) return added;
  }
  return list.Take();
}

}  // namespace clawplane::clawctl
