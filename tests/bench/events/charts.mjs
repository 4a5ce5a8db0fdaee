// The charts.

import { bars } from "../rpc/drawing.mjs";
import { bytes, number, time } from "../rpc/text.mjs";
import { cellSpread } from "./figures.mjs";
import { BACKLOG_US, KEEPING_UP, SIZES, STREAMS, SYSTEMS } from "./plan.mjs";

const LABELS = { bare: "bare gRPC server", clawplaned: "clawplaned", node: "Node bridge" };
const KINDS = { bare: "echo", clawplaned: "clawplaned", node: "node" };

function heading(size, streams) {
  return `${bytes(size)}, ${number(streams)} ${streams === 1 ? "stream" : "streams"}`;
}

function row(result, cell, { label = LABELS[cell.system], marks = [] } = {}) {
  return { label, kind: KINDS[cell.system], value: cellSpread(result, cell), write: time, marks };
}

function limits({ must, aim }, unit = 1) {
  return [
    { value: must * unit, kind: "must" },
    { value: aim * unit, kind: "aim" },
  ];
}

function keepingUp(result) {
  const panel = (size, streams) => {
    const cell = { kind: "paced", size, streams };
    const bare = cellSpread(result, { ...cell, system: "bare" }).median;
    const marks = size === 200 ? limits(KEEPING_UP, bare) : [];
    return {
      name: heading(size, streams),
      rows: SYSTEMS.map((system) => row(result, { ...cell, system }, { marks: system === "clawplaned" ? marks : [] })),
    };
  };
  return bars(
    "Readers that keep up: server CPU of a delivery (less is better)",
    SIZES.flatMap((size) => STREAMS.map((streams) => panel(size, streams))),
    ["Red: what must be kept; green: the aim. Thin line: smallest to largest round."],
  );
}

function backlog(result) {
  const panel = (size, streams) => {
    const marks = size === 200 && streams > 1 ? limits(BACKLOG_US) : [];
    const cell = { size, streams };
    return {
      name: heading(size, streams),
      rows: [
        ...SYSTEMS.map((system) => row(result, { ...cell, system, kind: "burst" }, { marks: system === "clawplaned" ? marks : [] })),
        row(result, { ...cell, system: "clawplaned", kind: "replay" }, { label: "clawplaned, replay", marks }),
      ],
    };
  };
  return bars(
    "Readers that are behind: server CPU of a delivery (less is better)",
    SIZES.flatMap((size) => STREAMS.map((streams) => panel(size, streams))),
    ["A burst, unless it says replay. Red: what must be kept; green: the aim. Thin line: smallest to largest round."],
  );
}

export function charts(result) {
  return { "events-keeping-up.svg": keepingUp(result), "events-backlog.svg": backlog(result) };
}
