// ./dev bench events: measures the fan-out of events, and writes
// build/bench/events.json and docs/performance.md with its charts.
// deploy/dev/bench.sh starts it.
//
// run.mjs --programs FOLDER --node-folder FOLDER --gateway-dir FOLDER
//   --proto-folder FOLDER --folder FOLDER --out FOLDER [--quick] [--rounds N]
//   [--only WORDS]
//
// `folder` is for the files of the run. --quick measures too shortly for the
// document, and writes its own beside the JSON. --only measures the cells whose
// keys (see plan.mjs) have all of the words, prints each, and writes nothing.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { circumstances } from "../rpc/circumstances.mjs";
import { putSection } from "../rpc/document.mjs";
import { stopAll } from "../rpc/processes.mjs";
import { charts } from "./charts.mjs";
import * as measure from "./measure.mjs";
import { FULL, QUICK } from "./plan.mjs";
import { report, targetsText } from "./report.mjs";

const began = Date.now();
function say(text) {
  console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}`);
}

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

function write(result, out, quick) {
  mkdirSync(out, { recursive: true });
  const name = quick ? "events-quick" : "events";
  writeFileSync(`${out}/${name}.json`, `${JSON.stringify(result, null, 1)}\n`);
  const docs = quick ? `${out}/quick` : "docs";
  mkdirSync(`${docs}/performance`, { recursive: true });
  for (const [file, svg] of Object.entries(charts(result))) {
    writeFileSync(`${docs}/performance/${file}`, svg);
  }
  putSection(`${docs}/performance.md`, "events", report(result));
  console.log(targetsText(result));
  say(`the figures are in ${out}/${name}.json, the document is ${docs}/performance.md`);
}

const { values } = parseArgs({
  options: {
    programs: { type: "string" },
    "node-folder": { type: "string" },
    "gateway-dir": { type: "string" },
    "proto-folder": { type: "string" },
    folder: { type: "string" },
    out: { type: "string" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string" },
    // Only writes the document anew, from the JSON of an earlier run.
    "report-only": { type: "boolean", default: false },
  },
});
if (values["report-only"]) {
  const name = values.quick ? "events-quick" : "events";
  write(JSON.parse(readFileSync(`${values.out}/${name}.json`, "utf8")), values.out, values.quick);
  process.exit(0);
}
const plan = { ...(values.quick ? QUICK : FULL) };
if (values.rounds) plan.rounds = Math.max(1, Number(values.rounds));
if (values.only) plan.only = values.only.split(/\s+/);
const places = {
  programs: values.programs,
  nodeFolder: values["node-folder"],
  gatewayDir: values["gateway-dir"],
  protoFolder: values["proto-folder"],
  folder: values.folder,
};
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => stopAll().then(() => process.exit(130)));
}
try {
  const result = await measureAll(places, plan);
  if (!plan.only) write(result, values.out, values.quick);
} finally {
  await stopAll();
}
