// From many measurements to the few figures that are told.

import { keyOf, TARGETS } from "./plan.mjs";

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

// The values of one figure of one cell, by round.
export function series(result, cell, figure) {
  return (result.cells[keyOf(cell)] ?? []).map((row) => row[figure]);
}

export function cellSpread(result, cell, figure) {
  const values = series(result, cell, figure);
  return values.length ? spread(values) : null;
}

// The ratio of two cells, formed within each round, so that what disturbs a
// round disturbs both.
export function ratio(result, over, under, figure) {
  const top = series(result, over, figure);
  const bottom = series(result, under, figure);
  return top.length ? spread(top.map((value, round) => value / bottom[round])) : null;
}

function verdict(value, { figure, must, aim }) {
  const more = figure === "per_second";
  const reaches = (limit) => (more ? value >= limit : value <= limit);
  return reaches(aim) ? "aim" : reaches(must) ? "must" : "missed";
}

// One row for each target and transport.
export function targetRows(result) {
  const rows = [];
  for (const target of TARGETS) {
    for (const transport of target.transport ? [target.transport] : ["unix", "tcp"]) {
      const cell = { ...target, transport };
      const value = ratio(
        result,
        { ...cell, system: "clawplaned" },
        { ...cell, system: target.than },
        target.figure,
      );
      if (value) rows.push({ ...target, transport, value, verdict: verdict(value.median, target) });
    }
  }
  return rows;
}
