// The charts.

import { bars, svg, words } from "./drawing.mjs";
import { cellSpread, targetRows } from "./figures.mjs";
import { SIZES } from "./plan.mjs";
import { bytes, number, time, times } from "./text.mjs";

function ratios(result) {
  const panel = (than, over) => ({
    name: `${than === "echo" ? "to the bare gRPC echo" : "to the Node bridge"}, ${over === "unix" ? "Unix socket" : "TCP"}`,
    rows: targetRows(result)
      .filter((row) => row.than === than && row.transport === over)
      .map((row) => ({
        label: `${bytes(row.size)}${row.form === "value" ? " Value" : ""}: ${{ p50_us: "p50, 1 in flight", per_second: "calls/s, 64 (more is better)", cpu_us: "CPU a call, 64" }[row.figure]}`,
        kind: "clawplaned",
        value: row.value,
        write: times,
        marks: [
          { value: row.must, kind: "must" },
          ...(row.aim === row.must ? [] : [{ value: row.aim, kind: "aim" }]),
        ],
      })),
  });
  return bars(
    "clawplaned as a multiple of others",
    [panel("echo", "unix"), panel("echo", "tcp"), panel("node", "tcp")],
    ["Less is better, but for calls/s. Red: what must be kept; green: the aim. Thin line: smallest to largest round."],
  );
}

const SYSTEMS = [
  ["bare gRPC echo, Unix socket", "echo", "echo", "unix"],
  ["clawplaned, Unix socket", "clawplaned", "clawplaned", "unix"],
  ["bare gRPC echo, TCP", "echo", "echo", "tcp"],
  ["clawplaned, TCP", "clawplaned", "clawplaned", "tcp"],
  ["Node bridge, TCP", "node", "node", "tcp"],
];

function bySize(result, title, systems, figure, write, notes) {
  return bars(
    title,
    SIZES.map((size) => ({
      name: bytes(size),
      rows: systems.map(([label, system, kind, transport]) => ({
        label,
        kind,
        write,
        value: cellSpread(result, { system, form: "json", transport, size, inFlight: 64 }, figure),
      })),
    })),
    notes,
  );
}

// CPU of a call by the number of the call.
function flat({ flatness }) {
  const title = "Server CPU of a call, over many calls on one clawplaned";
  const values = flatness.segments.map((segment) => segment.cpu_us);
  const most = Math.max(...values) * 1.2;
  const x = (index) => 60 + ((index + 1) / values.length) * 640;
  const y = (value) => 190 - (value / most) * 150;
  const points = values.map((value, index) => `${x(index)},${y(value)}`).join(" ");
  return svg(230, title, [
    words(0, 16, title, 'class="title"'),
    `<line class="axis" x1="60" x2="720" y1="190" y2="190"/><line class="axis" x1="60" x2="60" y1="40" y2="190"/>`,
    `<polyline class="line" points="${points}"/>`,
    ...values.map((value, index) => words(x(index), y(value) - 8, number(value), 'text-anchor="middle"')),
    ...values.map((_, index) => words(x(index), 206, number((index + 1) * flatness.segment), 'text-anchor="middle" class="soft"')),
    words(0, 124, "µs", 'class="soft"'),
    words(720, 224, "calls made (200 B, 64 in flight)", 'text-anchor="end" class="soft"'),
  ]);
}

export function charts(result) {
  const notes = ["JSON text, 64 calls in flight. Thin line: smallest to largest round."];
  return {
    "rpc-ratios.svg": ratios(result),
    "rpc-calls.svg": bySize(
      result,
      "Calls a second (more is better)",
      [
        ...SYSTEMS,
        ["bare Beast echo, WebSocket", "websocket", "other", "tcp"],
        ["gateway-client, direct", "direct", "other", "tcp"],
      ],
      "per_second",
      number,
      notes,
    ),
    "rpc-cpu.svg": bySize(result, "Server CPU a call (less is better)", SYSTEMS, "cpu_us", time, notes),
    "rpc-flat.svg": flat(result),
  };
}
