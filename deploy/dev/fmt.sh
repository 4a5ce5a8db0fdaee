#!/bin/bash
# ./dev fmt: mends the formatting of the C++ code.
set -euo pipefail
. deploy/dev/install.sh
need_packages lint
find core server client tests \( -name '*.h' -o -name '*.cc' \) \
  -exec clang-format-14 -i {} +
say "formatted"
