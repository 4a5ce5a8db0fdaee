// From many measurements to the few figures that are told.

import { median, spread } from "../rpc/figures.mjs";
import { BACKLOG_US, KEEPING_UP, keyOf, MUST_IDLE, STALLS, STREAMS } from "./plan.mjs";

// The values of one figure of one cell, by round.
function series(result, cell, figure) {
  return (result.cells[keyOf(cell)] ?? []).map((row) => row[figure]);
}

export function cellSpread(result, cell, figure = "cpu_us") {
  const values = series(result, cell, figure);
  return values.length ? spread(values) : null;
}

// Formed within each round, so that what disturbs a round disturbs both.
function ratio(result, over, under, figure = "cpu_us") {
  const bottom = series(result, under, figure);
  const values = series(result, over, figure).map((value, round) => value / bottom[round]);
  return values.length ? spread(values) : null;
}

export function eventsInResponse(result, cell) {
  const rows = result.cells[keyOf(cell)] ?? [];
  return rows.length ? median(rows.map((row) => row.deliveries / row.responses)) : null;
}

function verdict(value, { must, aim = -1 }) {
  return value <= aim ? "aim" : value <= must ? "must" : "missed";
}

// The numbers of streams that are aimed at, and how they are connected.
const CONNECTED = [...STREAMS.map((streams) => ({ streams, shared: false })), { streams: 1000, shared: true }];

export function keepingUp(result) {
  return CONNECTED.map((how) => {
    const cell = { ...how, kind: "paced", size: 200 };
    const value = ratio(result, { ...cell, system: "clawplaned" }, { ...cell, system: "bare" });
    return { ...how, ...KEEPING_UP, value, verdict: verdict(value.median, KEEPING_UP) };
  });
}

export function backlog(result) {
  const rows = [];
  for (const how of CONNECTED.filter(({ streams }) => streams > 1)) {
    for (const kind of ["burst", "replay"]) {
      const value = cellSpread(result, { ...how, kind, size: 200, system: "clawplaned" });
      rows.push({ ...how, kind, ...BACKLOG_US, value, verdict: verdict(value.median, BACKLOG_US) });
    }
  }
  return rows;
}

// What a stream in which nothing happens occupies, as a multiple of the bare
// server's.
export function idle({ idle: rows }) {
  const value = spread(rows.clawplaned.map((row, round) => row.stream_kib / rows.bare[round].stream_kib));
  return { must: MUST_IDLE, value, verdict: verdict(value.median, { must: MUST_IDLE }) };
}

// Fewer rounds can go the same way by chance.
const ROUNDS_TO_FIND = 4;

// What streams that are not read do to the cost of the others. It is found where
// every round has it; less cost is nothing to be found either.
export function stalls(result) {
  return STALLS.map(({ kind, streams, stalled }) => {
    const cell = { kind, streams, system: "clawplaned", size: 200, beside: stalled };
    const without = cellSpread(result, { ...cell, stalled: 0 });
    const beside = cellSpread(result, { ...cell, stalled });
    const value = ratio(result, { ...cell, stalled }, { ...cell, stalled: 0 });
    const verdict = result.plan.rounds < ROUNDS_TO_FIND ? "unknown" : value.min > 1 ? "missed" : "must";
    return { kind, streams, stalled, without, beside, value, verdict };
  });
}
