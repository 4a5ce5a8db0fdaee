// clawctl --targets: streams of many servers, JSON, and the terminal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"
#include "tests/client/fleet_fixture.h"
#include "tests/client/responses.h"

namespace clawplane::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(Fleet, PrintsAnObjectForEachServerAsJson) {
  Make(1);

  const auto run = Run({"status", "--json"}, "," + Nowhere());

  EXPECT_EQ(run.code, 7);
  EXPECT_THAT(run.out, HasSubstr(R"({"target":"a","exit_code":0,"answer":)"
                                 R"({"status":{"name":"gateway-a",)"));
  EXPECT_THAT(run.out, HasSubstr(absl::StrCat(
                           R"({"target":"unix:)", Nowhere(),
                           R"(","exit_code":3,"error":"cannot get the )"
                           R"(status: no server answers)")));
  EXPECT_THAT(run.out, HasSubstr(R"("next_step":"start the server)"));
}

TEST_F(Fleet, TellsProgramsWhatWasNotTried) {
  Make(2);

  const auto run = Run({"stop", "--parallel", "1", "--fail-fast", "--json"});

  EXPECT_THAT(run.out, HasSubstr(R"({"target":"b","error":"not tried"})"));
}

// Sends an event of this number, and waits for ever.
auto Send(uint64_t number) {
  return [number](FakeServer::Context& context, const v1::StreamEventsRequest&,
                  grpc::ServerWriter<v1::StreamEventsResponse>& writer) {
    writer.Write(Bookmark("e", number - 1));
    writer.Write(Events("e", {number}));
    FakeServer::WaitUntilCancelled(context);
    return grpc::Status::CANCELLED;
  };
}

TEST_F(Fleet, FollowsAllUntilCtrlC) {
  Make(2);
  servers_[0].events = Send(7);
  servers_[1].events = Send(8);
  // One thread at a time would never get to the other.
  ClawctlRun run(With({"events", "--parallel", "1"}, "," + Nowhere()));
  run.AwaitOut("a: e:7  ");
  run.AwaitOut("b: e:8  ");
  run.AwaitErr("nobody.sock: cannot follow the events: no server answers");

  run.Signal(SIGINT);

  const auto result = run.Finish();
  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.err, HasSubstr("a: bookmark: e:6\n"));
  EXPECT_THAT(result.err, HasSubstr("0 ok, 2 interrupted, 1 failed: unix:"));
}

TEST_F(Fleet, PrintsItemsOfStreamsAsJson) {
  Make(1);
  servers_[0].events = Send(7);

  const auto run = Run({"events", "--json", "--count", "1"}, "," + Nowhere());

  EXPECT_EQ(run.code, 7);
  EXPECT_THAT(run.out, AllOf(HasSubstr(R"({"target":"a","item":{"bookmark":)"),
                             HasSubstr(R"({"target":"a","item":{"events":[{)"),
                             HasSubstr(R"({"target":"a","exit_code":0})")));
  EXPECT_THAT(run.out, HasSubstr(R"("exit_code":3,"error":"cannot follow)"));
}

TEST_F(Fleet, EndsWhenNobodyReadsItsStreams) {
  Make(2);
  servers_[0].events = Send(7);
  servers_[1].events = Send(8);
  ClawctlRun run(With({"events"}));
  run.AwaitOut("a: e:7  ");
  run.AwaitOut("b: e:8  ");

  run.CloseOut();

  EXPECT_EQ(run.Finish().code, 0);
}

TEST_F(Fleet, ShowsHowFarItIsOnATerminal) {
  Make(2);

  const auto run = Run({"status"}, "", {.terminal = true});
  const auto quiet = Run({"status", "-q"}, "", {.terminal = true});

  EXPECT_THAT(run.err, AllOf(HasSubstr("0 of 2"), HasSubstr("2 of 2"),
                             HasSubstr("\x1b[K2 ok")));
  EXPECT_EQ(quiet.err, "");
}

}  // namespace
}  // namespace clawplane::client
