// The section on attacks, as Markdown.

import { median } from "../rpc/figures.mjs";
import { number, table, time } from "../rpc/text.mjs";

function middle(rows, read) {
  return median(rows.map(read));
}

// The largest of the rounds: what a client may have to wait.
function worst(rows, read) {
  return Math.max(...rows.map(read));
}

function failed(rows) {
  const of = ({ status, rpc }) => status.failed + rpc.failed;
  return rows.reduce((sum, { during }) => sum + of(during.unix) + of(during.tcp), 0);
}

function latencies({ attacks }) {
  const cells = (rows, transport, kind) =>
    ["quiet", "during"].map((when) => {
      const p50 = middle(rows, (row) => row[when][transport][kind].p50_us);
      const p99 = worst(rows, (row) => row[when][transport][kind].p99_us);
      return `${time(p50)} / ${time(p99)}`;
    });
  const rows = Object.entries(attacks).map(([name, all]) => [
    name,
    ...["unix", "tcp"].flatMap((transport) => ["status", "rpc"].flatMap((kind) => cells(all, transport, kind))),
    `${failed(all)}`,
  ]);
  const over = ["Unix socket", "TCP"].flatMap((socket) =>
    ["GetStatus", "Rpc"].flatMap((kind) => [`${kind}, ${socket}: quiet`, "attacked"]),
  );
  return table(["attack", ...over, "calls that failed"], rows);
}

function costs({ attacks, plan }) {
  const rows = Object.entries(attacks).map(([name, all]) => [
    name,
    number(middle(all, (row) => row.attack.sent / plan.attack)),
    number(middle(all, (row) => row.attack.ended / plan.attack)),
    `${Math.round(100 * middle(all, (row) => row.cpu_share))} %`,
    number(middle(all, (row) => row.before_mib)),
    number(worst(all, (row) => row.peak_mib)),
    number(middle(all, (row) => row.after_mib)),
  ]);
  const head = ["attack", "sent a second", "connections ended a second", "CPU of clawplaned"];
  return table([...head, "MiB before", "most", "after"], rows);
}

export function summary(result) {
  return `${latencies(result)}\n\n${costs(result)}`;
}

export function report(result) {
  const { circumstances: on, plan } = result;
  return `## Under attack

What clients that keep the rules see while somebody without a token attacks over TCP. Measured on ${on.date}, commit
${on.commit}: ${on.cpu}, ${on.cores} cores, ${number(on.memory_gib)} GiB; ${on.system}, Linux ${on.kernel}; gRPC
${on.grpc}; load average before: ${on.load.toFixed(2)}. ${plan.rounds} rounds; each attack for ${plan.attack} s on a
clawplaned of its own, at full speed from one process, beside one client on the Unix socket and one with a token on TCP,
which call one after the other. All of them share the machine's cores, so that a part of what an attack costs is the
attacker's own work. What each attack is: \`tests/abuse/attacks.cc\`; what bounds it: [security.md](security.md).

p50 / p99 of a call, the median of the rounds for p50 and the largest for p99:

${latencies(result)}

What it costs clawplaned:

${costs(result)}`;
}
