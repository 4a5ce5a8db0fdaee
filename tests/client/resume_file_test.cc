#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "client/clawctl/commands.h"
#include "client/clawctl/place_file.h"
#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"
#include "tests/client/responses.h"
#include "tests/wait_for.h"

namespace clawplane::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What a pipe takes that nobody reads.
constexpr size_t kPipeBytes = 64 * 1024;

const grpc::Status kGone(grpc::StatusCode::UNAVAILABLE, "gone");

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(PlaceFile, HoldsThePositionStoredLast) {
  const TempDir directory;
  const std::string file = directory.path() + "/place";

  EXPECT_FALSE(clawctl::ReadPlace(file)->has_value());
  ASSERT_TRUE(clawctl::StorePlace(file, At("e1", 7)).ok());
  ASSERT_TRUE(clawctl::StorePlace(file, At("e1", 8)).ok());

  EXPECT_EQ(ReadFile(file), "e1:8\n");
  EXPECT_EQ((*clawctl::ReadPlace(file))->sequence(), 8u);
  const std::filesystem::directory_iterator files(directory.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(PlaceFile, WritesThroughNoLinkThatSomebodyPutBesideIt) {
  const TempDir directory;
  const std::string precious = directory.Write("precious", "precious");
  const std::string file = directory.path() + "/place";
  std::filesystem::create_symlink(precious, file + ".new");

  ASSERT_TRUE(clawctl::StorePlace(file, At("e1", 7)).ok());

  EXPECT_EQ(ReadFile(precious), "precious");
  EXPECT_EQ(ReadFile(file), "e1:7\n");
}

TEST(PlaceFile, LeavesNothingBehindWhereItCannotBeWritten) {
  const TempDir directory;
  const std::string file = directory.path() + "/place";
  std::filesystem::create_directory(file);

  EXPECT_FALSE(clawctl::StorePlace(file, At("e1", 7)).ok());

  const std::filesystem::directory_iterator files(directory.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(PlaceFile, IsLockedForOneAtATime) {
  const TempDir directory;
  const std::string file = directory.path() + "/place";
  auto first = std::make_unique<absl::StatusOr<clawctl::PlaceLock>>(
      clawctl::PlaceLock::Take(file));
  ASSERT_TRUE(first->ok());

  EXPECT_EQ(std::string(clawctl::PlaceLock::Take(file).status().message()),
            "the resume file " + file + " is in use by another run");
  first.reset();
  EXPECT_TRUE(clawctl::PlaceLock::Take(file).ok());
}

TEST(PlaceFile, RefusesAnythingElse) {
  const TempDir directory;
  for (const std::string text :
       {"", "\n", "e1", "e1:", ":1", "e1:x", "e1:1\ne1:2\n", "e1:01\n",
        "e1:1 \n", "e1:99999999999999999999"}) {
    const std::string file = directory.Write("place", text);

    const auto place = clawctl::ReadPlace(file);

    EXPECT_FALSE(place.ok()) << text;
    EXPECT_THAT(std::string(place.status().message()),
                AllOf(HasSubstr(file), HasSubstr("remove it")));
  }
}

TEST(PlaceFile, SaysWhyItCannotBeReadOrWritten) {
  const TempDir directory;

  EXPECT_FALSE(clawctl::ReadPlace(directory.path()).ok());
  EXPECT_THAT(std::string(clawctl::StorePlace(directory.path() + "/none/place",
                                              At("e1", 1))
                              .message()),
              HasSubstr("No such file"));
}

// A server whose attempts are played one after another; the last stays open.
class ResumeFileTest : public ::testing::Test {
 protected:
  ResumeFileTest() : file_(server_.directory().path() + "/place") {
    server_.events = [this](auto& context, const auto& request, auto& writer) {
      size_t number = 0;
      {
        absl::MutexLock lock(&mutex_);
        number = requests_.size();
        requests_.push_back(request);
      }
      for (const auto& response : attempts_.at(number)) writer.Write(response);
      if (breaks_ && number + 1 < attempts_.size()) return kGone;
      FakeServer::WaitUntilCancelled(context);
      return grpc::Status::CANCELLED;
    };
  }

  ClawctlRun::Result Run(std::vector<std::string> arguments) {
    std::vector<std::string> all = {"events", "--resume-file", file_};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunClawctl(server_, all);
  }

  absl::Mutex mutex_;
  std::vector<v1::StreamEventsRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<v1::StreamEventsResponse>> attempts_;
  bool breaks_ = true;
  FakeServer server_;
  const std::string file_;
};

TEST_F(ResumeFileTest, GoesOnWhereTheLastRunEnded) {
  breaks_ = false;
  attempts_ = {{Bookmark("e1", 0), Events("e1", {1, 2, 3})},
               {Bookmark("e1", 2), Events("e1", {3, 4})}};

  const auto first = Run({"--count", "2", "--from-oldest"});
  EXPECT_EQ(ReadFile(file_), "e1:2\n");
  const auto second = Run({"--count", "2", "--from-oldest"});

  EXPECT_EQ(first.code, 0);
  EXPECT_THAT(first.out, Not(HasSubstr("e1:3 ")));
  EXPECT_THAT(second.out, AllOf(HasSubstr("e1:3 "), HasSubstr("e1:4 ")));
  EXPECT_EQ(ReadFile(file_), "e1:4\n");
  absl::MutexLock lock(&mutex_);
  EXPECT_TRUE(requests_[0].from_oldest());
  EXPECT_EQ(requests_[1].after().sequence(), 2u);
}

TEST_F(ResumeFileTest, GoesOnWhenTheServerIsThereAgain) {
  attempts_ = {
      {Bookmark("e1", 0), Events("e1", {1})},
      {},
      {Bookmark("e1", 1), Gap(At("e1", 1), At("e2", 3)), Events("e2", {4})}};

  const auto run = Run({"--count", "2"});

  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("e1:1 "), HasSubstr("e2:4 ")));
  EXPECT_EQ(run.err,
            "bookmark: e1:0\nthe connection was lost to the server at " +
                server_.unix_target() +
                " (gone) [UNAVAILABLE]; trying again\n"
                "the server at " +
                server_.unix_target() +
                " is there again\nbookmark: e1:1\n"
                "gap: events after e1:1 up to e2:3 are lost\n");
  EXPECT_EQ(ReadFile(file_), "e2:4\n");
}

TEST_F(ResumeFileTest, TellsOnlyOfAGapIfQuiet) {
  attempts_ = {{Bookmark("e1", 0), Events("e1", {1})},
               {Gap(At("e1", 1), At("e2", 3)), Events("e2", {4})}};

  EXPECT_EQ(Run({"--count", "2", "-q"}).err,
            "gap: events after e1:1 up to e2:3 are lost\n");
}

TEST_F(ResumeFileTest, KeepsThePlaceBeforeAnyEventAndThroughAKill) {
  attempts_ = {{Bookmark("e1", 6)}};
  ClawctlRun run(To(server_, {"events", "--resume-file", file_}));

  run.AwaitErr("bookmark: e1:6");
  EXPECT_TRUE(testing::WaitFor([&] { return !ReadFile(file_).empty(); }));
  run.Signal(SIGKILL);

  EXPECT_EQ(run.Finish().code, -SIGKILL);
  EXPECT_EQ(ReadFile(file_), "e1:6\n");
}

TEST_F(ResumeFileTest, KeepsThePlaceAtCtrlC) {
  attempts_ = {{Bookmark("e1", 0), Events("e1", {1, 2})}};
  ClawctlRun run(To(server_, {"events", "-q", "--resume-file", file_}));

  run.AwaitOut("e1:2 ");
  run.Signal(SIGINT);

  EXPECT_EQ(run.Finish().code, 130);
  EXPECT_EQ(ReadFile(file_), "e1:2\n");
}

TEST_F(ResumeFileTest, StopsWithoutAWordWhenNobodyReads) {
  attempts_ = {{Bookmark("e1", 0), Events("e1", {1})}};
  ClawctlRun run(To(server_, {"events", "-q", "--resume-file", file_}));

  run.AwaitOut("e1:1 ");
  run.CloseOut();
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(ResumeFileTest, KeepsNoPlaceOfWhatCouldNotBeWritten) {
  std::vector<uint64_t> numbers(10'000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = i + 1;
  attempts_ = {{Bookmark("e1", 0), Events("e1", numbers)}};
  ClawctlRun run(To(server_, {"events", "-q", "--resume-file", file_}));

  run.AwaitOut("e1:1 ");
  run.CloseOut();
  run.Finish();

  // What the pipe holds was written, as far as anybody can tell.
  const size_t shortest = run.read_out().find('\n') + 1;
  const auto place = clawctl::ReadPlace(file_);
  ASSERT_TRUE(place.ok());
  EXPECT_LE(*place ? (**place).sequence() : 0,
            (run.read_out().size() + kPipeBytes) / shortest);
}

TEST_F(ResumeFileTest, RefusesAFileThatHoldsSomethingElse) {
  std::ofstream(file_) << "precious\n";

  const auto run = Run({});

  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("clawctl: the resume file " + file_));
  EXPECT_EQ(ReadFile(file_), "precious\n");
}

TEST_F(ResumeFileTest, BeginsNotWhereThereIsNoFolderForIt) {
  const auto run = RunClawctl(server_, {"events", "--resume-file",
                                        server_.directory().path() + "/no/f"});

  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("/no/f.lock: No such file"));
}

TEST_F(ResumeFileTest, EndsWhereThePlaceCannotBeKept) {
  const std::string folder = server_.directory().path() + "/folder";
  std::filesystem::create_directory(folder);
  server_.events = [&folder](auto& context, const auto&, auto& writer) {
    std::filesystem::remove_all(folder);
    writer.Write(Events("e1", {1}));
    FakeServer::WaitUntilCancelled(context);
    return grpc::Status::CANCELLED;
  };

  const auto run =
      RunClawctl(server_, {"events", "--resume-file", folder + "/place"});

  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("clawctl: cannot keep the position: "));
}

// In a process of its own, because it blocks a signal.
void FollowIntoADescriptorThatCannotBeSynced() {
  alarm(30);
  clawctl::Interrupt interrupt;
  FakeServer server;
  server.events = [](auto& context, const auto&, auto& writer) {
    writer.Write(Bookmark("e1", 0));
    FakeServer::WaitUntilCancelled(context);
    return grpc::Status::CANCELLED;
  };
  Target target;
  target.address = server.unix_target();
  Connection connection(target);
  clawctl::Output output(-1);
  clawctl::Session session(clawctl::SharedOptions(), connection, output,
                           interrupt);
  CLI::App app;
  clawctl::Command command;
  clawctl::AddEventsCommand(app, command);
  app.parse("events --resume-file " + server.directory().path() + "/place");
  _exit(command.run(session));
}

TEST(ResumeFileDeathTest, EndsWhereTheOutputCannotBeSynced) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");

  EXPECT_EXIT(FollowIntoADescriptorThatCannotBeSynced(),
              ::testing::ExitedWithCode(1), "");
}

TEST_F(ResumeFileTest, RefusesAFileThatAnotherRunUses) {
  attempts_ = {{Bookmark("e1", 6)}, {}};
  ClawctlRun first(To(server_, {"events", "--resume-file", file_}));
  first.AwaitErr("bookmark: e1:6");

  const auto second = Run({"--count", "1"});

  EXPECT_EQ(second.code, 2);
  EXPECT_EQ(second.err, "clawctl: the resume file " + file_ +
                            " is in use by another run\n");
}

TEST_F(ResumeFileTest, RefusesAnEmptyName) {
  for (const std::vector<std::string>& option :
       {std::vector<std::string>{"--resume-file", ""},
        std::vector<std::string>{"--resume-file="}}) {
    std::vector<std::string> arguments = {"events", "--count", "1"};
    arguments.insert(arguments.end(), option.begin(), option.end());

    EXPECT_EQ(RunClawctl(server_, arguments).code, 2) << option[0];
  }
}

TEST_F(ResumeFileTest, SaysHowToBeginAnewWhereEventsAreLost) {
  server_.events = [](auto&, const auto&, auto&) {
    return Refusal(grpc::StatusCode::OUT_OF_RANGE, "lost", "EVENTS_LOST");
  };

  const auto run = Run({"--fail-on-gap"});

  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("next: remove " + file_ +
                                 " to begin anew, or leave --fail-on-gap out"));
}

TEST_F(ResumeFileTest, EndsWhereTheServerRefuses) {
  server_.events = [](auto&, const auto&, auto&) {
    return Refusal(grpc::StatusCode::UNAUTHENTICATED, "no", "TOKEN_REQUIRED");
  };

  EXPECT_EQ(Run({}).code, 5);
}

TEST(Reconnect, IsNotWithoutBeingAskedFor) {
  FakeServer server;
  server.events = [](auto&, const auto&, auto& writer) {
    writer.Write(Bookmark("e1", 0));
    writer.Write(Events("e1", {1}));
    return kGone;
  };

  const auto run = RunClawctl(server, {"events"});

  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err, HasSubstr("go on from here with --after e1:1\n"));
}

TEST(Reconnect, GoesOnWithStatuses) {
  FakeServer server;
  std::atomic<int> calls = 0;
  server.statuses = [&calls](auto& context, const auto&, auto& writer) {
    v1::StreamStatusResponse response;
    *response.mutable_status() =
        StatusOf(calls == 0 ? v1::GatewayStatus::STATE_RUNNING
                            : v1::GatewayStatus::STATE_STOPPED);
    writer.Write(response);
    if (calls++ == 0) return kGone;
    FakeServer::WaitUntilCancelled(context);
    return grpc::Status::CANCELLED;
  };
  ClawctlRun run(To(server, {"status", "--watch", "--reconnect"}));

  run.AwaitOut("stopped");
  run.Signal(SIGINT);
  const auto result = run.Finish();

  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.out, HasSubstr("running"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("; trying again\n"),
                                HasSubstr(" is there again\n")));
}

}  // namespace
}  // namespace clawplane::client
