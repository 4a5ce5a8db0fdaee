#!/bin/bash
# api.sh BUF [--accept]: the rules of the public API, for the tree in the
# current folder: names and layout, a comment on every element, compatibility
# with proto/image.binpb, the API as it was last accepted.
set -euo pipefail
buf=$1
image=proto/image.binpb

"$buf" lint
if [[ ${2:-} == --accept ]]; then
  "$buf" build --exclude-source-info -o "$image"
  exit
fi
"$buf" breaking --against "$image" || {
  echo "the API in proto/ breaks clients of the one last accepted ($image);"
  echo "if that is meant: ./dev lint --accept-api, and commit the image"
  exit 1
}
"$buf" build --exclude-source-info -o - | cmp -s - "$image" || {
  echo "the API in proto/ has grown since $image was written, so that nothing"
  echo "guards what is new; read it again, then: ./dev lint --accept-api"
  exit 1
}
