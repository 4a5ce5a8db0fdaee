#!/bin/bash
# lint_test.sh BUF: plants one fault after the other in a small tree of its own
# and expects the check to name it. A check that cannot fail is none.
set -euo pipefail
buf=$1
here=$PWD
lint=$here/deploy/dev/lint
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

plant() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/{core/model,core/io,server,client,proto/toy/v1,build}
  cp .clang-tidy buf.yaml "$tree"
  (
    cd "$tree"
    printf '#include <string>\n#include "core/model/a.h"\n' >core/model/a.cc
    printf 'int Answer();\n' >core/model/a.h
    printf '#include <mutex>\n#include "core/model/a.h"\n' >core/io/b.cc
    printf '#include "core/io/b.h"\n#include <grpcpp/x.h>\n' >server/c.cc
    printf '#include "toy/v1/toy.grpc.pb.h"\n' >client/d.cc
    cat >proto/toy/v1/toy.proto <<'PROTO'
syntax = "proto3";
package toy.v1;
// A toy.
message Toy {
  // Its name.
  string name = 1;
}
PROTO
    "$buf" build --exclude-source-info -o proto/image.binpb
  )
}

# red WHAT EXPECTED COMMAND...: the command fails in the tree, and says EXPECTED.
red() {
  local what=$1 expected=$2 output
  shift 2
  if output=$(cd "$tree" && "$@" 2>&1); then
    echo "not found: $what"
  elif ! grep -q -- "$expected" <<<"$output"; then
    echo "found, but not named \"$expected\": $what"
    printf '%s\n' "$output"
  else
    return 0
  fi
  failures=$((failures + 1))
}

green() {
  local what=$1 output
  shift
  output=$(cd "$tree" && "$@" 2>&1) && return
  echo "red without a fault: $what"
  printf '%s\n' "$output"
  failures=$((failures + 1))
}

# include FILE LINE EXPECTED: a line that the layering forbids.
include() {
  plant
  printf '%s\n' "$2" >>"$tree/$1"
  red "$1: $2" "$3" "$lint/layering.sh"
}

plant
green layering "$lint/layering.sh"
green text "$lint/text.sh"
green api "$lint/api.sh" "$buf"

include core/model/a.cc '#include <boost/asio.hpp>' 'no Boost'
include core/model/a.h '# include <mutex>' 'no threads'
include core/model/a.cc '#include <sys/types.h>' 'system calls'
include core/model/a.cc 'auto t = Clock::now();' 'no clock'
include core/model/a.cc '#include "core/io/ports.h"' 'but itself'
include core/io/b.cc '#include <grpcpp/grpcpp.h>' 'no gRPC'
include core/io/b.cc '#include "clawplane/v1/gateway.pb.h"' 'no protobuf'
include core/io/b.cc '#include "server/a.h"' 'neither server'
include client/d.cc '#include "core/model/a.h"' 'public API alone'
include server/c.cc '#include "client/d.h"' 'does not know client'
include server/c.cc '#include "tests/fake.h"' 'only tests'

plant
printf '//%.0s\n' {1..401} >"$tree/server/long.cc"
red "a long file" "server/long.cc: 401 lines" "$lint/text.sh"
plant
echo "// TO""DO: later" >>"$tree/client/d.cc"
red "unfinished work" "client/d.cc:2" "$lint/text.sh"
plant
echo "see /wor""k/notes" >>"$tree/proto/notes.txt"
red "a machine's path" "notes.txt:1" "$lint/text.sh"
plant
echo "deb.deb""ian.org" >>"$tree/core/io/b.cc"
red "a host" "b.cc:3" "$lint/text.sh"
plant
echo '  "resol''ved": "x"' >>"$tree/client/package-lock.json"
red "an address in a lock file" "package-lock.json:1" "$lint/text.sh"

plant
sed -i '/Its name/d' "$tree/proto/toy/v1/toy.proto"
red "a field without a comment" "should have a non-empty comment" \
  "$lint/api.sh" "$buf"
plant
sed -i 's/string name = 1/int32 name = 1/' "$tree/proto/toy/v1/toy.proto"
red "a field of another type" "breaks clients" "$lint/api.sh" "$buf"
plant
sed -i 's/^}/  \/\/ New.\n  int32 age = 2;\n}/' "$tree/proto/toy/v1/toy.proto"
red "a field that is not recorded" "has grown" "$lint/api.sh" "$buf"

# scopes METHOD SCOPE: a package in which the gateway asks SCOPE for METHOD.
scopes() {
  mkdir -p "$tree/package"
  echo '{ "name": "toy", "version": "1.2.3" }' >"$tree/package/package.json"
  printf '{ "methods": { "b.get": { "scope": "operator.read" },
    "%s": { "scope": "%s" } } }' "$1" "$2" >"$tree/package/protocol.schema.json"
}

plant
scopes a.set operator.admin
(cd "$tree" && "$lint/scopes.sh" package --accept)
green "scopes as recorded" "$lint/scopes.sh" package
scopes a.set operator.read
red "another scope" '+{"a.set", GatewayScope::kRead}' "$lint/scopes.sh" package
scopes c.set operator.admin
red "another method" '-{"a.set", GatewayScope::kAdmin}' \
  "$lint/scopes.sh" package
scopes a.set operator.wizard
red "a scope that nobody knows" 'a.set has the scope operator.wizard' \
  "$lint/scopes.sh" package
scopes 'a b' operator.read
red "a name that is none" 'is no name of a method' "$lint/scopes.sh" package

# counts EXPECTED FOUND: both as `NAME COUNT` with commas between the lines.
counts() {
  tr ',' '\n' <<<"$1" >"$tree/expected"
  tr ',' '\n' <<<"$2" >"$tree/found"
}

compare=$here/deploy/dev/bench/compare.sh
plant
counts '# a comment,scan 10000,copy 500' 'scan 10200,copy 490'
green "counts within 2 %" "$compare" expected found
counts 'scan 10000,copy 500' 'scan 10201,copy 500'
red "a slower part" '+2.01 %  MORE' "$compare" expected found
counts 'scan 10000' 'scan 9799'
red "a faster part" '-2.01 %  LESS' "$compare" expected found
counts 'scan 10000' 'scan 10000,copy 500'
red "a part that is not recorded" 'NOT RECORDED' "$compare" expected found
counts 'scan 10000,copy 500' 'scan 10000'
red "a part that is not counted" 'NOT COUNTED' "$compare" expected found

same=$here/deploy/dev/bench/same_past_stalled.sh
counts '' 'read/1 5000,read_past_stalled/1 5005'
green "counts past stalled readers within 0.1 %" "$same" found
counts '' 'read/1 5000,read_past_stalled/1 5006'
red "stalled readers that cost something" 'DIFFERENT' "$same" found
counts '' 'read/1 5000,read_past_stalled/1 4994'
red "readers that cost something once they left" 'DIFFERENT' "$same" found
counts '' 'read/2 5000,read_past_stalled/1 5000'
red "nothing to compare it with" 'DIFFERENT' "$same" found
counts '' 'read/1 5000'
red "no count past stalled readers" 'nothing was counted' "$same" found

# tidy EXPECTED: a file of the tree that clang-tidy refuses; twice, since a
# file that failed gets no stamp.
tidy() {
  cat >"$tree/core/io/b.cc"
  cat >"$tree/build/compile_commands.json" <<JSON
[{ "directory": "$tree", "file": "core/io/b.cc",
   "command": "clang++-14 -std=c++20 -Wall -Wthread-safety -Werror -I. -c core/io/b.cc" }]
JSON
  rm "$tree"/core/model/a.cc "$tree"/server/c.cc "$tree"/client/d.cc
  red "$1" "$1" "$lint/tidy.sh" build stamps 1
  red "$1, again" "$1" "$lint/tidy.sh" build stamps 1
}

plant
tidy 'thread-safety-analysis' <<'CC'
struct __attribute__((capability("strand"))) Strand {};
struct Box {
  Strand strand;
  int value __attribute__((guarded_by(strand))) = 0;
  int Look() const { return value; }
};
int Use(const Box& box) { return box.Look(); }
CC
plant
tidy 'readability-function-size' < <(
  echo 'int Long(int n) {'
  for _ in {1..60}; do echo '  n += 2;'; done
  echo '  return n; }'
)
plant
tidy 'modernize-use-override' <<'CC'
struct Base { virtual int Size() const { return 0; } };
struct Derived : Base { virtual int Size() const { return 1; } };
int Size(const Derived& derived) { return derived.Size(); }
CC
plant
tidy 'unused-variable' <<'CC'
int Size() { int size = 3; return 4; }
CC
echo 'int Size() { return 4; }' >"$tree/core/io/b.cc"
green "a mended file" "$lint/tidy.sh" build stamps 1
[[ -n $(ls "$tree/stamps") ]] || {
  echo "a file that passed got no stamp"
  failures=$((failures + 1))
}

((failures == 0))
