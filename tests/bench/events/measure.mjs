// The measurements, one function for each kind.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { start, startClawplaned } from "../rpc/processes.mjs";
import { groups, keyOf, SHARED } from "./plan.mjs";

const TOKEN = "bench-token";

async function startGateway({ programs, folder }, name) {
  const gateway = await start(folder, `${name}_gateway`, [`${programs}/echo_gateway`, "0"], /^port (\d+)/);
  return { ...gateway, port: gateway.match[1] };
}

// Each server has a Unix socket and a `source`: the process that is told to send
// events. That is a gateway of its own, so that nobody else gets them; the bare
// server makes them itself.
export const starters = {
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

export async function measureCell({ programs }, system, cell) {
  const connections = cell.shared ? cell.streams / SHARED : cell.streams;
  const flags = {
    target: system.target,
    "server-pid": system.pid,
    "gateway-pid": system.source.pid,
    streams: cell.streams,
    connections,
    stalled: cell.stalled ?? 0,
    events: cell.events,
    "warm-up": cell.kind === "replay" ? 0 : cell.warmUp,
  };
  const command = [`${programs}/event_load`, ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`])];
  if (cell.kind === "replay") command.push("--replay");
  const readers = new Readers(command);
  await readers.next();
  if (flags["warm-up"] > 0) {
    await publish(system, `burst ${cell.warmUp} ${cell.size}`);
    await readers.next();
  }
  await publish(
    system,
    cell.kind === "paced" ? `pace ${cell.rate} ${cell.events} ${cell.size}` : `burst ${cell.events} ${cell.size}`,
  );
  return JSON.parse(await readers.next());
}

function told(row) {
  return [
    `CPU ${row.cpu_us.toFixed(2)} us`,
    `p50 ${row.p50_us.toFixed(0)} us`,
    `p99 ${row.p99_us.toFixed(0)} us`,
    `${(row.deliveries / row.responses).toFixed(1)} events a response`,
    `${row.seconds.toFixed(2)} s`,
    `opening ${row.open_cpu_us.toFixed(0)} us`,
  ].join(", ");
}

// All cells, `plan.rounds` times; each second round in the opposite order.
// Returns the rows of each cell by its key, one for each round.
export async function measureCells(places, systems, plan, say) {
  const cells = {};
  for (let round = 0; round < plan.rounds; ++round) {
    say(`round ${round + 1} of ${plan.rounds}`);
    const order = groups();
    for (const group of round % 2 ? order.reverse() : order) {
      for (const cell of round % 2 ? [...group].reverse() : group) {
        const key = keyOf(cell);
        if (!(plan.only ?? []).every((word) => key.split(" ").includes(word))) continue;
        const row = await measureCell(places, systems[cell.system], cell);
        if (plan.only) say(`${key.padEnd(36)} ${told(row)}`);
        (cells[key] ??= []).push(row);
      }
    }
  }
  return cells;
}
