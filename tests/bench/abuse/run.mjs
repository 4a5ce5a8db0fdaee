// ./dev bench abuse: measures what attacks cost the clients that keep the
// rules, and writes build/bench/abuse.json and docs/performance.md.
// deploy/dev/bench.sh starts it, with the flags that ../rpc/command.mjs tells.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { circumstances } from "../rpc/circumstances.mjs";
import { runBench, say } from "../rpc/command.mjs";
import { attach } from "../rpc/measure.mjs";
import { json, residentMib, start, stop } from "../rpc/processes.mjs";
import { report, summary } from "./report.mjs";

// Seconds of each measurement.
const FULL = { rounds: 3, quiet: 2, attack: 6 };
const QUICK = { rounds: 1, quiet: 0.4, attack: 1.2 };

// Of a clock that counts a hundred ticks a second.
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function peakMib(pid) {
  return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}

async function probe(program, server, seconds) {
  const [unix, tcp] = await Promise.all([
    json([program, "probe", server.targets.unix, "-", `${seconds}`]),
    json([program, "probe", server.targets.tcp, server.tokenFile, `${seconds}`]),
  ]);
  return { unix, tcp };
}

// One attack on a daemon of its own, beside a client on each socket.
async function measureAttack(places, gatewayPort, name, plan, number) {
  const program = `${places.programs}/abuse_load`;
  const server = await attach({ ...places, name: `abuse${number}`, gatewayPort });
  const row = { name, quiet: await probe(program, server, plan.quiet) };
  row.before_mib = residentMib(server.pid);
  const cpu = cpuSeconds(server.pid);
  const [attack, during] = await Promise.all([
    json([program, "attack", name, server.targets.tcp, `${plan.attack}`]),
    probe(program, server, plan.attack),
  ]);
  row.cpu_share = (cpuSeconds(server.pid) - cpu) / plan.attack;
  Object.assign(row, { attack, during, peak_mib: peakMib(server.pid), after_mib: residentMib(server.pid) });
  await stop(server);
  return row;
}

async function measureAll(places, plan) {
  const gateway = await start(places.folder, "echo_gateway", [`${places.programs}/echo_gateway`, "0"], /^port (\d+)/);
  const names = execFileSync(`${places.programs}/abuse_load`, ["names"], { encoding: "utf8" }).trim().split("\n");
  const attacks = {};
  let number = 0;
  for (let round = 0; round < plan.rounds; ++round) {
    say(`round ${round + 1} of ${plan.rounds}`);
    for (const name of names) {
      (attacks[name] ??= []).push(await measureAttack(places, gateway.match[1], name, plan, ++number));
    }
  }
  return { circumstances: circumstances(places), plan, attacks };
}

await runBench({ name: "abuse", full: FULL, quick: QUICK, measureAll, charts: () => ({}), report, summary });
