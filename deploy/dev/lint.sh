#!/bin/bash
# ./dev lint: everything that can be checked without running the program.
set -euo pipefail
. deploy/dev/install.sh

case ${1:-} in
  '' | --accept-api | --accept-scopes) ;;
  *) die "lint knows --accept-api and --accept-scopes, and not '$1'" ;;
esac

need_packages build test lint
need_lint_tools

if [[ ${1:-} == --accept-api ]]; then
  step "recording the API" lint-api "the API has faults" \
    deploy/dev/lint/api.sh "$buf" --accept
  say "proto/image.binpb is now what later versions must be compatible with"
  exit
fi
if [[ ${1:-} == --accept-scopes ]]; then
  step "recording the scopes" lint-scopes "the scopes cannot be read" \
    deploy/dev/lint/scopes.sh "$protocol" --accept
  say "core/model/method_scopes.inc is now what operators are held to"
  exit
fi

failed=()
# check NAME TITLE COMMAND...: as `try`, shows what a failing check says, and
# goes on.
check() {
  local name=$1 title=$2
  shift 2
  try "$title" "lint-$name" "$@" && return
  cat "$logs/lint-$name.log"
  failed+=("$name")
}

format() {
  find core server client tests \( -name '*.h' -o -name '*.cc' \) \
    -exec clang-format-14 --dry-run -Werror {} +
}

scripts() {
  local files=(dev .ci/run)
  mapfile -t -O "${#files[@]}" files < <(find deploy client -name '*.sh')
  local file
  for file in "${files[@]}"; do
    bash -n "$file" || return
  done
  shellcheck -x "${files[@]}"
}

# The generated code is there, and the compile commands are clang's.
prepare() {
  [[ -f build/threadsafety/build.ninja ]] || cmake --preset threadsafety ||
    return
  ninja -C build/threadsafety -j "$jobs" proto/clawplane/v1/gateway.pb.h
}

check format "formatting" format
check layering "layering" deploy/dev/lint/layering.sh
check text "sizes and texts" deploy/dev/lint/text.sh
check api "the API" deploy/dev/lint/api.sh "$buf"
check scopes "the scopes of methods" deploy/dev/lint/scopes.sh "$protocol"
check scripts "shell scripts" scripts
check self "the checks themselves" deploy/dev/lint_test.sh "$buf"
check prepare "generating code" prepare
check tidy "clang-tidy and thread safety" deploy/dev/lint/tidy.sh \
  build/threadsafety .dev/tidy "$jobs"

if ((${#failed[@]})); then
  die "lint failed: ${failed[*]}"
fi
say "lint: all 9 checks passed"
