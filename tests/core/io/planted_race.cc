// Two threads add to one event log: on the strand, or with `planted` one of
// them beside it. Shows that ThreadSanitizer finds such a race in code like
// ours, so that its silence about the tests means something.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>
#include <string_view>
#include <thread>

#include "core/io/core_strand.h"
#include "core/model/event_log.h"

namespace {

using namespace clawplane::core;

int AppendFromTwoThreads(bool planted) {
  constexpr int kEach = 1000;
  boost::asio::io_context io(1);
  CoreStrand strand(io);
  EventLog log("epoch", {});
  const auto append = [&] {
    log.Append(OwnEvent(EventKind::kError, ErrorDetail{.message = "m"}), {});
  };
  auto work = boost::asio::make_work_guard(io);
  std::thread io_thread([&] { io.run(); });
  for (int i = 0; i < kEach; ++i) {
    strand.Post(append);
    if (planted) {
      append();
    } else {
      strand.RunOrPost(append);
    }
  }
  work.reset();
  io_thread.join();
  std::cout << log.last() << '\n';
  return log.last() == 2 * kEach ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return AppendFromTwoThreads(argc > 1 &&
                              std::string_view(argv[1]) == "planted");
}
