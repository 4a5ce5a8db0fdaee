#!/bin/bash
# ./dev coverage: how many lines of core/ its own tests reach.
set -euo pipefail
. deploy/dev/install.sh
need_packages build test coverage
build coverage

# Counts of earlier runs, and of files that are gone, are no counts of this one.
find build/coverage -name '*.gcda' -delete
step "running the tests of core/" coverage-test "tests of core/ failed" \
  ctest --test-dir build/coverage -L '^fast$' -j "$jobs" --no-tests=error \
  --output-on-failure
gcovr --root . --filter core/ --object-directory build/coverage \
  --exclude-throw-branches build/coverage >"$logs/coverage.log"
cat "$logs/coverage.log"
say "coverage of core/: $(awk '/^TOTAL/ { print $4 " of " $2 " lines" }' "$logs/coverage.log")"
