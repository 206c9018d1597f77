/**
 * Apus for browsers: a page is a device. The server has this file at `/apus.js`; it needs nothing else.
 *
 *     import { DeviceConnection, register } from "https://push.example.org/apus.js";
 *
 *     const server = "https://push.example.org";
 *     const connection = new DeviceConnection(server, await register(server, { appId, alias: "ann" }));
 *     for await (const message of connection) {
 *       show(message.alert);
 *       connection.confirm(message.id);
 *     }
 *
 * It connects again whenever the connection is lost, hands out each message once, and says again what the server may not
 * have heard. Receipts are remembered in `localStorage`, beyond a reload. Several tabs share one connection: all of them
 * get the messages, and any of them may confirm.
 *
 * @module
 */

/**
 * @typedef {object} Registration
 * @property {string} appId
 * @property {string} alias the name by which messages find the device, usually a user id
 * @property {string} [nativeToken] what makes it the same device each time; made and kept by this browser if left out
 * @property {string} [platform] `WEB` if left out
 * @property {string[]} [tag]
 * @property {string} [tenantCode]
 * @property {string} [mobile]
 * @property {object} [subscription] of the browser's push service, for messages while no page is open
 */

/**
 * @typedef {object} Message
 * @property {string} id stays the same when the message is sent again
 * @property {string} appId
 * @property {string} [title]
 * @property {string} alert the text to show
 * @property {string} [uri] what to open when the user taps the message
 * @property {*} [extra] data for the app
 * @property {"MSG"|"CMD"} pushMsgType
 * @property {boolean} needConfirm whether it is sent again until it is confirmed
 * @property {string} [tenantCode]
 * @property {string} [listenFlag]
 * @property {string} [recall] the id of an earlier message that this one takes back; there is nothing to show then
 */

/**
 * What a connection is doing: it is `connecting`; it is `connected`; it is `waiting` to connect again, after so many
 * milliseconds; it is `following` another tab, which holds the connection; it is `closed`, for the reason of the error if
 * there is one.
 *
 * @typedef {"connecting"|"connected"|"waiting"|"following"|"closed"} Status
 */

/**
 * @typedef {object} Options
 * @property {(message: Message) => void} [onmessage] gets the messages; without it, iterate over the connection
 * @property {(status: Status, detail?: number|ApusError) => void} [onstatus]
 * @property {number} [heartbeat] milliseconds between heartbeats; 30,000
 * @property {number} [shortestPause] milliseconds before connecting again; 1,000, doubled with each attempt up to …
 * @property {number} [longestPause] … this; 60,000
 * @property {number} [buffered] how many messages wait for the iteration; 128. Then the connection is given up until
 *   they are taken
 */

/** What the server refused, or why there is no connection. */
export class ApusError extends Error {
  /**
   * @param {string} code a stable name of what is wrong: the server's, or `unreachable`, `unknown_device`, `replaced`
   * @param {string} message a sentence for people
   * @param {number} [status] of HTTP
   * @param {number} [retryAfter] after how many seconds to try again
   */
  constructor(code, message, status, retryAfter) {
    super(message);
    this.name = "ApusError";
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/**
 * Registers this browser as a device, or brings up to date what it is registered with.
 *
 * @param {string} server the server's address, such as `https://push.example.org`
 * @param {Registration} registration
 * @returns {Promise<string>} the device's id
 * @throws {ApusError}
 */
export async function register(server, registration) {
  const token = registration.subscription ? {} : { nativeToken: installation() };
  const answer = await post(server, "/msgpush/register", { platform: "WEB", ...token, ...registration });
  return answer.id;
}

/**
 * Ends a device: its connection is closed and it gets no more messages.
 *
 * @param {string} server
 * @param {string} deviceId
 * @throws {ApusError}
 */
export async function unregister(server, deviceId) {
  await post(server, "/msgpush/unregister/" + encodeURIComponent(deviceId), {});
}

/** A device's connection. It connects at once and ends when it is closed, or when connecting again would not help. */
export class DeviceConnection {
  #url;
  #options;
  #receipts;
  #tabs;
  #seen = new Set();
  #queue = new Queue();
  #ended = new AbortController();
  #release = () => {};
  #isLeader = false;
  #isFull = false;
  #isReplaced = false;
  #socket = null;
  #timer = 0;
  #longest = 0;
  #isAlive = true;
  // Receipts said since the last heartbeat; and those said before each heartbeat that has no answer yet.
  #said = [];
  #marks = [];

  /**
   * @param {string} server
   * @param {string} deviceId
   * @param {Options} [options]
   */
  constructor(server, deviceId, options = {}) {
    this.#options = { heartbeat: 30_000, shortestPause: 1_000, longestPause: 60_000, buffered: 128, ...options };
    this.#url = address(server).replace(/^http/, "ws") + "/msgpush.ws?deviceId=" + encodeURIComponent(deviceId);
    this.#receipts = new Receipts(`apus:${deviceId}:`);
    this.#tabs = globalThis.BroadcastChannel ? new BroadcastChannel(`apus:${this.#url}`) : null;
    if (this.#tabs) this.#tabs.onmessage = ({ data }) => this.#hearTab(data);

    const { signal } = this.#ended;
    for (const event of ["online", "pageshow"]) globalThis.addEventListener(event, () => this.#wake(), { signal });
    globalThis.addEventListener("pagehide", () => this.#leave(), { signal });
    globalThis.document?.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#wake();
    }, { signal });
    queueMicrotask(() => this.#lead());
  }

  /**
   * Says that the device has a message; again on the next connection if the server may not have heard it.
   *
   * @param {string} id
   */
  confirm(id) {
    this.#acknowledge("CFM", id);
  }

  /**
   * Says that the user has read a message, as surely as `confirm` does.
   *
   * @param {string} id
   */
  markRead(id) {
    this.#acknowledge("READ", id);
  }

  /** Closes the connection for good. Other tabs go on. */
  close() {
    this.#finish();
  }

  /**
   * The messages, each once. For one reader; leaving the loop closes nothing. It ends when the connection is closed, and
   * throws an `ApusError` when connecting again would not help.
   *
   * @returns {AsyncIterator<Message>}
   */
  [Symbol.asyncIterator]() {
    return {
      next: () => {
        const next = this.#queue.take();
        if (this.#isFull && this.#queue.length <= this.#options.buffered / 2) {
          this.#isFull = false;
          if (this.#isLeader) this.#open();
        }
        return next;
      },
      return: async () => ({ done: true, value: undefined }),
    };
  }

  // One tab at a time holds the connection. Pages without locks (those over plain HTTP have none) take it from each other:
  // the tab that connected last has it, and one that was replaced connects again when that one leaves or it is shown.

  #lead() {
    if (this.#ended.signal.aborted) return;
    this.#isReplaced = false;
    const hold = () => new Promise((resolve) => {
      this.#release = resolve;
      this.#isLeader = true;
      this.#open();
    });
    if (!hasLocks) return void hold();
    this.#tell("following");
    navigator.locks.request(`apus:${this.#url}`, { signal: this.#ended.signal }, hold).catch(() => {});
  }

  #hearTab({ message, receipt, left, final }) {
    if (message) this.#handOut(message);
    if (receipt && this.#isLeader) this.#say(...receipt);
    if (left && this.#isReplaced) this.#lead();
    if (final) this.#finish(new ApusError(...final));
  }

  #leave() {
    if (this.#isLeader && !hasLocks) this.#tabs?.postMessage({ left: true });
  }

  // The connection

  #open() {
    if (this.#ended.signal.aborted) return;
    this.#drop();
    this.#tell("connecting");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(), 10_000);
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#receive(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket === socket) this.#lost(code, reason);
    };
  }

  #opened() {
    this.#tell("connected");
    const owed = this.#receipts.owed();
    // A server takes no frame without end.
    for (const [kind, ids] of Object.entries(owed)) while (ids.length) this.#say(kind, ...ids.splice(0, 100));
    if (this.#said.length) this.#beat();
    else this.#beatLater();
  }

  #beatLater() {
    clearTimeout(this.#timer);
    this.#isAlive = true;
    this.#timer = setTimeout(() => this.#beat(), this.#options.heartbeat);
  }

  /** Says a heartbeat. If nothing is heard within `patience`, the connection is dead although nobody said so. */
  #beat(patience = this.#options.heartbeat) {
    clearTimeout(this.#timer);
    this.#isAlive = false;
    this.#marks.push(this.#said.splice(0));
    this.#socket.send("HBT");
    this.#timer = setTimeout(() => (this.#isAlive ? this.#beat() : this.#lost()), patience);
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#said = [];
    this.#marks = [];
    socket?.close();
  }

  #lost(code, reason) {
    this.#drop();
    if (code === 4404) return this.#finish(new ApusError("unknown_device", reason));
    if (code === 4409 && this.#tabs && !hasLocks) {
      this.#isLeader = false;
      this.#isReplaced = true;
      return this.#tell("following");
    }
    if (code === 4409) return this.#finish(new ApusError("replaced", reason));
    const { shortestPause, longestPause } = this.#options;
    this.#longest = Math.min((this.#longest || shortestPause) * 2, longestPause);
    // A server that stops spreads the return of its devices.
    const asked = code === 1012 && /connect again in (\d+) s/.exec(reason);
    const pause = asked
      ? Math.min(Number(asked[1]) * 1_000, LONGEST_ASKED)
      : shortestPause + Math.random() * (this.#longest - shortestPause);
    this.#timer = setTimeout(() => this.#open(), pause);
    this.#tell("waiting", pause);
  }

  /** The network or the page is back: whatever was waited for may be there now. */
  #wake() {
    if (this.#isReplaced) return this.#lead();
    if (!this.#isLeader || this.#isFull) return;
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#beat(Math.min(5_000, this.#options.heartbeat));
    if (this.#socket?.readyState !== WebSocket.CONNECTING) this.#open();
  }

  #finish(error) {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#leave();
    if (error && this.#isLeader) this.#tabs?.postMessage({ final: [error.code, error.message] });
    this.#drop();
    this.#release();
    this.#tabs?.close();
    this.#queue.end(error);
    this.#tell("closed", error);
  }

  #tell(status, detail) {
    this.#options.onstatus?.(status, detail);
  }

  // Messages and receipts

  #receive(text) {
    this.#isAlive = true;
    if (text === "ACK1") {
      this.#longest = 0;
      for (const [kind, id] of this.#marks.shift() ?? []) this.#receipts.heard(kind, id);
      return;
    }
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (typeof message?.id !== "string" || typeof message.appId !== "string") return;
    const said = this.#receipts.said(message.id);
    // It came again because the server has not heard of its receipts.
    if (said.length) return said.forEach((kind) => this.#say(kind, message.id));
    this.#tabs?.postMessage({ message });
    this.#handOut(message);
  }

  #handOut(message) {
    if (this.#seen.has(message.id)) return;
    if (!this.#options.onmessage && this.#queue.length >= this.#options.buffered) return this.#pause();
    this.#seen.add(message.id);
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value);
    if (this.#options.onmessage) this.#options.onmessage(message);
    else this.#queue.put(message);
  }

  /** A page cannot make a WebSocket wait, so what the app does not take is left to the server. */
  #pause() {
    if (!this.#isLeader || this.#isFull) return;
    this.#isFull = true;
    this.#drop();
    this.#tell("waiting");
  }

  #acknowledge(kind, id) {
    this.#receipts.note(kind, id);
    if (this.#isLeader) this.#say(kind, id);
    else if (!this.#ended.signal.aborted) this.#tabs?.postMessage({ receipt: [kind, id] });
  }

  /** Says it now if there is a connection; if not, it is said on the next. */
  #say(kind, ...ids) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(`${kind}:${ids.join(",")}`);
    for (const id of ids) this.#said.push([kind, id]);
  }
}

const REMEMBERED = 1000;
const LONGEST_ASKED = 600_000;
const hasLocks = Boolean(globalThis.navigator?.locks);

/**
 * What the app has said of messages, in `localStorage` if there is one. A message has an item of its own, so that tabs do
 * not overwrite each other: its receipts' letters, small once the server has heard them.
 */
class Receipts {
  #prefix;
  #storage = storage();
  #notes = 0;

  constructor(prefix) {
    this.#prefix = prefix;
    this.#forgetOldest();
  }

  note(kind, id) {
    const letter = kind[0];
    const letters = this.#letters(id);
    if (letters.toUpperCase().includes(letter)) return;
    this.#set(id, letters + letter);
    if (++this.#notes % 100 === 0) this.#forgetOldest();
  }

  heard(kind, id) {
    const letters = this.#letters(id);
    if (letters.includes(kind[0])) this.#set(id, letters.replace(kind[0], kind[0].toLowerCase()));
  }

  said(id) {
    const letters = this.#letters(id).toUpperCase();
    return ["CFM", "READ"].filter((kind) => letters.includes(kind[0]));
  }

  /** The ids for each kind of receipt that the server may not have heard. */
  owed() {
    const owed = {};
    for (const id of this.#ids()) {
      for (const kind of ["CFM", "READ"]) {
        if (this.#letters(id).includes(kind[0])) (owed[kind] ??= []).push(id);
      }
    }
    return owed;
  }

  #letters(id) {
    return this.#storage.getItem(this.#prefix + id) ?? "";
  }

  #set(id, letters) {
    try {
      this.#storage.setItem(this.#prefix + id, letters);
    } catch {
      // Others have filled it: from now on receipts are remembered until the page is left.
      this.#storage = memory;
      this.#storage.setItem(this.#prefix + id, letters);
    }
  }

  #ids() {
    const keys = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index));
    return keys.filter((key) => key?.startsWith(this.#prefix)).map((key) => key.slice(this.#prefix.length));
  }

  /** Ids grow with time: the longer or, of the same length, the greater is the newer. */
  #forgetOldest() {
    const ids = this.#ids().sort((a, b) => b.length - a.length || (a < b ? 1 : -1));
    for (const id of ids.slice(REMEMBERED)) this.#storage.removeItem(this.#prefix + id);
  }
}

/** `localStorage`, or what does the same until the page is left: where it is forbidden, reading it throws. */
function storage() {
  try {
    return localStorage ?? memory;
  } catch {
    return memory;
  }
}

const items = new Map();
const memory = {
  get length() {
    return items.size;
  },
  key: (index) => [...items.keys()][index],
  getItem: (key) => items.get(key) ?? null,
  setItem: (key, value) => void items.set(key, value),
  removeItem: (key) => void items.delete(key),
};

/** What waits for the iteration. */
class Queue {
  #messages = [];
  #takers = [];
  #end = null;

  get length() {
    return this.#messages.length;
  }

  put(message) {
    const taker = this.#takers.shift();
    if (taker) taker.resolve({ done: false, value: message });
    else this.#messages.push(message);
  }

  take() {
    if (this.#messages.length) return Promise.resolve({ done: false, value: this.#messages.shift() });
    if (this.#end) return this.#end();
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  /** Ends the iteration, behind what is still in it. An error is thrown once. */
  end(error) {
    const done = { done: true, value: undefined };
    this.#end = () => Promise.resolve(done);
    const taker = error && this.#takers.shift();
    if (taker) taker.reject(error);
    else if (error) this.#end = () => (this.end(), Promise.reject(error));
    for (const taker of this.#takers.splice(0)) taker.resolve(done);
  }
}

/** What makes this browser the same device each time. */
function installation() {
  const kept = storage();
  let token = kept.getItem("apus:installation");
  if (!token) {
    token = "web-" + Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");
    kept.setItem("apus:installation", token);
  }
  return token;
}

const hex = (byte) => byte.toString(16).padStart(2, "0");

const address = (server) => String(server).trim().replace(/\/+$/, "");

async function post(server, path, body) {
  let response;
  try {
    const headers = { "Content-Type": "application/json" };
    response = await fetch(address(server) + path, { method: "POST", headers, body: JSON.stringify(body) });
  } catch {
    throw new ApusError("unreachable", `${address(server)} cannot be reached`);
  }
  const text = await response.text();
  let answer = {};
  try {
    answer = JSON.parse(text || "{}");
  } catch {
    // A proxy's page.
  }
  if (response.ok) return answer;
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  const message = answer.message ?? `The server answered with status ${response.status}.`;
  throw new ApusError(answer.error ?? `http_${response.status}`, message, response.status, retryAfter);
}
