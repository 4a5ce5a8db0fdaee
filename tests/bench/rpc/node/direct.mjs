// A load on the gateway by the client that its makers publish, without any
// bridge. It stays, so that what V8 has compiled stays too.
//
// direct.mjs GATEWAY_PORT TOKEN: prints `ready`; then takes one measurement a
// line as JSON from stdin: {paramsFile, inFlight, warmUp, seconds}; and prints
// its figures as one line of JSON.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { GatewayClient } from "@openclaw/gateway-client";

const [port, token] = process.argv.slice(2);

function connect() {
  return new Promise((resolve, reject) => {
    const client = new GatewayClient({
      url: `ws://127.0.0.1:${port}`,
      token,
      minProtocol: 4,
      maxProtocol: 4,
      onHelloOk: () => resolve(client),
      onConnectError: reject,
    });
    client.start();
  });
}

function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function measure(client, { paramsFile, inFlight, warmUp, seconds }) {
  const text = readFileSync(paramsFile, "utf8");
  const params = JSON.parse(text);
  const first = await client.request("bench.echo", params);
  if (JSON.stringify(first) !== JSON.stringify(params)) {
    throw new Error("the answer is not what was sent");
  }
  const begin = performance.now() + warmUp * 1000;
  const end = begin + seconds * 1000;
  const took = [];
  let opened = 0;
  let openedCpu = 0;
  let closed = 0;
  let closedCpu = 0;

  async function loop() {
    while (closed === 0) {
      const began = performance.now();
      await client.request("bench.echo", params);
      const now = performance.now();
      if (closed !== 0 || now < begin) continue;
      if (opened === 0) {
        opened = now;
        openedCpu = cpuMicroseconds();
        continue;
      }
      took.push((now - began) * 1000);
      if (now >= end) {
        closed = now;
        closedCpu = cpuMicroseconds();
      }
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop));

  took.sort((a, b) => a - b);
  const quantile = (share) => took[Math.floor(share * (took.length - 1))];
  return {
    form: "direct",
    size: Buffer.byteLength(text),
    in_flight: inFlight,
    calls: took.length,
    seconds: (closed - opened) / 1000,
    per_second: (took.length * 1000) / (closed - opened),
    p50_us: quantile(0.5),
    p99_us: quantile(0.99),
    max_us: quantile(1),
    client_cpu_us: (closedCpu - openedCpu) / took.length,
  };
}

const client = await connect();
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await measure(client, JSON.parse(line))));
}
process.exit(0);
