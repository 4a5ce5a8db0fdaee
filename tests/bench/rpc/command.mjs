// What the benchmarks with a document share: their flags, where their figures
// go, and that nothing is left running.
//
// --programs FOLDER --node-folder FOLDER --gateway-dir FOLDER
//   --proto-folder FOLDER --folder FOLDER --out FOLDER [--quick] [--rounds N]
//
// `folder` is for the files of the run. --quick measures too shortly for the
// document, and writes its own beside the JSON.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { putSection } from "./document.mjs";
import { stopAll } from "./processes.mjs";

const OPTIONS = {
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
};

const began = Date.now();
export function say(text) {
  console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}`);
}

function write({ name, charts, report, summary }, result, { out, quick }) {
  mkdirSync(out, { recursive: true });
  const file = `${out}/${quick ? `${name}-quick` : name}.json`;
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  const docs = quick ? `${out}/quick` : "docs";
  mkdirSync(`${docs}/performance`, { recursive: true });
  for (const [chart, svg] of Object.entries(charts(result))) {
    writeFileSync(`${docs}/performance/${chart}`, svg);
  }
  putSection(`${docs}/performance.md`, name, report(result));
  if (summary) console.log(summary(result));
  say(`the figures are in ${file}, the document is ${docs}/performance.md`);
}

// Runs the benchmark `name`: `measureAll(places, plan)` with the plan `full` or
// `quick`, of which `charts` and `report` then make the document, and `summary`
// what is printed. --only, where it is among the further `options`, puts its
// words into the plan, and nothing is written.
export async function runBench({ full, quick, options = {}, measureAll, ...bench }) {
  const { values } = parseArgs({ options: { ...OPTIONS, ...options } });
  if (values["report-only"]) {
    const file = `${values.out}/${values.quick ? `${bench.name}-quick` : bench.name}.json`;
    write(bench, JSON.parse(readFileSync(file, "utf8")), values);
    return;
  }
  const plan = { ...(values.quick ? quick : full) };
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
    if (!plan.only) write(bench, result, values);
  } finally {
    await stopAll();
  }
}
