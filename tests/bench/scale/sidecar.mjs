// One sidecar with the real gateway: idle, and followed by streams of statuses.

import { mkdirSync } from "node:fs";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { freePort, start, stop } from "../rpc/processes.mjs";
import { cpuShare, descriptors, memory, ownMemory, startDaemon, threads } from "./daemon.mjs";

const run = promisify(execFile);

async function look(pid, seconds) {
  const cpu = await cpuShare([pid], seconds);
  return { cpu, rss: memory(pid, "VmRSS"), own: ownMemory(pid), threads: threads(pid), ...descriptors(pid) };
}

export async function measureSidecar({ programs, gatewayDir, folder }, plan, say) {
  say("one sidecar: starting the gateway");
  mkdirSync(`${folder}/home`);
  const daemon = await startDaemon({ programs, folder }, "sidecar", {
    metrics: true,
    gateway: {
      port: await freePort(),
      dir: gatewayDir,
      node: process.execPath,
      home: `${folder}/home`,
      dev: true,
      allow_unconfigured: true,
      skip_channels: true,
    },
  });
  const ctl = [`${programs}/clawctl`, "--target", daemon.socket];
  await run(ctl[0], [...ctl.slice(1), "-q", "wait", "--for", "running", "--timeout", "300s"]);
  const { stdout } = await run(ctl[0], [...ctl.slice(1), "--json", "status"]);
  const gateway = JSON.parse(stdout).status.pid;

  say(`one sidecar: idle for ${plan.idle} s`);
  const rows = [{ streams: 0, ...(await look(daemon.pid, plan.idle)) }];
  const gatewayMemory = memory(gateway, "VmRSS");
  const followers = [];
  for (const streams of [1, 10]) {
    while (followers.length < streams) {
      const name = `follower${followers.length}`;
      followers.push(await start(folder, name, [...ctl, "status", "--watch"], /running/));
    }
    say(`one sidecar: ${streams} streams for ${plan.streams} s`);
    rows.push({ streams, ...(await look(daemon.pid, plan.streams)) });
  }
  await Promise.all(followers.map(stop));
  const answer = await fetch(`http://${daemon.ops}/metrics`);
  const metrics = await answer.text();
  return {
    rows,
    gateway_mib: gatewayMemory,
    metrics_bytes: Buffer.byteLength(metrics),
    metrics_series: metrics.split("\n").filter((line) => line && !line.startsWith("#")).length,
  };
}
