// What is measured: who, with how many streams, and how the events come.

export const SIZES = [200, 10_000];
export const STREAMS = [1, 100, 1000];
export const SYSTEMS = ["bare", "clawplaned", "node"];

// Slow enough that every reader has read an event before the next one: events a
// second, and how many.
const PACES = { 1: [1000, 1000], 100: [50, 50], 1000: [5, 6] };

// As fast as the servers take them. The log of clawplaned holds 65,536 events of
// together 64 MiB.
const BURSTS = {
  200: { 1: 40_000, 100: 4000, 1000: 400 },
  10_000: { 1: 5000, 100: 400, 1000: 60 },
};
// What Node can do in about a second.
const NODE_BURSTS = {
  200: { 1: 10_000, 100: 250, 1000: 25 },
  10_000: { 1: 2500, 100: 100, 1000: 10 },
};
const REPLAYS = {
  200: { 1: 40_000, 100: 20_000, 1000: 2000 },
  10_000: { 1: 5000, 100: 1000, 1000: 100 },
};

// Streams that share a connection, in the rows that say so.
export const SHARED = 100;

export function keyOf({ kind, system, size, streams, shared, stalled = 0 }) {
  return [kind, system, size, streams, shared ? "shared" : "own", stalled].join(" ");
}

function cell(kind, system, size, streams, more = {}) {
  const order = { kind, system, size, streams, warmUp: 2, ...more };
  if (kind === "paced") {
    [order.rate, order.events] = PACES[streams];
  } else if (kind === "burst") {
    order.events = (system === "node" ? NODE_BURSTS : BURSTS)[size][streams];
  } else {
    order.events = REPLAYS[size][streams];
  }
  return order;
}

// The measurements of a round, in groups whose members are compared with each
// other and therefore made one right after the other.
export function groups() {
  const all = [];
  for (const size of SIZES) {
    for (const streams of STREAMS) {
      all.push(SYSTEMS.map((system) => cell("paced", system, size, streams)));
      all.push([...SYSTEMS.map((system) => cell("burst", system, size, streams)), cell("replay", "clawplaned", size, streams)]);
    }
  }
  for (const kind of ["paced", "burst"]) {
    all.push(["bare", "clawplaned"].map((system) => cell(kind, system, 200, 1000, { shared: true })));
  }
  all.push([cell("replay", "clawplaned", 200, 1000, { shared: true })]);
  return all;
}

export const FULL = { rounds: 5 };
export const QUICK = { rounds: 1 };
