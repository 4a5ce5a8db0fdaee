// ./dev bench events: measures the fan-out of events, and writes
// build/bench/events.json and docs/performance.md with its charts.
// deploy/dev/bench.sh starts it, with the flags that ../rpc/command.mjs tells
// and one of its own: --only WORDS measures the cells whose keys (see plan.mjs)
// have all of the words, prints each, and writes nothing.

import { circumstances } from "../rpc/circumstances.mjs";
import { runBench, say } from "../rpc/command.mjs";
import { stopAll } from "../rpc/processes.mjs";
import { charts } from "./charts.mjs";
import * as measure from "./measure.mjs";
import { FULL, QUICK } from "./plan.mjs";
import { report, targetsText } from "./report.mjs";

async function measureAll(places, plan) {
  const result = { circumstances: circumstances(places), plan };
  say("starting");
  const systems = await measure.startSystems(places);
  result.cells = await measure.measureCells(places, systems, plan, say);
  if (plan.only) return result;
  await stopAll();
  say("idle streams");
  result.idle = await measure.measureIdle(places, plan);
  return result;
}

await runBench({
  name: "events",
  full: FULL,
  quick: QUICK,
  options: { only: { type: "string" } },
  measureAll,
  charts,
  report,
  summary: targetsText,
});
