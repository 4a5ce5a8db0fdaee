// The section on events, as Markdown; and the targets for a terminal.

import { median, spread } from "../rpc/figures.mjs";
import { bytes, number, range, table, time, times } from "../rpc/text.mjs";
import { backlog, cellSpread, eventsInResponse, idle, keepingUp, stalls } from "./figures.mjs";
import { IDLE, SHARED, SIZES, STREAMS, SYSTEMS } from "./plan.mjs";

const VERDICTS = { aim: "better than the aim", must: "kept", missed: "**missed**", unknown: "too few rounds" };
const NAMES = { bare: "bare gRPC server", clawplaned: "**clawplaned**", node: "Node bridge" };

function streamsOf({ streams, shared }) {
  const all = `${number(streams)} ${streams === 1 ? "stream" : "streams"}`;
  return shared ? `${all}, ${SHARED} a connection` : all;
}

const us = (value) => range(value, (one) => time(one));

// What is aimed at: name, measured, must, aim, verdict.
function targetRows(result) {
  const rows = keepingUp(result).map((row) => [
    `keeping up, ${streamsOf(row)}: CPU a delivery, multiple of the bare server's`,
    range(row.value, times),
    `≤ ${row.must}`,
    `≤ ${row.aim}`,
    VERDICTS[row.verdict],
  ]);
  for (const row of backlog(result)) {
    rows.push([
      `backlog, ${row.kind}, ${streamsOf(row)}: CPU a delivery`,
      us(row.value),
      `≤ ${row.must} µs`,
      `≤ ${row.aim} µs`,
      VERDICTS[row.verdict],
    ]);
  }
  const memory = idle(result);
  rows.push([
    `${number(IDLE.streams)} idle streams: memory, multiple of the bare server's`,
    range(memory.value, times),
    `≤ ${memory.must}`,
    "",
    VERDICTS[memory.verdict],
  ]);
  const one = stalls(result).filter((row) => row.stalled === 1);
  for (const row of one) {
    rows.push([
      `one stalled reader beside ${number(row.streams)}, ${row.kind}: CPU a delivery, with it as a multiple of without`,
      range(row.value, times),
      "nothing to be found",
      "",
      VERDICTS[row.verdict],
    ]);
  }
  return rows;
}

const TARGET_HEAD = ["at 200 B", "measured", "must", "aim", ""];

// The same for a terminal.
export function targetsText(result) {
  const rows = [TARGET_HEAD, ...targetRows(result)].map((row) => row.map((text) => text.replaceAll("*", "")));
  const widths = TARGET_HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column])).join("  ").trimEnd()).join("\n");
}

function keepingUpTable(result) {
  const rows = [];
  for (const streams of STREAMS) {
    for (const system of SYSTEMS) {
      const at = (size, figure) => cellSpread(result, { kind: "paced", system, size, streams }, figure);
      rows.push([`${streamsOf({ streams })}: ${NAMES[system]}`, ...SIZES.map((size) => us(at(size)))]);
    }
  }
  for (const system of ["bare", "clawplaned"]) {
    const how = { streams: 1000, shared: true };
    rows.push([`${streamsOf(how)}: ${NAMES[system]}`, us(cellSpread(result, { kind: "paced", system, size: 200, ...how })), "–"]);
  }
  return table(["CPU a delivery", ...SIZES.map(bytes)], rows);
}

function latencyTable(result) {
  const rows = SYSTEMS.map((system) => [
    NAMES[system],
    ...SIZES.flatMap((size) =>
      ["p50_us", "p99_us"].map((figure) => us(cellSpread(result, { kind: "paced", system, size, streams: 1 }, figure))),
    ),
  ]);
  return table(["", ...SIZES.flatMap((size) => [`${bytes(size)}: p50`, "p99"])], rows);
}

function backlogTable(result) {
  const rows = [];
  const line = (how, name, kind, system) => {
    const told = (size) => {
      const cell = { kind, system, size, ...how };
      const value = cellSpread(result, cell);
      return value ? [us(value), number(eventsInResponse(result, cell))] : ["–", "–"];
    };
    rows.push([`${streamsOf(how)}: ${name}`, ...SIZES.flatMap(told)]);
  };
  for (const how of [...STREAMS.map((streams) => ({ streams })), { streams: 1000, shared: true }]) {
    for (const system of SYSTEMS) {
      if (how.shared && system === "node") continue;
      line(how, NAMES[system], "burst", system);
    }
    line(how, "**clawplaned**, replay", "replay", "clawplaned");
  }
  return table(["CPU a delivery", ...SIZES.flatMap((size) => [bytes(size), "events a response"])], rows);
}

function stalledTable(result) {
  const rows = stalls(result).map(({ kind, streams, stalled, without, beside, value }) => [
    `${kind}, ${streams === 1 ? "1 reader" : `${number(streams)} readers`}`,
    number(stalled),
    us(without),
    us(beside),
    range(value, times),
  ]);
  return table(["", "stalled beside", "CPU a delivery, without", "with", "ratio"], rows);
}

function idleTable({ idle: rows }) {
  return table(
    ["", "resident before, MiB", "with the streams", "a stream, KiB", "CPU to open one"],
    SYSTEMS.map((system) => [
      NAMES[system],
      ...["before_mib", "after_mib"].map((figure) => number(median(rows[system].map((row) => row[figure])))),
      range(spread(rows[system].map((row) => row.stream_kib))),
      us(spread(rows[system].map((row) => row.open_cpu_us))),
    ]),
  );
}

function circumstances({ circumstances: at, plan }) {
  return `Measured on ${at.date}, commit ${at.commit || "unknown"}: ${at.cpu}, ${at.cores} cores, ${number(at.memory_gib)} GiB; ${at.system}, Linux
${at.kernel}; gRPC ${at.grpc}, Node ${at.node}; load average before: ${at.load.toFixed(2)}. ${plan.rounds} ${plan.rounds === 1 ? "round" : "rounds"}.`;
}

function wireBytes(result) {
  const told = SIZES.map((size) => {
    const bytesOf = (system) => number(cellSpread(result, { kind: "paced", system, size, streams: 1 }, "bytes").median);
    return `${bytesOf("clawplaned")} bytes in clawplaned's response, ${bytesOf("bare")} in the bare server's and ${bytesOf("node")} in that of Node`;
  });
  return `A lone event with a payload of ${bytes(SIZES[0])} is ${told[0]}; one of ${bytes(SIZES[1])}, ${told[1]}.`;
}

export function report(result) {
  const { circumstances: at } = result;
  return `## The fan-out of events

What it costs to bring an event of the gateway to a stream of \`StreamEvents\`. ${circumstances(result)}

A delivery is one event to one stream. The yardstick is a bare gRPC callback server of the same C++ library that writes
the same bytes to each stream, one response an event, without a gateway, a log or filters. Ratios are formed within each
round.

${table(TARGET_HEAD, targetRows(result))}

![CPU of a delivery to readers that keep up](performance/events-keeping-up.svg)

![CPU of a delivery to readers that are behind](performance/events-backlog.svg)

### Readers that keep up

Events come so slowly that every reader has read one before the next: 1,000 a second to 1 stream, 50 to 100, 5 to 1,000.
Each delivery is a message, a system call and often a wake-up of its own, for every server.

${keepingUpTable(result)}

From the sending by the gateway to the receipt by the reader, 1,000 events a second to one stream:

${latencyTable(result)}

### Readers that are behind

Burst: the gateway sends as fast as it can, to streams that wait for it. Replay: the log is full, the events are the last in
it, and the streams are opened with the position before them. Clawplane puts up to 64 waiting events or 256 KiB into one response.

${backlogTable(result)}

### Readers that do not read

A stalled reader opens its stream, reads the first response and then nothing more; before the measurement it gets 200 KB,
which is more than its window takes.

${stalledTable(result)}

### Readers in which nothing happens

${number(IDLE.streams)} streams over ${number(IDLE.connections)} connections, in a server of their own. The memory of the connections is in the first column.

${idleTable(result)}

### How it is measured, and what it does not say

* All servers are read over Unix sockets, by one program with one thread (\`tests/bench/events/event_load.cc\`). It finds the
  events of a response by its bytes and checks of every stream that each event came once and in order. Each stream has a
  connection of its own, as real clients have, unless a row says otherwise.
* ${wireBytes(result)}
* An event is of the gateway's own form, with a payload of so many bytes of JSON in which the time of sending stands.
  clawplaned and the Node bridge have a gateway of their own each; the bare server makes its events itself, at the same
  pace. What it costs to take an event from a gateway, to check and to log it is therefore in the figures of the bridges
  alone, and weighs most with one stream.
* The log of clawplaned is full before each measurement, as it is once a server has run for a while.
* CPU time is the user and system time of the server alone, from its CPU clock, from after the opening of the streams until
  the last delivery; for a replay, opening is within.
* The systems of one comparison are measured one right after the other, in each second round in the opposite order. In a
  burst each gets as many events as it brings to all streams in about a second.
* The Node bridge (\`node/event_bridge.mjs\`: @grpc/grpc-js ${at.grpc_js}, ws ${at.ws}) parses each event once and writes one message to
  each stream; it has no access check, filters, bounded log or resumption.
* Server, gateway and readers share the machine's ${at.cores} cores. CPU a delivery is about the server alone, but depends on how
  busy they are: a server that falls behind takes several things at once.`;
}
