#!/bin/bash
# generate.sh [PROTO [OUT [MODULES]]]: generates the JavaScript code of the API
# from the .proto files in PROTO, which an installation has in
# PREFIX/share/clawplane/proto, into OUT, with what npm put into MODULES.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proto=${1:-$here/../../../proto}
out=${2:-$here/generated}
modules=${3:-$here/node_modules}
mkdir -p "$out"
protoc -I "$proto" --plugin="$modules/.bin/protoc-gen-es" --es_out="$out" \
  --es_opt=target=js clawplane/v1/gateway.proto google/rpc/error_details.proto
