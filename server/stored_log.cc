#include "server/stored_log.h"

#include <array>
#include <cstdio>
#include <random>
#include <string>
#include <utility>

#include "server/log.h"

namespace clawplane::server {
namespace {

// A name for one life of the event log that no other life has.
std::string NewEpoch() {
  std::random_device random;
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%08x%08x", random(), random());
  return text.data();
}

}  // namespace

StoredLog OpenStoredLog(const core::Config& config, core::CoreStrand& strand) {
  StoredLog log;
  log.beginning.epoch = NewEpoch();
  if (config.event_log.directory.empty()) return log;
  auto store = core::SqliteEventStore::Open(
      strand, config.event_log, config.events, log.beginning.epoch,
      [](const std::string& warning) { LogWarning(warning); },
      core::SqliteEventStore::Pauses());
  log.status = store.status();
  if (!store.ok()) return log;
  log.store = *std::move(store);
  log.beginning = log.store->TakeBeginning();
  return log;
}

}  // namespace clawplane::server
