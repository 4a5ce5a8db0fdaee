#!/bin/bash
# generate.sh [PROTO [OUT]]: generates the Python code of the API from the .proto
# files in PROTO, which an installation has in PREFIX/share/clawplane/proto,
# into OUT.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proto=${1:-$here/../../../proto}
out=${2:-$here/generated}
mkdir -p "$out"
protoc -I "$proto" --python_out="$out" --grpc_python_out="$out" \
  --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \
  clawplane/v1/gateway.proto google/rpc/error_details.proto \
  google/rpc/status.proto
