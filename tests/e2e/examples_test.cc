// The examples of clients, each built as its README says, on a daemon that is
// killed beneath them.

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clawplane/v1/gateway.pb.h"
#include "tests/e2e/daemon_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ExamplesTest : public DaemonTest {
 protected:
  // Runs a command to its end, which must be a good one.
  void Build(const std::vector<std::string>& command,
             const std::vector<std::string>& variables = {}) {
    Child child(command, variables, Emitted(absl::StrCat("build-", ++builds_)));
    ASSERT_EQ(child.Wait(std::chrono::minutes(3)), 0)
        << child.output() << child.errors();
  }

  static std::string Folder(const std::string& name) {
    return absl::StrCat(SOURCE_DIRECTORY, "/client/examples/", name);
  }

  // Publishes an event with this number.
  void Emit(int number) {
    const Said said =
        Clawctl({"call", "--wait-until-running", "fake.emit",
                 absl::StrCat(R"({"event":"example","payload":{"number":)",
                              number, "}}")});
    ASSERT_EQ(said.exit_code, 0) << said.errors;
  }

  void KillDaemon() {
    CollectSecrets();
    daemon_->Signal(SIGKILL);
    daemon_->Wait();
    daemon_.reset();
  }

  std::unique_ptr<Child> Run(std::vector<std::string> command,
                             const std::vector<std::string>& variables,
                             const std::string& target) {
    command.push_back(target);
    command.push_back(place_file());
    return std::make_unique<Child>(command, variables,
                                   Emitted(absl::StrCat("run-", ++runs_)));
  }

  struct Position {
    std::string epoch;
    uint64_t sequence = 0;
  };

  // Of the example's latest event, as the log has it.
  Position LatestPosition() {
    auto reader = RunClawctl(
        {"events", "--from-oldest", "--name", "example", "--json", "-q"});
    EXPECT_TRUE(reader->WaitForOutput("\"example\"")) << reader->errors();
    reader->Signal(SIGINT);
    reader->Wait();
    Position latest;
    std::istringstream lines(reader->output());
    for (std::string line; std::getline(lines, line);) {
      v1::StreamEventsResponse response;
      EXPECT_TRUE(
          google::protobuf::util::JsonStringToMessage(line, &response).ok());
      for (const v1::Event& event : response.events()) {
        if (event.name() == "example") {
          latest = {event.epoch(), event.sequence()};
        }
      }
    }
    return latest;
  }

  // What an example has stored.
  Position StoredPosition() const {
    Position position;
    std::ifstream(place_file()) >> position.epoch >> position.sequence;
    return position;
  }

  std::string place_file() const { return place_ / "place"; }

  void ExpectToFollow(const std::vector<std::string>& command,
                      std::vector<std::string> variables);

 private:
  int builds_ = 0;
  int runs_ = 0;
};

void ExamplesTest::ExpectToFollow(const std::vector<std::string>& command,
                                  std::vector<std::string> variables) {
  WriteConfig(LaunchFake());
  StartDaemon();
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  // A place in a log that never was.
  std::ofstream(place_file()) << "elsewhere 5";

  auto first = Run(command, variables, "unix:" + socket());
  ASSERT_TRUE(first->WaitForOutput("gap: up to ")) << first->errors();
  Emit(1);
  ASSERT_TRUE(first->WaitForOutput("example {\"number\":1}"));
  KillDaemon();
  ASSERT_TRUE(first->WaitForOutput("UNAVAILABLE")) << first->output();
  StartDaemon();
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  Emit(2);
  ASSERT_TRUE(first->WaitForOutput("example {\"number\":2}"));
  // An example killed between its print and its save would print it again.
  const Position second_event = LatestPosition();
  ASSERT_TRUE(WaitFor([&] {
    const Position kept = StoredPosition();
    return kept.epoch == second_event.epoch &&
           kept.sequence >= second_event.sequence;
  })) << ReadFile(place_file());
  first->Signal(SIGKILL);
  first->Wait();
  Emit(3);
  // The other way in, with a token.
  variables.push_back("CLAWPLANE_TOKEN_FILE=" + state_directory() +
                      "/access.token");
  auto second = Run(command, variables, tcp_address());
  ASSERT_TRUE(second->WaitForOutput("example {\"number\":3}"))
      << second->output() << second->errors();

  second->Signal(SIGKILL);
  second->Wait();
  // A file without a place is not taken for none.
  std::ofstream(place_file()) << "torn";
  EXPECT_EQ(Run(command, variables, tcp_address())->Wait(), 1);

  const std::string said = first->output();
  EXPECT_THAT(said, StartsWith("state: STATE_RUNNING\nanswer: {"));
  EXPECT_THAT(said, HasSubstr("refused: INVALID_ARGUMENT INVALID_REQUEST "
                              "(openclaw.gateway), OUTCOME_REPLIED\n"));
  EXPECT_EQ(said.find("{\"number\":1}"), said.rfind("{\"number\":1}"));
  EXPECT_THAT(second->output(), AllOf(Not(HasSubstr("\"number\":1")),
                                      Not(HasSubstr("\"number\":2"))));
}

// ---- C++, against the installed library

TEST_F(ExamplesTest, FollowsInCpp) {
  const std::string prefix = place_ / "installed";
  const std::string build = place_ / "build";
  Build({CMAKE_PROGRAM, "--install", BUILD_DIRECTORY, "--component", "dev",
         "--prefix", prefix});
  Build({CMAKE_PROGRAM, "-G", "Ninja", "-S", Folder("cpp"), "-B", build,
         "-DCMAKE_PREFIX_PATH=" + prefix,
         "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror"});
  Build({CMAKE_PROGRAM, "--build", build});

  ExpectToFollow({build + "/follow_events"}, {});
}

TEST_F(ExamplesTest, InstallsNothingForProgrammersWithTheProgramsAlone) {
  const std::string prefix = place_ / "installed";

  Build({CMAKE_PROGRAM, "--install", BUILD_DIRECTORY, "--component", "programs",
         "--prefix", prefix});

  EXPECT_TRUE(fs::exists(prefix + "/bin/clawctl"));
  EXPECT_TRUE(fs::exists(prefix + "/bin/clawplaned"));
  EXPECT_FALSE(fs::exists(prefix + "/include"));
  EXPECT_FALSE(fs::exists(prefix + "/lib"));
}

TEST_F(ExamplesTest, AreWhatTheReadmeShows) {
  const std::string mark = "// [readme]\n";
  const std::string source = ReadFile(Folder("cpp/follow_events.cc"));
  const size_t begin = source.find(mark) + mark.size();
  const std::string shown =
      source.substr(begin, source.find(mark, begin) - begin);
  const std::string readme =
      ReadFile(absl::StrCat(SOURCE_DIRECTORY, "/README.md"));

  EXPECT_THAT(shown, HasSubstr("stream.Next()"));
  EXPECT_NE(readme.find("```cpp\n" + shown + "```\n"), readme.npos);
  EXPECT_NE(readme.find("```cmake\n" + ReadFile(Folder("cpp/CMakeLists.txt")) +
                        "```\n"),
            readme.npos);
}

// ---- Python, with Debian's packages

TEST_F(ExamplesTest, FollowsInPython) {
  const std::string generated = place_ / "generated";
  Build({"/bin/bash", Folder("python/generate.sh"),
         absl::StrCat(SOURCE_DIRECTORY, "/proto"), generated});

  ExpectToFollow({"/usr/bin/python3", Folder("python/follow_events.py")},
                 {"PYTHONPATH=" + generated, "PYTHONDONTWRITEBYTECODE=1"});
}

// ---- Node, with what npm installed

TEST_F(ExamplesTest, FollowsInNode) {
  const char* const node = std::getenv("CLAWPLANE_TEST_NODE");
  const char* const modules = std::getenv("CLAWPLANE_TEST_EXAMPLE_MODULES");
  ASSERT_TRUE(node != nullptr && modules != nullptr)
      << "set CLAWPLANE_TEST_NODE to a Node and CLAWPLANE_TEST_EXAMPLE_MODULES "
         "to the node_modules of client/examples/node";
  const std::string program = place_ / "follow_events.mjs";
  fs::copy_file(Folder("node/follow_events.mjs"), program);
  fs::create_directory_symlink(modules, place_ / "node_modules");
  Build(
      {"/bin/bash", Folder("node/generate.sh"),
       absl::StrCat(SOURCE_DIRECTORY, "/proto"), place_ / "generated", modules},
      {absl::StrCat("PATH=", fs::path(node).parent_path().string(), ":",
                    std::getenv("PATH"))});

  ExpectToFollow({node, program}, {});
}

}  // namespace
}  // namespace clawplane::testing
