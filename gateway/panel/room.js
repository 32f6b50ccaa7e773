// What the panel knows of its room, exactly as the gateway told it, and the commands under way.
// What may not live here: anything hoped for, and any element of the page.

import { TEXT, KIND } from "./words.js";

export const UNKNOWN = { value: null, status: "unknown", since: null, cause: null };

export class Room {
  constructor(say, changed) {
    this.say = say; // words for the person at the panel
    this.changed = changed;
    this.link = null;
    this.state = null;
    this.lostAt = 0; // when the connection to the gateway was lost, in seconds; 0 = it is there
    this.skew = 0; // how far this clock is ahead of the gateway's
    this.asked = new Map();
    this.refs = 0;
  }

  // ---- what is known

  reading(part, point) {
    const points = part === "room" ? this.state.points : this.state.parts[part]?.points;
    const reading = points?.[point] ?? UNKNOWN;
    return this.lostAt && reading.value !== null ? { ...reading, status: "stale" } : reading;
  }

  part(id) {
    return this.state.parts[id];
  }

  takes(id, verb) {
    return this.state.parts[id].takes.includes(verb);
  }

  label(id) {
    const part = this.state.parts[id];
    return KIND[part ? part.kind : id] ?? part?.label ?? id;
  }

  // The devices behind a part: its own, or (a motor over relays) those that its words name.
  devices(id) {
    const { device, words } = this.state.parts[id];
    const all = Object.entries(this.state.devices);
    const own = all.filter(([name]) => name === device);
    return own.length ? own : all.filter(([name, { online }]) => !online && words.startsWith(`${name}:`));
  }

  // Why a part's controls do nothing now, in a person's words; "" where they work. Stop is never held back.
  blocked(id, verb = "") {
    if (!this.link?.open) return TEXT.notConnected;
    if (verb === "stop") return "";
    if (id === "room") {
      const displays = Object.entries(this.state.parts).filter(([, { kind }]) => kind === "display");
      const reasons = displays.map(([display]) => this.blocked(display));
      return verb === "source" && reasons.length && reasons.every(Boolean) ? reasons[0] : "";
    }
    const part = this.state.parts[id];
    if (part.online) return "";
    const [name] = this.devices(id)[0] ?? [this.label(id)];
    return `${deviceName(name)} ${reasonOf(part)}`;
  }

  // The parts of a kind, by id.
  kind(kind) {
    return Object.keys(this.state.parts).filter((id) => this.state.parts[id].kind === kind);
  }

  now() {
    return Date.now() / 1000 - this.skew;
  }

  // ---- what the gateway tells

  greeting(message) {
    this.state = message.state;
    this.lostAt = 0;
    for (const event of message.missed) this.event(event);
    this.changed();
  }

  message(message) {
    if (message.at) this.skew = Date.now() / 1000 - message.at;
    switch (message.type) {
      case "change":
        for (const { part, point, ...reading } of message.changes) {
          const points = part === "room" ? this.state.points : this.state.parts[part]?.points;
          if (points) points[point] = reading;
        }
        break;
      case "part": {
        const { type, part, ...described } = message;
        this.state.parts[part] = { points: {}, ...this.state.parts[part], ...described };
        break;
      }
      case "device": {
        const { type, device, ...described } = message;
        this.state.devices[device] = described;
        break;
      }
      case "meetings":
        this.state.meetings = message.meetings;
        break;
      case "answer":
        this.answered(message.ref, message);
        break;
      case "event":
        this.event(message);
        break;
      case "missed": // an answer may be among them, so nothing that is shown as pending can be trusted
        this.say(TEXT.answersLost);
        this.link.drop();
        break;
      case "taken":
        break;
      default:
        if (message.detail) {
          const words = [message.detail, message.advice].filter(Boolean).join(". ");
          this.answered(message.ref, { result: "problem", words });
        }
    }
    this.changed();
  }

  event(event) {
    if (["joining", "released"].includes(event.event)) this.say(event.words);
    if (event.event !== "alert") return;
    const help = event.what === "help" && [TEXT.help, event.text].filter(Boolean).join(": ");
    this.say(help || String(event.text || event.device || event.what || ""));
  }

  lost() {
    this.lostAt = Date.now() / 1000;
    for (const [ref, { what, settle }] of this.asked) {
      this.asked.delete(ref);
      this.say(TEXT.lostMeanwhile(what));
      settle({ result: "lost" });
    }
    this.changed();
  }

  // ---- asking

  // Resolves with the answer, once; what it means for the person has been said by then.
  ask(part, verb, fields = {}, what = this.label(part)) {
    if (!this.link?.open) {
      this.say(TEXT.notConnected);
      return Promise.resolve({ result: "lost" });
    }
    const ref = ++this.refs;
    const answer = new Promise((settle) => this.asked.set(ref, { what, settle }));
    this.link.send({ ref, do: verb, ...(part === "room" ? {} : { part }), ...fields });
    return answer;
  }

  // What the gateway tells over HTTP of this room. Throws where it does not.
  async read(path) {
    const headers = { authorization: `Bearer ${this.link.token}` };
    const answer = await fetch(`${this.link.room}/${path}`, { headers, cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }

  answered(ref, answer) {
    const asked = this.asked.get(ref);
    if (!asked) return;
    this.asked.delete(ref);
    const parts = (answer.parts ?? []).filter((part) => !good(part)).map((part) => [this.label(part.part), part]);
    for (const [label, end] of parts.length ? parts : [[asked.what, answer]]) {
      const words = TEXT.result[end.result]?.(end.words);
      if (words) this.say(`${label}: ${words}`);
    }
    asked.settle(answer);
  }
}

// A phone's token, which ends by itself; and the page where phones come in.
export const guest = (token) => token.startsWith("rp_");
export const phones = (room) => `/phones/${encodeURIComponent(room)}${location.search}`;

export function good(answer) {
  return answer.result === "confirmed" || answer.result === "assumed";
}

export function deviceName(name) {
  const words = name.replace(/[-_]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function reasonOf(described) {
  return TEXT.reason[described.reason] ?? described.reason ?? TEXT.starting;
}
