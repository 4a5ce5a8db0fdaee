// The fan-out of events as one would write it in Node:
// GatewayService.StreamEvents by @grpc/grpc-js, fed by `ws`.
//
// event_bridge.mjs PROTO_FOLDER GATEWAY_PORT TOKEN ADDRESS...: prints `ready`
// once it serves. It parses each frame of the gateway once, and writes one
// message to each stream; a stream that is behind holds a position, as in
// clawplaned, and goes on when its socket has drained. Unlike clawplaned it has
// no access check, filters, bounded log or resumption.

import { Gateway } from "./gateway.mjs";
import { serve } from "./service.mjs";

const [protoFolder, port, token, ...addresses] = process.argv.slice(2);

const EPOCH = "0123456789abcdef";
const NOTIFICATION = 3;
// Forgotten when nobody follows them.
let events = [];
let forgotten = 0;
const streams = new Set();

function advance(stream) {
  while (!stream.blocked && stream.next < forgotten + events.length) {
    stream.blocked = !stream.call.write(events[stream.next++ - forgotten]);
  }
}

function onEvent(frame) {
  const sequence = forgotten + events.length + 1;
  const now = Date.now();
  events.push({
    events: [
      {
        epoch: EPOCH,
        sequence,
        receivedAt: { seconds: Math.floor(now / 1000), nanos: (now % 1000) * 1e6 },
        gatewaySeq: frame.seq,
        kind: NOTIFICATION,
        name: frame.event,
        notification: { payload: { json: JSON.stringify(frame.payload) } },
      },
    ],
  });
  for (const stream of streams) advance(stream);
}

function streamEvents(call) {
  const stream = { call, next: forgotten + events.length, blocked: false };
  streams.add(stream);
  call.on("drain", () => {
    stream.blocked = false;
    advance(stream);
  });
  call.on("cancelled", () => {
    streams.delete(stream);
    if (streams.size === 0) {
      forgotten += events.length;
      events = [];
    }
    call.end();
  });
  call.on("error", () => {});
  call.write({ bookmark: { epoch: EPOCH, sequence: stream.next } });
}

await Gateway.connect(Number(port), token, onEvent);
await serve(protoFolder, { StreamEvents: streamEvents }, addresses);
