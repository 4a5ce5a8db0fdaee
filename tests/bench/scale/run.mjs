// ./dev bench scale: measures what one sidecar takes, and how clawctl gets on
// with many; writes build/bench/scale.json and a section of docs/scale.md.
// deploy/dev/bench.sh starts it:
//
// --programs FOLDER --gateway-dir FOLDER --folder FOLDER --out FOLDER [--quick]
//
// --quick measures too shortly for the document, and only prints its section.

import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { say } from "../rpc/command.mjs";
import { putSection } from "../rpc/document.mjs";
import { stopAll } from "../rpc/processes.mjs";
import { measureFleet } from "./fleet.mjs";
import { report, system } from "./report.mjs";
import { measureSidecar } from "./sidecar.mjs";

// Seconds of each look at a CPU, how many sidecars, and how often each command.
const FULL = { idle: 60, streams: 20, sidecars: 100, rounds: 5 };
const QUICK = { idle: 10, streams: 5, sidecars: 10, rounds: 3 };

const { values } = parseArgs({
  options: {
    programs: { type: "string" },
    "gateway-dir": { type: "string" },
    folder: { type: "string" },
    out: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const plan = values.quick ? QUICK : FULL;
const places = { programs: values.programs, gatewayDir: values["gateway-dir"], folder: values.folder };
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => stopAll().then(() => process.exit(130)));
}

try {
  const result = { system: system(places), plan };
  result.sidecar = await measureSidecar(places, plan, say);
  await stopAll();
  result.fleet = await measureFleet(places, plan, say);
  mkdirSync(values.out, { recursive: true });
  writeFileSync(`${values.out}/scale.json`, `${JSON.stringify(result, null, 1)}\n`);
  console.log(report(result));
  if (!values.quick) putSection("docs/scale.md", "scale", report(result));
} finally {
  await stopAll();
}
