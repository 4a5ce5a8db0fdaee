// ./dev bench rpc: measures the bridge, and writes build/bench/rpc.json and
// docs/performance.md with its charts. deploy/dev/bench.sh starts it.
//
// run.mjs --programs FOLDER --node-folder FOLDER --gateway-dir FOLDER
//   --proto-folder FOLDER --folder FOLDER --out FOLDER [--quick] [--rounds N]
//
// `folder` is for the files of the run. --quick measures too shortly for the
// document, and writes its own beside the JSON.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { charts } from "./charts.mjs";
import { circumstances } from "./circumstances.mjs";
import { putSection } from "./document.mjs";
import * as measure from "./measure.mjs";
import { FULL, QUICK } from "./plan.mjs";
import { stopAll } from "./processes.mjs";
import { report } from "./report.mjs";

const began = Date.now();
function say(text) {
  console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}`);
}

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

function write(result, out, quick) {
  mkdirSync(out, { recursive: true });
  const name = quick ? "rpc-quick" : "rpc";
  writeFileSync(`${out}/${name}.json`, `${JSON.stringify(result, null, 1)}\n`);
  const docs = quick ? `${out}/quick` : "docs";
  mkdirSync(`${docs}/performance`, { recursive: true });
  for (const [file, svg] of Object.entries(charts(result))) {
    writeFileSync(`${docs}/performance/${file}`, svg);
  }
  putSection(`${docs}/performance.md`, "rpc", report(result));
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
    // Only writes the document anew, from the JSON of an earlier run.
    "report-only": { type: "boolean", default: false },
  },
});
if (values["report-only"]) {
  const name = values.quick ? "rpc-quick" : "rpc";
  write(JSON.parse(readFileSync(`${values.out}/${name}.json`, "utf8")), values.out, values.quick);
  process.exit(0);
}
const plan = { ...(values.quick ? QUICK : FULL) };
if (values.rounds) plan.rounds = Math.max(1, Number(values.rounds));
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
  write(await measureAll(places, plan), values.out, values.quick);
} finally {
  await stopAll();
}
