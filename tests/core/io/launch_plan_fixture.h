// A machine, made of files, on which a gateway is to be found.

#ifndef CLAWPLANE_TESTS_CORE_IO_LAUNCH_PLAN_FIXTURE_H_
#define CLAWPLANE_TESTS_CORE_IO_LAUNCH_PLAN_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/io/launch_plan.h"
#include "core/model/text.h"

namespace clawplane::core {

inline constexpr char kToken[] = "tok-5eb1c3d09a7f";
inline constexpr uint16_t kPort = 4321;

class LaunchPlanTest : public ::testing::Test {
 protected:
  LaunchPlanTest() {
    std::string pattern = ::testing::TempDir() + "/launch_plan.XXXXXX";
    root_ = std::filesystem::canonical(::mkdtemp(pattern.data()));
    std::filesystem::create_directories(root_ / "bin");
    environment_ = {Concat("PATH=", Path("none"), ":", Path("bin")),
                    "HOME=/home/me", "LANG=C"};
  }
  ~LaunchPlanTest() override { std::filesystem::remove_all(root_); }

  std::string Path(std::string_view name) const {
    return (root_ / name).string();
  }
  void Write(std::string_view name, std::string_view text = "") const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  void WriteProgram(std::string_view name) const {
    Write(name, "#!/bin/sh\n");
    std::filesystem::permissions(root_ / name,
                                 std::filesystem::perms::owner_all);
  }
  // A package as npm installs it.
  void InstallPackage(const std::string& where) const {
    Write(where + "/openclaw.mjs", "#!/usr/bin/env node\n");
    std::filesystem::permissions(root_ / where / "openclaw.mjs",
                                 std::filesystem::perms::owner_all);
    std::filesystem::create_directories(root_ / where / "dist");
    std::filesystem::create_directories(root_ / where / "node_modules");
  }
  // As above, under the name of 2026.1.
  void InstallClawdbot(const std::string& where) const {
    Write(where + "/dist/entry.js", "#!/usr/bin/env node\n");
    std::filesystem::permissions(root_ / where / "dist/entry.js",
                                 std::filesystem::perms::owner_all);
    Write(where + "/package.json",
          "{\"bin\": {\n    \"clawdbot\": \"dist/entry.js\"\n  },\n"
          "\"scripts\": {\"dev\": \"node run.mjs\"}}");
    std::filesystem::create_directories(root_ / where / "node_modules");
  }
  // The sources as they are checked out, with what `pnpm install` adds.
  void CheckOut(const std::string& where) const {
    Write(where + "/openclaw.mjs");
    Write(where + "/package.json", R"({"scripts":{"dev":"node run.mjs"}})");
    std::filesystem::create_directories(root_ / where / "node_modules");
  }

  std::variant<LaunchSpec, Fault> Plan() const {
    return PlanLaunch(config_, kPort, kToken, environment_);
  }
  LaunchSpec Spec() const {
    auto plan = Plan();
    if (const auto* fault = std::get_if<Fault>(&plan)) {
      ADD_FAILURE() << fault->message;
      return {};
    }
    return std::get<LaunchSpec>(std::move(plan));
  }
  // What is missing. It says what to do, and nothing of the token.
  Fault Missing() const {
    auto plan = Plan();
    if (std::holds_alternative<LaunchSpec>(plan)) {
      ADD_FAILURE() << "nothing is missing";
      return {};
    }
    Fault fault = std::get<Fault>(std::move(plan));
    EXPECT_NE(fault.next_step, "");
    EXPECT_THAT(Concat(fault.message, fault.next_step),
                ::testing::Not(::testing::HasSubstr(kToken)));
    return fault;
  }

  std::filesystem::path root_;
  GatewayConfig config_;
  std::vector<std::string> environment_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_LAUNCH_PLAN_FIXTURE_H_
