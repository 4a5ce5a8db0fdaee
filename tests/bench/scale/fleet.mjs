// Many sidecars with the fake gateway, and clawctl --targets over them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { freePort } from "../rpc/processes.mjs";
import { median, spread } from "../rpc/figures.mjs";
import { cpuShare, memory, ownMemory, startDaemon } from "./daemon.mjs";

// Runs it to its end; its largest memory is what was seen last.
async function timed(command) {
  const began = process.hrtime.bigint();
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let error = "";
  child.stdout.resume();
  child.stderr.on("data", (data) => (error += data));
  let mib = 0;
  const look = () => {
    try {
      mib = Math.max(mib, memory(child.pid, "VmHWM"));
      setTimeout(look, 1);
    } catch {
      // It has ended, and its memory with it.
    }
  };
  look();
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${command.join(" ")} ended (${code})\n${error}`);
  return { ms: Number(process.hrtime.bigint() - began) / 1e6, mib };
}

// A file of targets with so many addresses of these daemons: an address more
// for the same one is a link to its socket.
function fileOf(folder, daemons, count) {
  const links = `${folder}/t${count}`;
  mkdirSync(links);
  const lines = [];
  for (let i = 0; i < count; ++i) {
    const { socket } = daemons[i % daemons.length];
    const path = i < daemons.length ? socket : `${links}/${i}`;
    if (path !== socket) symlinkSync(socket, path);
    lines.push(`unix:${path}`);
  }
  writeFileSync(`${links}/list`, `${lines.join("\n")}\n`);
  return `@${links}/list`;
}

export async function measureFleet({ programs, folder }, plan, say) {
  say(`${plan.sidecars} sidecars: starting`);
  const daemons = [];
  for (let i = 0; i < plan.sidecars; ++i) {
    const gateway = {
      port: await freePort(),
      command: `[${programs}/fake_gateway, --port, "{port}"]`,
    };
    daemons.push(await startDaemon({ programs, folder }, `s${i}`, { gateway }));
  }
  const pids = daemons.map((it) => it.pid);
  const all = fileOf(folder, daemons, plan.sidecars);
  await timed([`${programs}/clawctl`, "--targets", all, "-q", "wait", "--for", "running", "--timeout", "60s"]);
  say(`${plan.sidecars} sidecars: idle for ${plan.streams} s`);
  const result = {
    cpu: await cpuShare(pids, plan.streams),
    rss: pids.map((pid) => memory(pid, "VmRSS")).reduce((a, b) => a + b),
    own: median(pids.map(ownMemory)),
    commands: [],
  };
  for (const count of [1, 10, 100, 1000, 10000]) {
    say(`clawctl --targets over ${count}`);
    const file = count === plan.sidecars ? all : fileOf(folder, daemons, count);
    for (const parallel of count === 100 || count === 1000 ? [1, 32, 256] : [32]) {
      const rounds = [];
      for (let round = 0; round < (count > 1000 ? 1 : plan.rounds); ++round) {
        rounds.push(
          await timed([`${programs}/clawctl`, "--targets", file, "--parallel", `${parallel}`, "status"]),
        );
      }
      result.commands.push({
        count,
        parallel,
        ms: spread(rounds.map((it) => it.ms)),
        mib: Math.max(...rounds.map((it) => it.mib)),
      });
    }
  }
  return result;
}
