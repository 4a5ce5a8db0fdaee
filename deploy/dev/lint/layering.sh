#!/bin/bash
# Who may include whom, read from the include lines of the tree in the current
# folder. System headers are found without any link, so the build cannot tell.
#
#   server -> core/io -> core/model      client -> proto      tests -> anything
set -euo pipefail

folders=()
for folder in core server client; do
  [[ ! -d $folder ]] || folders+=("$folder")
done

find "${folders[@]}" \( -name '*.h' -o -name '*.cc' \) -exec awk '
  function red(why) {
    printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0
    failed = 1
  }
  function wire(header) {
    return header ~ /^(grpc|grpcpp|google\/protobuf|upb)\// ||
           header ~ /\.pb\.h$/
  }
  /^[ \t]*#[ \t]*include/ {
    header = $0
    gsub(/^[^<"]*[<"]|[>"].*$/, "", header)
    if (header ~ /^tests\// || header ~ /^(gtest|gmock)\//)
      red("only tests include tests")
    if (FILENAME ~ /^core\//) {
      if (header ~ /^(server|client)\//)
        red("core/ knows neither server/ nor client/")
      if (wire(header)) red("core/ includes no gRPC and no protobuf header")
    }
    if (FILENAME ~ /^core\/model\//) {
      if (header ~ /^core\// && header !~ /^core\/model\//)
        red("core/model/ includes nothing of core/ but itself")
      if (header ~ /^boost\//) red("core/model/ includes no Boost")
      if (header ~ /^(thread|mutex|shared_mutex|condition_variable|future|stop_token|random|unistd\.h|pthread\.h|fcntl\.h|signal\.h|csignal)$/ ||
          header ~ /^(sys|netinet|arpa)\//)
        red("core/model/ includes no threads, randomness or system calls")
    }
    if (FILENAME ~ /^client\// && header ~ /^(core|server)\//)
      red("client/ is built on the public API alone")
    if (FILENAME ~ /^server\// && header ~ /^client\//)
      red("server/ does not know client/")
  }
  FILENAME ~ /^core\/model\// && /::now\(\)/ {
    red("core/model/ is told the time, and reads no clock")
  }
  END { exit failed }
' {} +
