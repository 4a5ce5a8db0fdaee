// A program that launches another one, passes its output on, and tells of its
// end: a stand-in for a manager that a test can kill. As PID 1 it stays for the
// orphans, else it ends then.
//
//   launching_parent end|leave EXECUTABLE [ARGUMENT...]
//
// `end`: the child ends with this program.

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <iostream>
#include <memory>
#include <string_view>
#include <variant>

#include "core/io/core_strand.h"
#include "core/io/process_launcher.h"

namespace core = clawplane::core;

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  boost::asio::io_context io;
  core::CoreStrand strand(io);
  core::ChildProcessLauncher launcher(
      strand, {.end_with_parent = std::string_view(argv[1]) == "end"});
  const core::LaunchSpec spec{.executable = argv[2],
                              .arguments = {argv + 3, argv + argc},
                              .directory = "/",
                              .environment = {"PATH=/usr/bin:/bin"}};
  std::unique_ptr<core::Process> child;
  strand.Post([&] {
    auto launched = launcher.Launch(
        spec, {.on_line = [](core::LogSource, std::string_view line,
                             size_t) { std::cout << line << std::endl; },
               .on_stopped = {},
               .on_gone =
                   [&](const core::ProcessGone& gone) {
                     std::cout << "gone: " << core::Describe(gone.exit)
                               << ", stragglers: " << gone.stragglers
                               << std::endl;
                     if (::getpid() != 1) launcher.Close();
                   }});
    if (auto* started =
            std::get_if<std::unique_ptr<core::Process>>(&launched)) {
      child = std::move(*started);
    } else {
      std::cout << std::get<core::Fault>(launched).message << std::endl;
    }
  });
  io.run();
  return 0;
}
