// Writes events as fast as they are read, until it is killed or, at SIGTERM,
// ends in order. It tells on its standard output:
//
//   begin EPOCH LAST          with what the log begins
//   told SEQUENCE CONTENT     what a reader may have been told
//   durable FIRST LAST        what outlives it
//
// Usage: event_writer DIRECTORY NEW_EPOCH SEED

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>

#include "core/io/event_keeper.h"
#include "core/io/sqlite_event_store.h"
#include "core/model/text.h"
#include "tests/core/io/running_strand.h"

namespace clawplane::core {
namespace {

volatile sig_atomic_t ending = 0;

void Say(const std::string& line) {
  // A write of less than a page to a pipe is whole or is not there.
  const std::string whole = line + "\n";
  if (::write(STDOUT_FILENO, whole.data(), whole.size()) < 0) ::_exit(1);
}

int Write(const std::string& directory, const std::string& epoch,
          uint32_t seed) {
  std::mt19937 random(seed);
  RunningStrand running;
  EventLogConfig config;
  config.directory = directory;
  config.commit_interval = std::chrono::milliseconds(random() % 3);
  const EventLog::Limits memory{.max_events = 4096};
  auto store = SqliteEventStore::Open(running.strand(), config, memory, epoch,
                                      Say, SqliteEventStore::Pauses());
  if (!store.ok()) {
    Say(Concat("failed ", std::string(store.status().message())));
    return 1;
  }
  LogBeginning beginning = (*store)->TakeBeginning();
  EventLog log(beginning.epoch, memory);
  EventKeeper keeper(running.strand(), log);
  Say(Concat("begin ", beginning.epoch, " ", beginning.last));
  DurableRange told;
  const auto turn = [&] {
    // No faster than the disk, so that nothing is left out.
    const bool has_room =
        log.last() < keeper.stored().durable.last + memory.max_events / 2;
    for (uint32_t i = has_room ? random() % 20 : 0; i > 0; --i) {
      const std::string content = std::to_string(random());
      // Some events are pages long.
      const size_t padding = random() % 50 == 0 ? 20'000 : random() % 300;
      const uint64_t sequence =
          log.Append({EventKind::kNotification,
                      content,
                      GatewayPayload{std::string(padding, ' ')},
                      {}},
                     std::chrono::system_clock::now());
      keeper.OnAppend();
      Say(Concat("told ", sequence, " ", content));
    }
    const DurableRange durable = keeper.stored().durable;
    if (durable == told) return;
    told = durable;
    Say(Concat("durable ", durable.first, " ", durable.last));
  };
  running.Do([&] {
    if (beginning.last > 0) {
      log.Resume(beginning.last, std::move(beginning.newest));
    }
    keeper.Begin(**store, beginning, Say);
  });
  while (ending == 0) running.Do(turn);
  running.Do([&] { keeper.Finish(); });
  running.End();
  store->reset();
  Say("ended");
  return 0;
}

}  // namespace
}  // namespace clawplane::core

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  ::signal(SIGTERM, [](int) { clawplane::core::ending = 1; });
  return clawplane::core::Write(
      argv[1], argv[2],
      static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10)));
}
