#!/bin/bash
# scopes.sh PACKAGE [--accept]: the table of the gateway's methods in the tree
# in the current folder is what the package @openclaw/gateway-protocol in the
# folder PACKAGE says.
set -euo pipefail
package=$1
table=core/model/method_scopes.inc

made=$(mktemp)
trap 'rm -f "$made"' EXIT
node "$(dirname "$0")/scopes.mjs" "$package" >"$made"
if [[ ${2:-} == --accept ]]; then
  cat "$made" >"$table"
  exit
fi
diff -u "$table" "$made" || {
  echo "$table is not what the gateway's protocol says; read what differs, for"
  echo "it is who may call what, then: ./dev lint --accept-scopes"
  exit 1
}
