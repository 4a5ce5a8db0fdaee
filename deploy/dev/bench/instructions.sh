#!/bin/bash
# ./dev bench instructions [--accept]: counts the instructions of a call's way,
# which tell a slowdown of a few percent on the busiest machine, and compares
# them with tests/bench/instructions/expected.txt. --accept: records them there.
# Another compiler, C library or protobuf changes them too, and needs accepting.
# It fails, too, if events or status cost more beside readers that have stalled.
# shellcheck disable=SC2317 # what only `step` calls looks unreachable
set -euo pipefail
. deploy/dev/install.sh

case ${1:-} in
  '' | --accept) ;;
  *) die "bench instructions knows --accept, and not '$1'" ;;
esac

# There is one record, and each kind of processor has instructions of its own.
[[ $(uname -m) == x86_64 ]] ||
  die "the instructions of x86-64 are recorded, and this machine is $(uname -m)"

need_packages build test valgrind
build bench call_path

expected=tests/bench/instructions/expected.txt
place=$dev/instructions
rm -rf "$place"
mkdir -p "$place"

# What the counts depend on beside our own code.
made_with() {
  g++ --version | sed -n 1p
  ldd --version | sed -n 's/^ldd //p'
  protoc --version
  valgrind --version
  # An older build/bench may have been configured in another way.
  grep -E '^(CMAKE_(BUILD_TYPE|CXX_FLAGS|CXX_FLAGS_RELEASE)|CLAWPLANE_LINK_ARCHIVES):' \
    build/bench/CMakeCache.txt
}

# Valgrind shows a program a processor of its own, whose kind still depends on
# the real one, and by its kind the C library chooses how to copy and compare.
# So it is told to do with what every x86-64 has. Without `rep movsb`, too: that
# is one instruction, yet counted for each byte. The threshold keeps it from
# copying in another way what is large for the cache.
#
# How malloc finds memory hangs on all that was allocated before, which is 3 % of
# some counts: now the small comes from its cache and the rest from the system,
# each at a fixed price. Otherwise the environment is empty, since its size moves
# the stack.
tunables=glibc.cpu.hwcaps=-AVX,-AVX2,-BMI1,-BMI2,-ERMS,-FSRM,-LZCNT,-MOVBE
tunables+=,-POPCNT,-SSSE3,-SSE4_1,-SSE4_2
tunables+=,-AVX_Fast_Unaligned_Load,-Fast_Rep_String
tunables+=:glibc.cpu.x86_non_temporal_threshold=0x10000000
tunables+=:glibc.malloc.tcache_count=65535:glibc.malloc.mmap_threshold=1032

count() {
  (
    cd build/bench/bin
    exec env -i GLIBC_TUNABLES="$tunables" "$(command -v valgrind)" -q \
      --tool=callgrind --callgrind-out-file="$place/%p" ./call_path
  ) >"$place/list"
}

# The counts for one operation: lines `NAME COUNT`.
counts() {
  local pid name times total
  while read -r pid name times; do
    # The first part is ours, the second what came after it. Its `totals` would
    # hold the calls that had begun before.
    total=$(sed -n 's/^summary: //p' "$place/$pid.1")
    printf '%s %s\n' "$name" $((total / times))
  done <"$place/list"
}

step "counting instructions" instructions "a part of the call's way failed" count
counts >"$place/counts"
made_with >"$place/made-with"

# Nothing to be accepted: it is what the readers' way of waiting is for.
deploy/dev/bench/same_past_stalled.sh "$place/counts" >"$place/stalled" || {
  cat "$place/stalled"
  die "it is not shown that stalled readers cost nothing"
}

if [[ ${1:-} == --accept ]]; then
  {
    echo "# Instructions of one operation, as ./dev bench instructions --accept"
    echo "# counted them. What they were made with:"
    sed 's/^/#   /' "$place/made-with"
    cat "$place/counts"
  } >"$expected"
  say "$expected is now what later counts are compared with"
  exit
fi

if deploy/dev/bench/compare.sh "$expected" "$place/counts"; then
  say "instructions: as expected"
  exit
fi
sed -n 's/^#   //p' "$expected" | diff - "$place/made-with" >"$place/diff" || {
  say "the counts were recorded (<) with something else than this (>):"
  cat "$place/diff"
}
die "the counts of instructions have changed by more than 2 %. Slower for a good
  reason, or faster, which is to stay: ./dev bench instructions --accept, and commit
  $expected"
