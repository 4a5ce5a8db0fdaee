// ./dev dashboard: runs what is drawn, and draws it. Flags: --programs FOLDER of
// ours, --folder for what is written meanwhile, --dashboard FILE, --seconds of
// load, --out FILE, and --gateway-dir of the real gateway, without which it is
// the fake one.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

import { freePort, json, start, stopAll } from "../bench/rpc/processes.mjs";
import { drawDashboard } from "./chart.mjs";
import { ask, readPanels } from "./panels.mjs";

const flag = { type: "string" };
const { values: given } = parseArgs({
  options: { programs: flag, folder: flag, dashboard: flag, seconds: flag, out: flag, "gateway-dir": flag },
});
const { folder, programs } = given;
const seconds = Number(given.seconds);
const state = `${folder}/state`;
const socket = `${folder}/s`;
const say = (text) => console.log(`  ${text}`);

function gatewayLines(port) {
  if (!given["gateway-dir"]) {
    const command = [`${process.cwd()}/${programs}/fake_gateway`, "gateway", "run", "--port", "{port}"];
    return ["mode: launch", `port: ${port}`, `command: ${JSON.stringify(command)}`];
  }
  mkdirSync(`${folder}/home`);
  return [
    "mode: launch",
    `port: ${port}`,
    `dir: ${given["gateway-dir"]}`,
    `node: ${process.execPath}`,
    `home: ${folder}/home`,
    "dev: true",
    "allow_unconfigured: true",
    "skip_channels: true",
  ];
}

async function startClawplaned() {
  const listen = await freePort();
  const ops = await freePort();
  const lines = [`state_dir: ${state}`, `listen: 127.0.0.1:${listen}`, `socket: ${socket}`];
  lines.push("ops:", `  listen: 127.0.0.1:${ops}`, "gateway:");
  lines.push(...gatewayLines(await freePort()).map((line) => `  ${line}`));
  writeFileSync(`${folder}/clawplane.yaml`, `${lines.join("\n")}\n`);
  await start(folder, "clawplaned", [`${programs}/clawplaned`, "--config", `${folder}/clawplane.yaml`], /^clawplaned ready/);
  return { listen, ops };
}

async function startPrometheus(ops) {
  const port = await freePort();
  writeFileSync(
    `${folder}/prometheus.yml`,
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["${process.cwd()}/deploy/prometheus/alerts.yaml"]
scrape_configs:
  - job_name: clawplane
    authorization: {credentials_file: "${state}/access.token"}
    static_configs: [{targets: ["127.0.0.1:${ops}"]}]
`,
  );
  const prometheus = `exec prometheus --config.file=${folder}/prometheus.yml --storage.tsdb.path=${folder}/tsdb --web.listen-address=127.0.0.1:${port} 2>&1`;
  await start(folder, "prometheus", ["sh", "-c", prometheus], /Server is ready to receive web requests/);
  return `http://127.0.0.1:${port}`;
}

// ---- The load: what people and programs do, at a modest pace.

const clients = new Set();
let isOver = false;

// Runs clawctl to its end; how it ends is its own business.
async function clawctl(...args) {
  const child = spawn(`${programs}/clawctl`, args, { stdio: ["ignore", "ignore", "ignore"] });
  clients.add(child);
  await once(child, "exit");
  clients.delete(child);
}
const here = (...args) => clawctl("--target", `unix:${socket}`, ...args);

async function repeat(everyMs, act) {
  for (let round = 0; !isOver; ++round) {
    await act(round);
    await pause(everyMs);
  }
}

function load(listen) {
  writeFileSync(`${folder}/wrong.token`, "wrong\n", { mode: 0o600 });
  const stranger = ["--target", `127.0.0.1:${listen}`, "--token-file", `${folder}/wrong.token`];
  return [
    repeat(40, () => here("call", "health")),
    repeat(100, (round) => here("call", "voicewake.set", `{"triggers":["hello ${round % 9}"]}`)),
    repeat(15000, () => Promise.all(Array.from({ length: 16 }, () => here("call", "sessions.list")))),
    repeat(900, () => here("call", "no.such.method")),
    repeat(1500, () => clawctl(...stranger, "status")),
    repeat(2000, () => here("status")),
    repeat(1000, () => here("events")),
    repeat(1000, () => here("events", "--name", "tick")),
    repeat(1000, () => here("logs", "-f")),
  ];
}

async function pidOfGateway() {
  return (await json([`${programs}/clawctl`, "--target", `unix:${socket}`, "--json", "status"])).status.pid;
}

// ---- All of it.

const now = () => Date.now() / 1000;

async function run() {
  const { listen, ops } = await startClawplaned();
  const url = await startPrometheus(ops);
  const begin = now();
  const marks = [];
  const mark = (what) => {
    marks.push({ at: now() - begin, what });
    say(`${Math.round(marks.at(-1).at)} s: ${what}`);
  };
  await here("start");
  mark("the gateway is up, the load begins");
  const work = load(listen);
  await pause((seconds / 3) * 1000);
  mark("the gateway is killed (SIGKILL)");
  process.kill(await pidOfGateway(), "SIGKILL");
  await pause((seconds / 3) * 1000);
  mark("clawctl restart");
  await here("restart");
  await pause((seconds / 3) * 1000);
  isOver = true;
  for (const child of clients) child.kill("SIGTERM");
  await Promise.all(work);
  return { url, begin, end: now(), marks };
}

async function draw({ url, begin, end, marks }) {
  const rows = readPanels(given.dashboard);
  const silent = [];
  for (const panel of rows.flatMap((row) => row.panels)) {
    panel.curves = await ask(url, panel, { begin, end });
    if (!panel.curves.length) silent.push(panel.title);
  }
  if (silent.length) throw new Error(`Prometheus knows nothing for: ${silent.join(", ")}`);
  const version = (await (await fetch(`${url}/api/v1/status/buildinfo`)).json()).data.version;
  const kind = given["gateway-dir"]
    ? `OpenClaw ${JSON.parse(readFileSync(`${given["gateway-dir"]}/package.json`, "utf8")).version}`
    : "the fake gateway";
  const notes = [
    `What the panels of deploy/grafana/clawplane.json ask, answered by Prometheus ${version}:`,
    `clawplaned and ${kind}, scraped each second, ${Math.round(end - begin)} s in all.`,
    `Dotted: ${marks.map(({ at, what }) => `${Math.round(at)} s: ${what}`).join("; ")}.`,
  ];
  mkdirSync(dirname(given.out), { recursive: true });
  writeFileSync(given.out, drawDashboard("Clawplane's dashboard", notes, rows, { seconds: end - begin, marks }));
}

try {
  await draw(await run());
} finally {
  isOver = true;
  for (const child of clients) child.kill("SIGTERM");
  await stopAll();
}
