// What is measured: who, with how many streams, and how the events come.

export const SIZES = [200, 10_000];
export const STREAMS = [1, 100, 1000];
export const SYSTEMS = ["bare", "clawplaned", "node"];

// Slow enough that every reader has read an event before the next one: events a
// second, and how many.
const PACES = { 1: [1000, 1000], 100: [50, 50], 1000: [5, 6] };

// As fast as the servers take them; as many as each can do in about a second.
// The log of clawplaned holds 65,536 events of together 64 MiB.
const BURSTS = {
  clawplaned: {
    200: { 1: 40_000, 100: 10_000, 1000: 1500 },
    10_000: { 1: 4000, 100: 1500, 1000: 150 },
  },
  bare: {
    200: { 1: 40_000, 100: 2000, 1000: 150 },
    10_000: { 1: 4000, 100: 300, 1000: 30 },
  },
  node: {
    200: { 1: 10_000, 100: 250, 1000: 25 },
    10_000: { 1: 2500, 100: 100, 1000: 10 },
  },
};
// From the log of clawplaned; enough for the opening of the streams to be little beside it.
const REPLAYS = {
  200: { 1: 40_000, 100: 10_000, 1000: 2000 },
  10_000: { 1: 4000, 100: 1000, 1000: 100 },
};

// Streams that share a connection, in the rows that say so.
export const SHARED = 100;

export function keyOf({ kind, system, size, streams, shared, stalled, beside }) {
  const key = [kind, system, size, streams, shared ? "shared" : "own"];
  if (beside) key.push("stalled", `${stalled}/${beside}`);
  return key.join(" ");
}

// What comes before the window that is measured, so that nothing in it is the
// first of its kind.
const WARM_UP_EVENTS = 10;
// Enough to fill the window of a stream that is not read.
const FILLING_UP = { events: 20, size: 10_000 };

function cell(kind, system, size, streams, more = {}) {
  const order = { kind, system, size, streams, warmUp: { events: WARM_UP_EVENTS, size }, ...more };
  if (kind === "paced") {
    [order.rate, order.events] = PACES[streams];
  } else if (kind === "burst") {
    order.events = BURSTS[system][size][streams];
  } else {
    order.events = REPLAYS[size][streams];
    order.warmUp = null;
  }
  return order;
}

// More than the log of clawplaned holds. It is filled before each measurement,
// as that of a server is which has run for a while: what the others brought
// decides otherwise how much room there is beside the events.
export const FULL_LOG = { kind: "burst", system: "clawplaned", size: 10_000, streams: 1, events: 6800 };

// `stalled`: streams beside the readers that are opened and then not read.
export const STALLS = [
  { kind: "paced", streams: 1000, stalled: 1 },
  { kind: "burst", streams: 1000, stalled: 1 },
  { kind: "paced", streams: 1, stalled: 1000 },
];

function withAndWithout({ kind, streams, stalled }) {
  return [0, stalled].map((count) => cell(kind, "clawplaned", 200, streams, { stalled: count, beside: stalled, warmUp: FILLING_UP }));
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
  return [...all, ...STALLS.map(withAndWithout)];
}

// What V8 is to have compiled before anything counts.
export function nodeWarmUp() {
  return [cell("paced", "node", 200, 1), ...SIZES.map((size) => cell("burst", "node", size, 100))];
}

// Streams that wait, over so many connections.
export const IDLE = { streams: 10_000, connections: 100 };

// `idle`: how often that is measured.
export const FULL = { rounds: 5, idle: 3 };
export const QUICK = { rounds: 1, idle: 1 };

// What is to be reached, in server CPU of a delivery at 200 B.
export const KEEPING_UP = { must: 1.1, aim: 0.8 };
export const BACKLOG_US = { must: 1.5, aim: 0.6 };
// A multiple of the bare server's memory.
export const MUST_IDLE = 1.1;
