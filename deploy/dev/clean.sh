#!/bin/bash
# ./dev clean: removes everything that ./dev made in this checkout.
set -euo pipefail
if [[ -e .dev/run.lock ]]; then
  exec {running}<.dev/run.lock
  flock -n "$running" || {
    echo "./dev: a ./dev run is active here; stop it first" >&2
    exit 1
  }
fi
rm -rf build .dev
echo "removed build/ and .dev/; installed Debian packages stay"
