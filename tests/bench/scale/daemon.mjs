// A clawplaned and what the kernel tells of it.

import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, start } from "../rpc/processes.mjs";

// The lines of `gateway` are for the section of that name. With `metrics`, its
// HTTP listener tells them to everybody here.
export async function startDaemon({ programs, folder }, name, { gateway, metrics = false }) {
  const state = `${folder}/${name}`;
  mkdirSync(state, { mode: 0o700 });
  const ops = metrics ? `127.0.0.1:${await freePort()}` : "none";
  const config = `${state}/clawplane.yaml`;
  writeFileSync(
    config,
    [`name: ${name}`, `state_dir: ${state}`, "listen: 127.0.0.1:0", `socket: ${state}/s`, "ops:"]
      .concat(`  listen: ${ops}`, metrics ? ["  metrics: open"] : [], "gateway:", "  mode: launch", "  autostart: true")
      .concat(Object.entries(gateway).map(([key, value]) => `  ${key}: ${value}`))
      .join("\n") + "\n",
  );
  const daemon = await start(folder, name, [`${programs}/clawplaned`, "--config", config], /^clawplaned ready/);
  return Object.assign(daemon, { name, ops, socket: `${state}/s` });
}

const readProc = (pid, file) => readFileSync(`/proc/${pid}/${file}`, "utf8");

// In MiB: VmRSS, VmHWM.
export function memory(pid, field) {
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(readProc(pid, "status"))[1]) / 1024;
}

// The memory that ends with the process, in MiB: what it shares with nobody.
export function ownMemory(pid) {
  const rollup = readProc(pid, "smaps_rollup");
  const of = (field) => Number(new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(rollup)[1]);
  return (of("Private_Clean") + of("Private_Dirty")) / 1024;
}

export const threads = (pid) => Number(/^Threads:\s*(\d+)/m.exec(readProc(pid, "status"))[1]);

// The descriptors, and how many of them are sockets.
export function descriptors(pid) {
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // Closed meanwhile.
    }
  });
  return { all: links.length, sockets: links.filter((link) => link.startsWith("socket:")).length };
}

// Of a clock that counts a hundred ticks a second.
export function cpuSeconds(pid) {
  const fields = readProc(pid, "stat").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

// The share of one core that the processes took, in percent.
export async function cpuShare(pids, seconds) {
  const sum = () => pids.reduce((total, pid) => total + cpuSeconds(pid), 0);
  const before = sum();
  const began = process.hrtime.bigint();
  await pause(seconds * 1000);
  return ((sum() - before) / (Number(process.hrtime.bigint() - began) / 1e9)) * 100;
}
