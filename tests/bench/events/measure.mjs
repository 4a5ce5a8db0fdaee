// The measurements, one function for each kind.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { start, startClawplaned, stop } from "../rpc/processes.mjs";
import { FULL_LOG, groups, IDLE, keyOf, nodeWarmUp, SHARED, SYSTEMS } from "./plan.mjs";

const TOKEN = "bench-token";

async function startGateway({ programs, folder }, name) {
  const gateway = await start(folder, `${name}_gateway`, [`${programs}/echo_gateway`, "0"], /^port (\d+)/);
  return { ...gateway, port: gateway.match[1] };
}

// Each server has a Unix socket and a `source`: the process that is told to send
// events. That is a gateway of its own, so that nobody else gets them; the bare
// server makes them itself.
const starters = {
  async bare({ programs, folder }, name) {
    const target = `unix:${folder}/${name}.sock`;
    const server = await start(folder, name, [`${programs}/event_server`, target], /^ready/);
    return { ...server, target, source: server, processes: [server] };
  },
  async clawplaned({ programs, folder }, name) {
    const source = await startGateway({ programs, folder }, name);
    const server = await startClawplaned({
      programs,
      folder,
      name,
      token: TOKEN,
      gateway: { mode: "attach", port: source.port },
    });
    const target = `unix:${server.socket}`;
    await promisify(execFile)(`${programs}/clawctl`, ["--target", target, "start"]);
    return { ...server, target, source, processes: [server, source] };
  },
  async node({ programs, folder, nodeFolder, protoFolder }, name) {
    const source = await startGateway({ programs, folder }, name);
    const target = `unix:${folder}/${name}.sock`;
    const server = await start(
      folder,
      name,
      [process.execPath, `${nodeFolder}/event_bridge.mjs`, protoFolder, source.port, TOKEN, target],
      /^ready/,
      { env: { ...process.env, NODE_ENV: "production" } },
    );
    return { ...server, target, source, processes: [server, source] };
  },
};

export async function startSystems(places) {
  const systems = {};
  for (const name of Object.keys(starters)) systems[name] = await starters[name](places, name);
  return systems;
}

// Has events sent; resolves once they all were.
async function publish({ source }, order) {
  const answer = once(source.lines, "line");
  source.child.stdin.write(`${order}\n`);
  await Promise.race([answer, source.ended]);
}

// The readers, as a process that says where it is.
class Readers {
  #lines = [];
  #waiting = null;
  #over = false;
  #said = "";

  constructor(command) {
    const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.on("data", (data) => (this.#said += data));
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      this.#lines.push(line);
      this.#waiting?.();
    });
    const streamsEnded = [once(child, "close"), once(lines, "close")];
    Promise.all(streamsEnded).then(() => {
      this.#over = true;
      this.#waiting?.();
    });
  }

  async next() {
    while (this.#lines.length === 0) {
      if (this.#over) throw new Error(`the readers ended: ${this.#said}`);
      await new Promise((resolve) => (this.#waiting = resolve));
    }
    return this.#lines.shift();
  }
}

function readers(programs, system, flags) {
  const all = {
    target: system.target,
    "server-pid": system.pid,
    "gateway-pid": system.source.pid,
    ...flags,
  };
  return new Readers([`${programs}/event_load`, ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)]);
}

async function measureCell({ programs }, system, cell) {
  const { streams, size, events, rate, warmUp, stalled = 0 } = cell;
  const load = readers(programs, system, {
    streams: streams + stalled,
    stalled,
    connections: cell.shared ? streams / SHARED : streams,
    events,
    replay: cell.kind === "replay",
    "warm-up": warmUp?.events ?? 0,
  });
  await load.next();
  if (warmUp) {
    await publish(system, `burst ${warmUp.events} ${warmUp.size}`);
    await load.next();
  }
  await publish(system, cell.kind === "paced" ? `pace ${rate} ${events} ${size}` : `burst ${events} ${size}`);
  return JSON.parse(await load.next());
}

function told(row) {
  return [
    `CPU ${row.cpu_us.toFixed(2)} us`,
    `p50 ${row.p50_us.toFixed(0)} us`,
    `p99 ${row.p99_us.toFixed(0)} us`,
    `${(row.deliveries / row.responses).toFixed(1)} events a response`,
    `${row.seconds.toFixed(2)} s`,
  ].join(", ");
}

// All cells, `plan.rounds` times; each second round in the opposite order.
// Returns the rows of each cell by its key, one for each round.
export async function measureCells(places, systems, plan, say) {
  const cells = {};
  const isWanted = (cell) => (plan.only ?? []).every((word) => keyOf(cell).split(" ").includes(word));
  for (const cell of nodeWarmUp()) {
    if (isWanted(cell)) await measureCell(places, systems.node, cell);
  }
  for (let round = 0; round < plan.rounds; ++round) {
    say(`round ${round + 1} of ${plan.rounds}`);
    const order = groups();
    for (const group of round % 2 ? order.reverse() : order) {
      for (const cell of (round % 2 ? [...group].reverse() : group).filter(isWanted)) {
        if (cell.system === "clawplaned") await measureCell(places, systems.clawplaned, FULL_LOG);
        const row = await measureCell(places, systems[cell.system], cell).catch((error) => {
          throw new Error(`${keyOf(cell)}: ${error.message}`, { cause: error });
        });
        if (plan.only) say(`${keyOf(cell).padEnd(36)} ${told(row)}`);
        (cells[keyOf(cell)] ??= []).push(row);
      }
    }
  }
  return cells;
}

// What streams occupy in which nothing happens, in servers of their own. By
// system, one row for each time.
export async function measureIdle(places, plan) {
  const rows = {};
  for (let round = 0; round < plan.idle; ++round) {
    for (const name of SYSTEMS) {
      const system = await starters[name](places, `idle_${name}_${round}`);
      const load = readers(places.programs, system, { ...IDLE, idle: true });
      await load.next();
      const { rss_before_kib: before, rss_after_kib: after, open_cpu_us } = JSON.parse(await load.next());
      (rows[name] ??= []).push({
        before_mib: before / 1024,
        after_mib: after / 1024,
        stream_kib: (after - before) / IDLE.streams,
        open_cpu_us,
      });
      for (const process of system.processes) await stop(process);
    }
  }
  return rows;
}
