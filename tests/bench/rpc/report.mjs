// The section on the Rpc bridge, as Markdown.

import { cellSpread, median, ratio, series, targetRows } from "./figures.mjs";
import { CONNECTIONS, MUST_CLAWCTL_FASTER, MUST_IDLE_MIB, MUST_SERVING_MS, SIZES } from "./plan.mjs";
import { bytes, number, range, table, time, times } from "./text.mjs";

const VERDICTS = { aim: "better than the aim", must: "kept", missed: "**missed**" };
const OVER = { unix: "Unix socket", tcp: "TCP" };
const FORMS = { json: "JSON text", value: "Value" };

function kept(is) {
  return is ? "kept" : "**missed**";
}

function targets(result) {
  const rows = targetRows(result).map((row) => [
    `${bytes(row.size)}, ${FORMS[row.form]}: ${row.name}`,
    row.than === "node" ? "the Node bridge" : "the bare echo",
    OVER[row.transport],
    range(row.value, times),
    `${row.figure === "per_second" ? "≥" : "≤"} ${row.must}`,
    row.aim === row.must ? "" : `${row.figure === "per_second" ? "≥" : "≤"} ${row.aim}`,
    VERDICTS[row.verdict],
  ]);
  return table(["Clawplane, as a multiple of", "what", "over", "ratio", "must", "aim", ""], rows);
}

function wholeThings(result) {
  const { commands, starts, resident_idle: idle } = result;
  const faster = commands.openclaw.ms.median / commands.clawctl.ms.median;
  return table(
    ["", "measured", "must", ""],
    [
      [
        "`clawctl call` faster than `openclaw gateway call`, times",
        number(faster),
        `≥ ${MUST_CLAWCTL_FASTER}`,
        kept(faster >= MUST_CLAWCTL_FASTER),
      ],
      [
        "clawplaned from exec to its first answer, ms",
        range(starts.ms),
        `≤ ${MUST_SERVING_MS}`,
        kept(starts.ms.median <= MUST_SERVING_MS),
      ],
      [
        "clawplaned resident, connected and before the first call, MiB",
        number(idle.clawplaned),
        `≤ ${MUST_IDLE_MIB}`,
        kept(idle.clawplaned <= MUST_IDLE_MIB),
      ],
    ],
  );
}

function row(result, name, cell) {
  const one = { ...cell, inFlight: 1 };
  const many = { ...cell, inFlight: 64 };
  const like = cellSpread(result, one, "p50_us")?.median;
  const spread = (at, figure, write) => range(cellSpread(result, at, figure), write);
  const unit = (us) => time(us, like);
  const cpu = cell.system === "direct" ? "client_cpu_us" : "cpu_us";
  return [
    `${name}, ${cell.system === "websocket" || cell.system === "direct" ? "WebSocket" : OVER[cell.transport]}`,
    spread(one, "p50_us", unit),
    cellSpread(result, one, "p99_us") ? unit(cellSpread(result, one, "p99_us").median) : "–",
    spread(many, "per_second"),
    cellSpread(result, many, "p50_us") ? time(cellSpread(result, many, "p50_us").median) : "–",
    cellSpread(result, many, "p99_us") ? time(cellSpread(result, many, "p99_us").median) : "–",
    spread(one, cpu, unit),
    spread(many, cpu, unit),
  ];
}

const HEAD = ["", "p50, 1", "p99, 1", "calls/s, 64", "p50, 64", "p99, 64", "server CPU a call, 1", "server CPU a call, 64"];

function jsonTable(result, size) {
  const cell = (system, transport = "tcp") => ({ system, form: "json", transport, size });
  return table(HEAD, [
    row(result, "bare gRPC echo", cell("echo", "unix")),
    row(result, "**clawplaned**", cell("clawplaned", "unix")),
    row(result, "bare gRPC echo", cell("echo")),
    row(result, "**clawplaned**", cell("clawplaned")),
    row(result, "Node bridge", cell("node")),
    row(result, "bare Beast echo", cell("websocket")),
    row(result, "gateway-client, direct", cell("direct")),
  ]);
}

function valueTable(result) {
  const rows = [];
  for (const size of SIZES) {
    for (const [name, system, transport] of [
      ["bare gRPC echo", "echo", "unix"],
      ["**clawplaned**", "clawplaned", "unix"],
      ["bare gRPC echo", "echo", "tcp"],
      ["**clawplaned**", "clawplaned", "tcp"],
      ["Node bridge", "node", "tcp"],
    ]) {
      const cell = { system, form: "value", transport, size };
      if (!cellSpread(result, { ...cell, inFlight: 1 }, "p50_us")) continue;
      rows.push(row(result, `${bytes(size)}: ${name}`, cell));
    }
  }
  return table(HEAD, rows);
}

function commandsTable({ commands }) {
  const line = (name, { runs, ms, max_rss_mib: memory }) => [name, range(ms), range(memory), `${runs}`];
  return table(
    ["", "time, ms", "most memory, MiB", "runs"],
    [
      line("`clawctl call last-heartbeat --json`", commands.clawctl),
      line("`openclaw gateway call last-heartbeat --json`", commands.openclaw),
    ],
  );
}

function flatness({ flatness: flat }) {
  const first = flat.segments[0];
  const last = flat.segments.at(-1);
  return `Over ${number(flat.calls)} calls (200 B, JSON text, 64 in flight, Unix socket) the CPU time of a call went from
${number(first.cpu_us)} µs in the first ${number(flat.segment)} to ${number(last.cpu_us)} µs in the last, ${times(last.cpu_us / first.cpu_us)} times that; the
resident memory from ${number(flat.rss_before_kib / 1024)} MiB after the warm-up to ${number(last.rss_kib / 1024)} MiB.`;
}

function connectionsTable({ connections }) {
  const middle = (rows, figure) => [...rows.map((one) => one[figure])].sort((a, b) => a - b)[rows.length >> 1];
  return table(
    ["connections", "clawplaned: CPU a call", "calls/s", "bare echo: CPU a call", "calls/s"],
    CONNECTIONS.map((count) => [
      number(count),
      ...["clawplaned", "echo"].flatMap((system) => [
        time(middle(connections[system][count], "cpu_us")),
        number(middle(connections[system][count], "per_second")),
      ]),
    ]),
  );
}

function memoryTable({ resident_idle: idle, resident_after: after }) {
  const line = (name, key) => [name, number(idle[key]), number(after[key])];
  return table(
    ["resident, MiB", "before the first call", "after all of the above"],
    [line("bare gRPC echo", "echo"), line("**clawplaned**", "clawplaned"), line("Node bridge", "node")],
  );
}

function gatewayShare(result) {
  const cell = { system: "clawplaned", form: "json", transport: "unix", size: 200, inFlight: 64 };
  return `${number(cellSpread(result, cell, "gateway_cpu_us").median)} µs a call at 200 B, the load generator ${number(cellSpread(result, cell, "client_cpu_us").median)} µs`;
}

// A call waits for an answer of gRPC and for one of a WebSocket, one after the
// other. What both bare echoes take together, as a multiple of gRPC's, is
// therefore about the least that a bridge can take.
function sequentialFloor(result, transport) {
  const p50 = (system, over) => series(result, { system, form: "json", transport: over, size: 200, inFlight: 1 }, "p50_us");
  const grpc = p50("echo", transport);
  const socket = p50("websocket", "tcp");
  return times(median(grpc.map((value, round) => (value + socket[round]) / value)));
}

function circumstances({ circumstances: at, plan }) {
  return `Measured on ${at.date}, commit ${at.commit || "unknown"}: ${at.cpu}, ${at.cores} cores, ${number(at.memory_gib)} GiB; ${at.system}, Linux
${at.kernel}; gRPC ${at.grpc}, Node ${at.node}, openclaw ${at.openclaw}; load average before: ${at.load.toFixed(2)}. ${plan.rounds} rounds of
${plan.seconds} s for each figure, after a warm-up of ${plan.warmUp} s.`;
}

export function report(result) {
  const { circumstances: at } = result;
  const slower = ratio(
    result,
    { system: "clawplaned", form: "json", transport: "unix", size: 200, inFlight: 1 },
    { system: "direct", form: "json", transport: "tcp", size: 200, inFlight: 1 },
    "p50_us",
  );
  return `## The Rpc bridge

What a call to the gateway costs on its way through clawplaned. ${circumstances(result)}

The yardstick is a bare gRPC callback server of the same C++ library that answers each call with its own params: the same
transport and the same generated API, without a gateway behind it. Ratios are formed within each round.

${targets(result)}

${wholeThings(result)}

![Ratios to the bare gRPC echo](performance/rpc-ratios.svg)

![Calls a second](performance/rpc-calls.svg)

![Server CPU a call](performance/rpc-cpu.svg)

### JSON text

\`params_json\` to \`result_json\`; 1 or 64 calls in flight on one connection.

${SIZES.map((size) => `${bytes(size)}:\n\n${jsonTable(result, size)}`).join("\n\n")}

### Values

\`params\` to \`result\`, a \`google.protobuf.Value\` of the same content. The bare echo copies it; the bridges turn it into
JSON text and back. The largest one is only sent one at a time.

${valueTable(result)}

### Whole commands

One call on a real gateway, from the start of the command to its end; and what starting clawplaned takes.

${commandsTable(result)}

### Whether it stays so

${flatness(result)}

![CPU of a call over many calls](performance/rpc-flat.svg)

64 calls in flight, spread over more and more connections (200 B, JSON text, Unix socket). A connection that carries
fewer calls at a time shares fewer system calls between them, for the bare echo too:

${connectionsTable(result)}

${memoryTable(result)}

### How it is measured, and what it does not say

* One load generator (\`tests/bench/rpc/rpc_load.cc\`) for all gRPC servers, with one thread: the request is serialised once,
  exactly so many calls are always outstanding, each answer is checked for its status and size, and the first for its
  content. Latencies are of all calls in the window. CPU time is the user and system time of the serving process alone,
  read from its CPU clock at both ends of the window.
* The bridges share one gateway that echoes (\`echo_gateway.cc\`). It, the server and the load generator share the machine's
  ${at.cores} cores, and the bare echo has one process less to share them with: calls/s at 64 in flight is therefore a verdict on all
  three processes, CPU a call on the server alone. The gateway took ${gatewayShare(result)}.
* The systems of one comparison are measured one right after the other, in each second round in the opposite order.
  Differences below about 10 % between systems are noise on a shared machine; p99 is noisier than that.
* clawplaned is as its users have it: access check (a token on TCP), deadlines, limits, validation of params and answers. The
  Node bridge (\`node/bridge.mjs\`: @grpc/grpc-js ${at.grpc_js}, ws ${at.ws}) validates both too and hands the text on
  unaltered, but has none of the rest. It is tuned: no compression, zero masks, one write for all frames of a turn.
* The CPU time of a call depends on how busy the machine is: a server that is ahead of its client wakes for each call, one
  that is behind takes several at once. One call at a time is the dearest case for every system.
* One at a time, a call waits for gRPC and then for the WebSocket. Both bare echoes one after the other would take
  ${sequentialFloor(result, "unix")} times as long as the gRPC echo alone over the Unix socket and ${sequentialFloor(result, "tcp")} times over TCP: a target below that
  asks a bridge to be faster than its two halves.
* The bare Beast echo sends and receives over one WebSocket on one thread, without batching: a yardstick for the
  gateway's side, not a bridge.
* "gateway-client, direct" is @openclaw/gateway-client ${at.gateway_client} in Node, without any bridge; its CPU is that of the
  client. One at a time, a C++ client's call through clawplaned takes ${times(slower.median)} times as long (${times(slower.min)}..${times(slower.max)}).
* The makers' command line starts Node and its own code for each call; most of its time is that.
`;
}
