// The processes of the benchmark: each is started here, and all end with it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const running = new Set();

// The pages that a process has in memory, in MiB.
export function residentMib(pid) {
  const line = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line[1]) / 1024;
}

export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// Starts a process, and waits for the first line of its output that `ready`
// matches. Its errors go to FOLDER/NAME.log.
export async function start(folder, name, command, ready, options = {}) {
  const log = openSync(`${folder}/${name}.log`, "w");
  const child = spawn(command[0], command.slice(1), {
    ...options,
    stdio: ["pipe", "pipe", log],
  });
  closeSync(log);
  running.add(child);
  const process = { pid: child.pid, child, lines: createInterface({ input: child.stdout }) };
  const ended = new Promise((_, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      running.delete(child);
      process.over = true;
      const said = readFileSync(`${folder}/${name}.log`, "utf8").slice(-2000);
      reject(new Error(`${name} ended (${code ?? signal})\n${said}`));
    });
  });
  ended.catch(() => {});
  process.ended = ended;
  const isReady = new Promise((resolve) => {
    process.lines.on("line", (line) => {
      const match = ready.exec(line);
      if (match) resolve(match);
    });
  });
  process.match = await Promise.race([isReady, ended]);
  return process;
}

export async function stop(process) {
  if (process.over) return;
  process.child.kill("SIGTERM");
  await process.ended.catch(() => {});
}

export async function stopAll() {
  await Promise.all(
    [...running].map((child) => {
      child.kill("SIGTERM");
      return once(child, "exit");
    }),
  );
}

// Runs a program to its end and takes its output for JSON.
export async function json(command, options = {}) {
  const { stdout } = await promisify(execFile)(command[0], command.slice(1), {
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  return JSON.parse(stdout);
}

// A clawplaned with a state directory of its own below `folder`. `gateway` are
// the lines of the section `gateway` in its configuration.
export async function startClawplaned({ programs, folder, name, gateway, token }) {
  const state = `${folder}/${name}`;
  const port = await freePort();
  const socket = `${folder}/${name}.sock`;
  mkdirSync(state, { mode: 0o700 });
  if (token) writeFileSync(`${state}/gateway.token`, `${token}\n`, { mode: 0o600 });
  const config = `${folder}/${name}.yaml`;
  writeFileSync(
    config,
    [`state_dir: ${state}`, `listen: 127.0.0.1:${port}`, `socket: ${socket}`]
      .concat("ops:", "  listen: none")
      // One client has them all here.
      .concat("limits:", "  streams_per_client: 100000", "  streams: 100000", "gateway:")
      .concat(Object.entries(gateway).map(([key, value]) => `  ${key}: ${value}`))
      .join("\n") + "\n",
  );
  const command = [`${programs}/clawplaned`, "--config", config];
  const process = await start(folder, name, command, /^clawplaned ready/);
  return Object.assign(process, { command, socket, port, state, tokenFile: `${state}/access.token` });
}
