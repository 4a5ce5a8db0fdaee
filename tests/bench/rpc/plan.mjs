// What is measured: who, with what, and how much at a time.

export const SIZES = [200, 10_000, 1_000_000];
export const IN_FLIGHT = [1, 64];

// `sizes` and `inFlight` left out mean all of them.
const SERIES = [
  { form: "json", transport: "unix", systems: ["echo", "clawplaned"] },
  { form: "json", transport: "tcp", systems: ["echo", "clawplaned", "node", "websocket", "direct"] },
  { form: "value", transport: "unix", systems: ["echo", "clawplaned"], sizes: [200, 10_000] },
  { form: "value", transport: "tcp", systems: ["echo", "clawplaned", "node"], sizes: [200] },
  { form: "value", transport: "tcp", systems: ["node"], sizes: [10_000] },
  // One at a time: a value of this size takes some of the systems half a second.
  { form: "value", transport: "unix", systems: ["echo", "clawplaned"], sizes: [1_000_000], inFlight: [1] },
  { form: "value", transport: "tcp", systems: ["node"], sizes: [1_000_000], inFlight: [1] },
];

export function keyOf({ system, form, transport, size, inFlight }) {
  return [system, form, transport, size, inFlight].join(" ");
}

// The measurements of a round, in groups whose members are compared with each
// other and therefore made one right after the other.
export function groups() {
  const all = [];
  for (const { form, transport, systems, sizes = SIZES, inFlight = IN_FLIGHT } of SERIES) {
    for (const size of sizes) {
      for (const count of inFlight) {
        all.push(systems.map((system) => ({ system, form, transport, size, inFlight: count })));
      }
    }
  }
  return all;
}

export const FULL = {
  rounds: 5,
  warmUp: 0.25,
  seconds: 1.2,
  flatCalls: 1_000_000,
  connectionRounds: 2,
  starts: 15,
  clawctlRuns: 30,
  openclawRuns: 7,
};

export const QUICK = {
  rounds: 2,
  warmUp: 0.1,
  seconds: 0.25,
  flatCalls: 50_000,
  connectionRounds: 1,
  starts: 5,
  clawctlRuns: 20,
  openclawRuns: 5,
};

export const CONNECTIONS = [1, 10, 100, 1000];

// What is to be reached. `than`: the system that is compared with, over the same
// transport. `figure` at `size` and `inFlight`; at least or at most `must`.
// Where there is a `transport`, it is only compared on that.
const ECHO = { than: "echo", form: "json" };
const NODE = { than: "node", form: "json", transport: "tcp" };
export const TARGETS = [
  { ...ECHO, name: "one at a time, p50", figure: "p50_us", size: 200, inFlight: 1, must: 1.4, aim: 1.2 },
  { ...ECHO, name: "64 in flight, calls/s", figure: "per_second", size: 200, inFlight: 64, must: 0.8, aim: 0.95 },
  { ...ECHO, name: "64 in flight, server CPU a call", figure: "cpu_us", size: 200, inFlight: 64, must: 1.25, aim: 0.95 },
  { ...ECHO, name: "64 in flight, server CPU a call", figure: "cpu_us", size: 10_000, inFlight: 64, must: 1.35, aim: 1.1 },
  { ...ECHO, name: "64 in flight, server CPU a call", figure: "cpu_us", size: 1_000_000, inFlight: 64, must: 1.3, aim: 0.9 },
  { ...ECHO, form: "value", name: "64 in flight, server CPU a call", figure: "cpu_us", size: 200, inFlight: 64, must: 2.2, aim: 1.8 },
  { ...NODE, name: "64 in flight, calls/s", figure: "per_second", size: 200, inFlight: 64, must: 2.5, aim: 3 },
  { ...NODE, name: "64 in flight, server CPU a call", figure: "cpu_us", size: 200, inFlight: 64, must: 0.4, aim: 0.33 },
  { ...NODE, name: "64 in flight, server CPU a call", figure: "cpu_us", size: 10_000, inFlight: 64, must: 0.25, aim: 0.25 },
  { ...NODE, name: "64 in flight, server CPU a call", figure: "cpu_us", size: 1_000_000, inFlight: 64, must: 0.2, aim: 0.2 },
];
export const MUST_CLAWCTL_FASTER = 100;
export const MUST_IDLE_MIB = 20;
export const MUST_SERVING_MS = 50;
