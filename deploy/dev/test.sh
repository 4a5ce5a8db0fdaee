#!/bin/bash
# ./dev test [--all]: builds everything, runs the tests on fakes, the examples of
# clients, then the tests on the real gateway, and looks for secrets in all that
# they wrote.
set -euo pipefail
. deploy/dev/install.sh

labels=(fast examples real)
case ${1:-} in
  '') ;;
  --all) labels+=(long) ;;
  *) die "test knows --all, and not '$1'" ;;
esac

need_packages build test examples run
need_gateway
need_npm_folder client/examples/node example "the packages of the example in Node (43 MB)"
build dev

output=$root/build/dev/test-output
rm -rf "$output"
mkdir -p "$output"
export CLAWPLANE_TEST_OPENCLAW_DIR=$gateway_dir
export CLAWPLANE_TEST_NODE=$gateway_node
export CLAWPLANE_TEST_EXAMPLE_MODULES=$dev/example/node_modules

passed=0 failed=0 skipped=0 empty=()
for label in "${labels[@]}"; do
  log=$logs/test-$label.log start=$SECONDS
  say "tests: $label"
  # Real gateways are heavy: one at a time.
  parallel=1
  [[ $label != fast ]] || parallel=$jobs
  ctest --test-dir build/dev -L "^$label\$" -j "$parallel" \
    --output-on-failure </dev/null 2>&1 | tee "$log" || :
  if [[ $label == fast ]] && ((SECONDS - start > 60)); then
    say "the fast tests took $(took "$start"); they are meant to take at most 60 s"
  fi
  read -r bad all < <(
    sed -n 's/.* tests passed, \([0-9]*\) tests* failed out of \([0-9]*\)/\1 \2/p' \
      "$log"
  ) || { bad=0 all=0 && empty+=("$label"); }
  omitted=$(grep -c '\*\*\*Skipped' "$log" || :)
  failed=$((failed + bad))
  passed=$((passed + all - bad - omitted))
  skipped=$((skipped + omitted))
done

if [[ " ${labels[*]} " == *" long "* && -f $output/chaos/table.txt ]]; then
  say "what was done to the gateway, and what came of it:"
  cat "$output/chaos/table.txt"
fi
deploy/dev/secrets.sh "$output" || die "the search for secrets in what the tests wrote failed"
say "$passed passed, $failed failed, $skipped skipped"
((${#empty[@]} == 0)) || die "there is no test with the label: ${empty[*]}"
((failed == 0)) || die "$failed tests failed; the output is in .dev/log/test-*.log"
