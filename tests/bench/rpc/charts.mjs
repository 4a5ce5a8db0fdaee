// The charts, as SVG that is legible on light and on dark pages.

import { cellSpread, targetRows } from "./figures.mjs";
import { SIZES } from "./plan.mjs";
import { bytes, number, time, times } from "./text.mjs";

const STYLE = `<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 14px; }
  .soft { fill: #6e7781; }
  .clawplaned { fill: #0969da; } .echo { fill: #8c959f; } .node { fill: #bf8700; } .other { fill: #57ab5a; }
  .whisker { stroke: #24292f; stroke-width: 1; } .axis { stroke: #d0d7de; }
  .must { stroke: #cf222e; stroke-width: 2; } .aim { stroke: #1a7f37; stroke-width: 2; }
  .line { stroke: #0969da; stroke-width: 2; fill: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .soft { fill: #8d96a0; }
    .clawplaned { fill: #4493f8; } .echo { fill: #7d8590; } .node { fill: #d29922; } .other { fill: #3fb950; }
    .whisker { stroke: #e6edf3; } .axis { stroke: #3d444d; }
    .must { stroke: #f85149; } .aim { stroke: #3fb950; }
    .line { stroke: #4493f8; }
  }
</style>`;

const WIDTH = 760;
const LABELS = 240;
const BARS = 380;
const ROW = 22;

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function words(x, y, text, attributes = "") {
  return `<text x="${x}" y="${y}" ${attributes}>${escape(text)}</text>`;
}

function svg(height, title, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${escape(title)}</title>
${STYLE}
${parts.join("\n")}
</svg>
`;
}

function tick(x, y, kind) {
  return `<line class="${kind}" x1="${x}" x2="${x}" y1="${y - 8}" y2="${y + 8}"/>`;
}

// A bar with its label, its spread, its value and the marks on its way.
function bar(y, { label, kind, value, write, marks = [] }, most) {
  const at = (v) => LABELS + Math.min(1, v / most) * BARS;
  const end = Math.max(at(value.max), ...marks.map((mark) => at(mark.value)));
  return [
    words(LABELS - 8, y + 4, label, 'text-anchor="end"'),
    `<rect class="${kind}" x="${LABELS}" y="${y - 6}" width="${at(value.median) - LABELS}" height="12" rx="2"/>`,
    `<line class="whisker" x1="${at(value.min)}" x2="${at(value.max)}" y1="${y}" y2="${y}"/>`,
    ...marks.map((mark) => tick(at(mark.value), y, mark.kind)),
    words(end + 8, y + 4, write(value.median)),
  ].join("");
}

// Panels of bars below each other, each with a scale of its own from 0.
function bars(title, panels, notes = []) {
  const parts = [words(0, 16, title, 'class="title"')];
  let y = 34;
  for (const note of notes) {
    parts.push(words(0, y, note, 'class="soft"'));
    y += 18;
  }
  for (const { name, rows } of panels) {
    y += 16;
    if (name) {
      parts.push(words(0, y, name, 'class="soft"'));
      y += 14;
    }
    const most = Math.max(...rows.flatMap((row) => [row.value.max, ...(row.marks ?? []).map((mark) => mark.value)]));
    const begin = y - 4;
    for (const row of rows) {
      y += ROW / 2;
      parts.push(bar(y, row, most));
      y += ROW / 2;
    }
    parts.push(`<line class="axis" x1="${LABELS}" x2="${LABELS}" y1="${begin}" y2="${y}"/>`);
  }
  return svg(y + 10, title, parts);
}

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
