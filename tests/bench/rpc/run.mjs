// ./dev bench rpc: measures the bridge, and writes build/bench/rpc.json and
// docs/performance.md with its charts. deploy/dev/bench.sh starts it, with the
// flags that command.mjs tells.

import { charts } from "./charts.mjs";
import { circumstances } from "./circumstances.mjs";
import { runBench, say } from "./command.mjs";
import * as measure from "./measure.mjs";
import { FULL, QUICK } from "./plan.mjs";
import { stopAll } from "./processes.mjs";
import { report } from "./report.mjs";

async function measureAll(places, plan) {
  const result = { circumstances: circumstances(places), plan };
  say("starting");
  result.starts = await measure.measureStarts(places, plan);
  const systems = await measure.startSystems(places);
  result.resident_idle = measure.resident(systems);
  result.cells = await measure.measureCells(places, systems, plan, say);
  result.resident_after = measure.resident(systems);
  say("more connections");
  result.connections = await measure.measureConnections(places, systems, plan);
  say(`${plan.flatCalls} calls`);
  result.flatness = await measure.measureFlatness(places, systems, plan);
  await stopAll();
  say("whole commands on a real gateway");
  result.commands = await measure.measureCommands(places, plan);
  return result;
}

await runBench({ name: "rpc", full: FULL, quick: QUICK, measureAll, charts, report });
