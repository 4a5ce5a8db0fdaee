// What was measured, as the section of docs/scale.md.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { number, range, table } from "../rpc/text.mjs";

export function system({ gatewayDir }) {
  const git = (...words) => execFileSync("git", words, { encoding: "utf8" }).trim();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: git("rev-parse", "--short=12", "HEAD"),
    cpu: os.cpus()[0].model.trim(),
    cores: os.cpus().length,
    load: os.loadavg()[0],
    openclaw: JSON.parse(readFileSync(`${gatewayDir}/package.json`, "utf8")).version,
  };
}

function sidecarTable({ rows }) {
  return table(
    ["streams of statuses", "CPU, % of a core", "resident, MiB", "its own, MiB", "threads", "descriptors", "sockets"],
    rows.map((it) => [
      it.streams,
      it.cpu.toFixed(2),
      number(it.rss),
      number(it.own),
      it.threads,
      it.all,
      it.sockets,
    ]),
  );
}

function commandTable({ commands }) {
  return table(
    ["servers", "--parallel", "took", "clawctl's memory, MiB"],
    commands.map((it) => [
      it.count.toLocaleString("en-US"),
      it.parallel,
      range(it.ms, (ms) => `${number(ms)} ms`),
      number(it.mib),
    ]),
  );
}

export function report({ system: at, plan, sidecar, fleet }) {
  return `
Measured on ${at.date}, commit ${at.commit}: ${at.cpu}, ${at.cores} cores, load before ${at.load.toFixed(2)};
openclaw ${at.openclaw}.

One sidecar and the real gateway, which it launched (${number(sidecar.gateway_mib)} MiB resident, for comparison); idle
over ${plan.idle} s, each row with streams over ${plan.streams} s:

${sidecarTable(sidecar)}

"Its own" is what it shares with no other process: on one machine the program's code is in memory once for all. One
answer of \`/metrics\` has ${number(sidecar.metrics_bytes)} bytes, and ${sidecar.metrics_series} series.

${plan.sidecars} sidecars on this machine, each with a fake gateway, idle over ${plan.streams} s: ${number(fleet.cpu)} % of a
core and ${number(fleet.rss)} MiB resident in all, ${number(fleet.own)} MiB of its own each (the median).

\`clawctl --targets @FILE status\` over their Unix sockets; above ${plan.sidecars} servers the addresses are links to the
same sockets, so that the servers, which share these cores, answer several times:

${commandTable(fleet)}
`;
}
