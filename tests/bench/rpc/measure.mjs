// The measurements, one function for each kind.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { spread } from "./figures.mjs";
import { CONNECTIONS, groups, keyOf, SIZES } from "./plan.mjs";
import { freePort, json, residentMib, start, startClawplaned, stop } from "./processes.mjs";

const TOKEN = "bench-token";

// All systems, up and connected.
export async function startSystems({ programs, nodeFolder, protoFolder, folder }) {
  const gateway = await start(folder, "echo_gateway", [`${programs}/echo_gateway`, "0"], /^port (\d+)/);
  const gatewayPort = gateway.match[1];
  const node = (name, script, ...args) =>
    start(folder, name, [process.execPath, `${nodeFolder}/${script}`, ...args], /^ready/, {
      env: { ...process.env, NODE_ENV: "production" },
    });
  const echoPort = await freePort();
  const echo = await start(
    folder,
    "grpc_echo",
    [`${programs}/grpc_echo`, `127.0.0.1:${echoPort}`, `unix:${folder}/echo.sock`],
    /^ready/,
  );
  const websocket = await start(folder, "ws_echo", [`${programs}/ws_bench`, "--serve", "0"], /^port (\d+)/);
  const nodePort = await freePort();
  const bridge = await node("node_bridge", "bridge.mjs", protoFolder, gatewayPort, TOKEN, `127.0.0.1:${nodePort}`);
  const direct = await node("direct", "direct.mjs", gatewayPort, TOKEN);
  const clawplaned = await attach({ programs, folder, name: "clawplaned", gatewayPort });
  return {
    gatewayPort,
    gateway,
    echo: { ...echo, targets: { tcp: `127.0.0.1:${echoPort}`, unix: `unix:${folder}/echo.sock` } },
    websocket: { ...websocket, port: websocket.match[1] },
    node: { ...bridge, targets: { tcp: `127.0.0.1:${nodePort}` } },
    clawplaned,
    direct,
  };
}

// A clawplaned that is connected to the echoing gateway.
export async function attach({ programs, folder, name, gatewayPort }) {
  const server = await startClawplaned({
    programs,
    folder,
    name,
    token: TOKEN,
    gateway: { mode: "attach", port: gatewayPort },
  });
  await promisify(execFile)(`${programs}/clawctl`, ["--target", `unix:${server.socket}`, "start"]);
  server.targets = { tcp: `127.0.0.1:${server.port}`, unix: `unix:${server.socket}` };
  return server;
}

function loadCommand(programs, systems, cell, plan) {
  const system = systems[cell.system];
  const flags = {
    size: cell.size,
    "in-flight": cell.inFlight,
    // 64 of the largest calls need a while to be on their way.
    "warm-up": cell.size >= 1_000_000 ? 2 * plan.warmUp : plan.warmUp,
    seconds: plan.seconds,
    "server-pid": system.pid,
    "gateway-pid": systems.gateway.pid,
  };
  let program = "rpc_load";
  if (cell.system === "websocket") {
    program = "ws_bench";
    flags.port = system.port;
  } else {
    flags.target = system.targets[cell.transport];
    flags.form = cell.form;
    // As its users have it: the token on TCP.
    if (cell.system === "clawplaned" && cell.transport === "tcp") flags["token-file"] = system.tokenFile;
  }
  return [`${programs}/${program}`, ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`])];
}

async function measureDirect(direct, folder, cell, plan) {
  const order = {
    paramsFile: `${folder}/params-${cell.size}.json`,
    inFlight: cell.inFlight,
    warmUp: plan.warmUp,
    seconds: plan.seconds,
  };
  const answer = once(direct.lines, "line");
  direct.child.stdin.write(`${JSON.stringify(order)}\n`);
  return JSON.parse((await Promise.race([answer, direct.ended]))[0]);
}

async function writeParams(programs, folder) {
  for (const size of SIZES) {
    const { stdout } = await promisify(execFile)(
      `${programs}/rpc_load`,
      ["--print-params", "--size", `${size}`],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    writeFileSync(`${folder}/params-${size}.json`, stdout);
  }
}

// All cells, `plan.rounds` times; each second round in the opposite order.
// Returns the rows of each cell by its key, one for each round.
export async function measureCells({ programs, folder }, systems, plan, say) {
  await writeParams(programs, folder);
  const measure = (cell, how) =>
    cell.system === "direct"
      ? measureDirect(systems.direct, folder, cell, how)
      : json(loadCommand(programs, systems, cell, how));
  const cells = {};
  // V8 compiles what it has seen often.
  for (const group of groups()) {
    for (const cell of group) {
      if (cell.system === "node" || cell.system === "direct") {
        await measure(cell, { warmUp: 0, seconds: plan.seconds / 2 });
      }
    }
  }
  for (let round = 0; round < plan.rounds; ++round) {
    say(`round ${round + 1} of ${plan.rounds}`);
    const order = groups();
    for (const group of round % 2 ? order.reverse() : order) {
      for (const cell of round % 2 ? [...group].reverse() : group) {
        (cells[keyOf(cell)] ??= []).push(await measure(cell, plan));
      }
    }
  }
  return cells;
}

// Whether the cost of a call stays the same, over many calls on a clawplaned of
// its own.
export async function measureFlatness(places, systems, plan) {
  const server = await attach({ ...places, name: "flat", gatewayPort: systems.gatewayPort });
  const segment = plan.flatCalls / 10;
  const row = await json([
    `${places.programs}/rpc_load`,
    ...["--target", server.targets.unix, "--server-pid", `${server.pid}`],
    ...["--in-flight", "64", "--warm-up", "1", "--calls", `${plan.flatCalls}`, "--segment", `${segment}`],
  ]);
  await stop(server);
  return { calls: plan.flatCalls, segment, segments: row.segments, rss_before_kib: row.rss_before_kib };
}

// 64 calls in flight, spread over more and more connections.
export async function measureConnections(places, systems, plan) {
  const rows = { clawplaned: {}, echo: {} };
  // Each connection is to have had its first call.
  const longer = { ...plan, warmUp: 4 * plan.warmUp };
  for (let round = 0; round < plan.connectionRounds; ++round) {
    for (const count of CONNECTIONS) {
      for (const system of Object.keys(rows)) {
        const command = loadCommand(
          places.programs,
          systems,
          { system, form: "json", transport: "unix", size: 200, inFlight: 64 },
          longer,
        );
        (rows[system][count] ??= []).push(await json([...command, "--connections", `${count}`]));
      }
    }
  }
  return rows;
}

// From the exec to the first answer.
export async function measureStarts({ programs, folder }, plan) {
  const server = await startClawplaned({
    programs,
    folder,
    name: "starts",
    gateway: { mode: "attach", port: await freePort() },
  });
  await stop(server);
  const rows = await json([`${programs}/process_bench`, "starts", `${plan.starts}`, server.socket, ...server.command]);
  return { ms: spread(rows.map((row) => row.ms)), rss_mib: spread(rows.map((row) => row.rss_kib / 1024)) };
}

// One call as a whole command, on a real gateway: ours against its makers'.
export async function measureCommands({ programs, folder, gatewayDir }, plan) {
  const port = await freePort();
  const home = `${folder}/home`;
  mkdirSync(home);
  const server = await startClawplaned({
    programs,
    folder,
    name: "real",
    gateway: {
      mode: "launch",
      port,
      dir: gatewayDir,
      node: process.execPath,
      home,
      dev: true,
      allow_unconfigured: true,
      skip_channels: true,
    },
  });
  const ctl = [`${programs}/clawctl`, "--target", `unix:${server.socket}`];
  const run = promisify(execFile);
  await run(ctl[0], [...ctl.slice(1), "start"]);
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    OPENCLAW_GATEWAY_TOKEN: readFileSync(`${server.state}/gateway.token`, "utf8").trim(),
  };
  const openclaw = [process.execPath, `${gatewayDir}/openclaw.mjs`, "gateway", "call", "last-heartbeat"];
  openclaw.push("--port", `${port}`, "--json");
  const bench = (count, command) =>
    json([`${programs}/process_bench`, "runs", `${count}`, ...command], { env });
  // The first one of either pays for what the system then has in memory.
  const ours = [...ctl, "call", "last-heartbeat", "--json"];
  await bench(1, ours);
  await bench(1, openclaw);
  const rows = { clawctl: [], openclaw: [] };
  for (let left = plan.openclawRuns; left > 0; --left) {
    rows.openclaw.push(...(await bench(1, openclaw)));
    rows.clawctl.push(...(await bench(Math.ceil(plan.clawctlRuns / plan.openclawRuns), ours)));
  }
  await run(ctl[0], [...ctl.slice(1), "stop"]);
  await stop(server);
  const told = (list) => ({
    runs: list.length,
    ms: spread(list.map((row) => row.ms)),
    max_rss_mib: spread(list.map((row) => row.max_rss_kib / 1024)),
  });
  return { clawctl: told(rows.clawctl), openclaw: told(rows.openclaw) };
}

// The pages that the servers have in memory.
export function resident(systems) {
  return Object.fromEntries(
    ["echo", "clawplaned", "node"].map((name) => [name, residentMib(systems[name].pid)]),
  );
}

