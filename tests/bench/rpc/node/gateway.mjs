// The gateway's protocol as a Node bridge speaks it: one WebSocket, the
// handshake, ids, and a Map of the calls that are pending.
//
// It is tuned where `ws` allows it: no compression; a zero mask, which `ws` then
// does not apply; all frames of one turn of the event loop leave with one write,
// by corking a socket of our own making.

import net from "node:net";
import WebSocket from "ws";

const HEAD = '{"type":"res","id":"';
const AFTER_ID = '","ok":true,"payload":';

export class Gateway {
  #socket;
  #ws;
  #corked = false;
  #lastId = 0;
  #pending = new Map();
  #onEvent;

  // Resolves once the handshake was accepted. `onEvent` gets the frames of the
  // events that come later, but for ticks.
  static async connect(port, token, onEvent = () => {}) {
    const gateway = new Gateway();
    gateway.#onEvent = onEvent;
    await gateway.#open(port, token);
    return gateway;
  }

  // Calls `done(error, payload, text)`: the payload, and its JSON text as it
  // came. `params` is JSON text.
  call(method, params, done) {
    const id = String(++this.#lastId);
    this.#pending.set(id, done);
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#ws.send(
      `{"type":"req","id":"${id}","method":${JSON.stringify(method)},"params":${params}}`,
    );
  }

  #open(port, token) {
    return new Promise((resolve, reject) => {
      this.#ws = new WebSocket(`ws://127.0.0.1:${port}/`, {
        perMessageDeflate: false,
        generateMask: (mask) => mask.fill(0),
        maxPayload: 32 * 1024 * 1024,
        createConnection: (options) => {
          this.#socket = net.connect({ ...options, noDelay: true });
          return this.#socket;
        },
      });
      this.#ws.on("error", reject);
      this.#ws.on("close", (code) => {
        console.error(`the gateway closed the connection (${code})`);
        process.exit(1);
      });
      this.#ws.on("message", (data) => {
        const text = data.toString();
        const frame = JSON.parse(text);
        if (frame.type === "res") this.#onAnswer(frame, text);
        else if (frame.event === "connect.challenge") this.#shakeHands(token, resolve, reject);
        else if (frame.type === "event" && frame.event !== "tick") this.#onEvent(frame);
      });
    });
  }

  #onAnswer(frame, text) {
    const done = this.#pending.get(frame.id);
    if (done === undefined) return;
    this.#pending.delete(frame.id);
    if (!frame.ok) {
      done(frame.error ?? {});
      return;
    }
    // The text is handed on as it came where the frame is written as gateways
    // write it; else the payload is written anew.
    const begin = HEAD.length + frame.id.length;
    const plain = text.startsWith(AFTER_ID, begin) && text.startsWith(HEAD);
    done(
      null,
      frame.payload,
      () => (plain ? text.slice(begin + AFTER_ID.length, -1) : JSON.stringify(frame.payload)),
    );
  }

  #shakeHands(token, resolve, reject) {
    const params = {
      minProtocol: 3,
      maxProtocol: 4,
      client: { id: "gateway-client", version: "1", platform: "linux", mode: "backend" },
      role: "operator",
      scopes: ["operator.read", "operator.write", "operator.admin"],
      caps: [],
      auth: { token },
    };
    this.call("connect", JSON.stringify(params), (error) =>
      error ? reject(new Error(error.message)) : resolve(),
    );
  }
}
