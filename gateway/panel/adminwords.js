// What the administrator's page says of states and reasons, and how it writes times and what devices send.
// What may not live here: elements, requests.

// Each goes on from the device's name.
const REASON = {
  unreachable: "cannot be reached: is it powered, on the network, and is its address right?",
  "connection refused": "is there but takes no connection: is its network control switched on, and the port right?",
  "login refused": "does not accept our user name or password; it is asked again rarely, so that nothing is locked",
  "certificate untrusted": "shows a certificate that is not trusted: trust it in the profile, or give it a better one",
  "no response": "takes the connection and does not answer",
  "protocol error": "answers in a way that its driver does not understand: see its tape",
  "link lost": "has closed the connection",
  "driver error": "is away because of a fault in its driver: see the gateway's log",
  disabled: "is switched off in the profile",
};
const CALENDAR = {
  ok: "Works",
  starting: "Being read for the first time",
  asleep: "The codec sleeps; its calendar is read when it wakes",
  "network lost": "Cannot be reached",
  "auth lost": "Does not accept our sign-in any more",
  "not allowed": "Does not let us read this room",
  trouble: "Is in trouble",
  "not set up": "Is not set up",
};
const POWER = { on: "On", off: "Off", warming: "Warming up", cooling: "Cooling down", standby: "Standby" };
export const TROUBLE = { offline: "Offline", calendar: "Calendar", warning: "Note", "": "Fine" };

export const reason = ({ reason: why }) => REASON[why] ?? why ?? "is being connected";
export const calendar = ({ state }) => CALENDAR[state] ?? state;

export function power({ value, status }) {
  if (value === null) return "Power not known";
  return (POWER[value] ?? String(value)) + (status === "confirmed" ? "" : ` (${status})`);
}

// Today's times as hours, others with their day.
export function when(seconds) {
  if (!seconds) return "";
  const date = new Date(seconds * 1000);
  const hours = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  if (date.toDateString() === new Date().toDateString()) return date.toLocaleTimeString([], hours);
  return date.toLocaleString([], { day: "numeric", month: "short", ...hours });
}

export const since = (seconds) => (seconds ? ` since ${when(seconds)}` : "");

// Text of devices, made visible: control characters, and those that turn the direction of writing, as escapes.
export function visible(text) {
  const escaped = (c) => ({ "\r": "\\r", "\n": "\\n", "\t": "\\t" })[c] ?? `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`;
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, escaped);
}

export function value(held) {
  if (held === null || held === undefined) return "—";
  return visible(typeof held === "string" ? held : JSON.stringify(held));
}

// One line of a tape: when, which way, what, and what with; bytes as the text that they nearly always are.
export function tapeLine({ t, in: into, out, with: details = [], line, missed }) {
  if (missed) return { at: "", way: "", what: "missed", words: `${missed} lines came faster than they could be sent here, and are missing.` };
  if (into === "quiet") {
    const [said, count, , until] = details;
    details = [said, `${count} of these, the last at ${Number(until).toFixed(3)}`];
  }
  const bytes = (detail) => (typeof detail === "string" ? detail : typeof detail?.bytes === "string" ? detail.bytes : JSON.stringify(detail));
  const words = visible(details.map(bytes).join("  "));
  return { at: Number(t ?? 0).toFixed(3), way: into === undefined ? "out" : "in", what: visible(into ?? out ?? ""), words, line };
}
