// ./dev bench events: measures the fan-out of events, and writes
// build/bench/events.json and docs/performance.md with its charts.
// deploy/dev/bench.sh starts it.
//
// run.mjs --programs FOLDER --node-folder FOLDER --proto-folder FOLDER
//   --folder FOLDER --out FOLDER [--quick] [--rounds N] [--only WORDS]
//
// `folder` is for the files of the run. --only measures the cells whose names
// (as --verbose prints them) have all of the words, and writes nothing.

import { parseArgs } from "node:util";
import { stopAll } from "../rpc/processes.mjs";
import * as measure from "./measure.mjs";
import { FULL, QUICK } from "./plan.mjs";

const began = Date.now();
function say(text) {
  console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}`);
}

const { values } = parseArgs({
  options: {
    programs: { type: "string" },
    "node-folder": { type: "string" },
    "proto-folder": { type: "string" },
    folder: { type: "string" },
    out: { type: "string" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string" },
  },
});
const plan = { ...(values.quick ? QUICK : FULL) };
if (values.rounds) plan.rounds = Math.max(1, Number(values.rounds));
if (values.only) plan.only = values.only.split(/\s+/);
const places = {
  programs: values.programs,
  nodeFolder: values["node-folder"],
  protoFolder: values["proto-folder"],
  folder: values.folder,
};
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => stopAll().then(() => process.exit(130)));
}
try {
  const systems = await measure.startSystems(places);
  await measure.measureCells(places, systems, plan, say);
} finally {
  await stopAll();
}
