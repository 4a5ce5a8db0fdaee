// The dashboard as one picture: a small chart for each panel.

import { svg, words } from "../bench/rpc/drawing.mjs";
import { number } from "../bench/rpc/text.mjs";

const COLUMNS = 3;
const WIDTH = 760 / COLUMNS;
const PLOT = { left: 46, top: 26, width: WIDTH - 60, height: 74 };
const LEGEND = 13;
const MOST_NAMES = 6;
// Longer names get a line of the legend to themselves.
const SHORT_NAME = 17;

const STYLE = `<style>
  .state { stroke-width: 7; }
  .curve { fill: none; stroke-width: 1.4; stroke-linejoin: round; }
  .c0 { stroke: #0969da; } .c1 { stroke: #cf222e; } .c2 { stroke: #1a7f37; }
  .c3 { stroke: #bf8700; } .c4 { stroke: #8250df; } .c5 { stroke: #6e7781; }
  .grid { stroke: #d0d7de; } .mark { stroke: #8c959f; stroke-dasharray: 2 3; }
  .small { font-size: 10px; } .row { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .c0 { stroke: #4493f8; } .c1 { stroke: #f85149; } .c2 { stroke: #3fb950; }
    .c3 { stroke: #d29922; } .c4 { stroke: #ab7df8; } .c5 { stroke: #8d96a0; }
    .grid { stroke: #3d444d; } .mark { stroke: #7d8590; }
  }
</style>`;

function short(value, unit) {
  if (unit === "percentunit") return `${number(value * 100)} %`;
  if (unit === "s") return value < 1 ? `${number(value * 1000)} ms` : `${number(value)} s`;
  if (unit === "bytes") {
    const [scale, name] = value >= 1e9 ? [1e9, "GB"] : value >= 1e6 ? [1e6, "MB"] : value >= 1e3 ? [1e3, "kB"] : [1, "B"];
    return `${number(value / scale)} ${name}`;
  }
  return unit === "cps" ? `${number(value)}/s` : number(value);
}

// The longest pause between two points that is none, in seconds.
const PAUSE = 2.5;

// A line, interrupted where seconds are missing. What lies between two points of
// the same height is left out, for most lines are flat most of the time.
function path(points, x, y) {
  const all = points.map(([at, value]) => ({ at, x: x(at).toFixed(1), y: y(value).toFixed(1) }));
  const joins = (a, b) => a !== undefined && b !== undefined && b.at - a.at <= PAUSE;
  return all
    .map((point, index) => {
      const [before, after] = [all[index - 1], all[index + 1]];
      if (!joins(before, point)) return `M${point.x} ${point.y}`;
      const isFlat = joins(point, after) && before.y === point.y && after.y === point.y;
      return isFlat ? "" : `L${point.x} ${point.y}`;
    })
    .join("");
}

function columnsOf(curves) {
  return curves.slice(0, MOST_NAMES).some(({ name }) => name.length > SHORT_NAME) ? 1 : 2;
}

// States lie below each other, in the order in which they come first.
function states(curves) {
  return [...curves]
    .sort((a, b) => a.points[0][0] - b.points[0][0])
    .map(({ name, points }, index) => ({ name, points: points.map(([at]) => [at, (curves.length - index - 0.5) / curves.length]) }));
}

function chart(left, top, { title, unit, curves: given, isState }, { seconds, marks }) {
  const curves = isState ? states(given) : given;
  const most = isState ? 1 : Math.max(...curves.flatMap(({ points }) => points.map(([, value]) => value)), 1e-9);
  const x = (at) => left + PLOT.left + (at / seconds) * PLOT.width;
  const y = (value) => top + PLOT.top + PLOT.height * (1 - value / most);
  const line = (kind, x1, y1, x2, y2) => `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
  const parts = [
    words(left + 4, top + 12, title),
    line("grid", x(0), y(0), x(seconds), y(0)),
    line("grid", x(0), y(most), x(seconds), y(most)),
    words(left + PLOT.left - 4, y(most) + 4, isState || most <= 1e-9 ? "" : short(most, unit), 'text-anchor="end" class="soft small"'),
    words(left + PLOT.left - 4, y(0) + 4, isState ? "" : "0", 'text-anchor="end" class="soft small"'),
    ...marks.map(({ at }) => line("mark", x(at), y(0), x(at), y(most))),
  ];
  const sorted = [...curves].sort((a, b) => peak(b) - peak(a));
  sorted.forEach((curve, index) => {
    const kind = `c${Math.min(index, 5)}`;
    parts.push(`<path class="curve ${kind}${isState ? " state" : ""}" d="${path(curve.points, x, y)}"/>`);
    if (index >= MOST_NAMES) return;
    const columns = columnsOf(sorted);
    const at = { x: left + 8 + (index % columns) * (WIDTH / 2), y: y(0) + 16 + Math.floor(index / columns) * LEGEND };
    const isLast = index === MOST_NAMES - 1 && sorted.length > MOST_NAMES;
    parts.push(line(`curve ${kind}`, at.x, at.y - 3, at.x + 8, at.y - 3));
    parts.push(words(at.x + 12, at.y, isLast ? `${curve.name}, and ${sorted.length - MOST_NAMES} more` : curve.name, 'class="soft small"'));
  });
  return parts.join("");
}

function peak({ points }) {
  return Math.max(...points.map(([, value]) => value));
}

// `rows` as panels.mjs gives them, each panel with its curves.
export function drawDashboard(title, notes, rows, span) {
  const parts = [STYLE, words(0, 16, title, 'class="title"')];
  let top = 22;
  for (const note of notes) parts.push(words(0, (top += 14), note, 'class="soft small"'));
  for (const row of rows) {
    parts.push(words(0, (top += 24), row.title, 'class="row"'));
    top += 6;
    for (let first = 0; first < row.panels.length; first += COLUMNS) {
      const line = row.panels.slice(first, first + COLUMNS);
      line.forEach((panel, column) => parts.push(chart(column * WIDTH, top, panel, span)));
      const lines = line.map(({ curves }) => Math.ceil(Math.min(curves.length, MOST_NAMES) / columnsOf(curves)));
      top += PLOT.top + PLOT.height + 12 + Math.max(...lines) * LEGEND;
    }
  }
  return svg(top + 10, title, parts);
}
