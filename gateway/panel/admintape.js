// A device's live tape: what goes out and what comes in, as it does; the latest lines only, and it can be held still.
// What may not live here: anything that reads a meaning into what a device says.

import { h, put, set } from "./dom.js";
import { inPath, open } from "./adminlink.js";
import { restart } from "./adminroom.js";
import { tapeLine } from "./adminwords.js";

const MOST = 500; // lines on the page, and as many that wait while it is held
const LONGEST = 2000; // characters of a line
const WIRE = ["send", "received", "quiet"]; // what is on the cable; the rest is what the driver was asked, and did
const AGAIN = 2000; // milliseconds until a tape that broke off is asked for again

export function tape(device, say) {
  const lines = h("ol", {});
  const frame = h("div", { class: "tape", role: "log", "aria-live": "off", "aria-label": `Tape of ${device}`, tabindex: "0" }, lines);
  const status = h("p", { class: "quiet count", role: "status" });
  const leaving = new AbortController();
  let waiting = [];
  let missed = 0; // lines that were too many while it was held
  let paused = false;
  let drawing = 0;
  let state = "Connecting…";

  function line(text) {
    let told;
    try {
      told = JSON.parse(text);
    } catch {
      return null;
    }
    if (told.tape) return null; // the header: its driver and settings
    const { at, way, what, words, line: connection } = tapeLine(told);
    const cut = words.length > LONGEST ? `${words.slice(0, LONGEST)}… (${words.length - LONGEST} characters more)` : words;
    if (!way) return h("li", { "data-missed": "yes" }, h("span", {}, words));
    const arrow = h("b", {}, way === "in" ? "← in" : "→ out");
    return h("li", { "data-way": way, "data-wire": WIRE.includes(what) && "yes" }, h("time", {}, at), arrow, h("i", {}, connection ? `${what} ${connection}` : what), h("span", {}, cut));
  }

  function tell() {
    const held = waiting.length + missed;
    put(status, paused ? `Held. ${held} new line${held === 1 ? "" : "s"}.` : state);
  }

  function draw() {
    drawing = 0;
    if (paused) return tell();
    const atEnd = frame.scrollHeight - frame.scrollTop - frame.clientHeight < 40;
    const made = waiting.map(line).filter(Boolean);
    waiting = [];
    missed = 0;
    lines.append(...made);
    while (lines.childElementCount > MOST) lines.firstElementChild.remove();
    if (atEnd) frame.scrollTop = frame.scrollHeight;
    tell();
  }

  function take(text) {
    waiting.push(text);
    if (waiting.length > MOST) missed += waiting.splice(0, waiting.length - MOST).length;
    drawing ||= requestAnimationFrame(draw);
  }

  async function follow() {
    const answer = await open(`devices/${inPath(device)}/tape?follow=1`, { signal: leaving.signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    state = `Live. The latest ${MOST} lines are kept here.`;
    lines.replaceChildren(); // the gateway tells what it still has, from the beginning
    waiting = [];
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const whole = (rest + value).split("\n");
      rest = whole.pop();
      whole.forEach(take);
    }
  }

  async function run() {
    while (!leaving.signal.aborted) {
      try {
        await follow();
        state = "The tape broke off; asking again…";
      } catch (trouble) {
        if (leaving.signal.aborted) return;
        state = trouble.status ? trouble.message : "The gateway is not there; asking again…";
        if (trouble.status === 404) return tell();
      }
      tell();
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }

  const hold = h("button", { type: "button", class: "control", "aria-pressed": "false" }, "Pause");
  hold.addEventListener("click", () => {
    paused = !paused;
    hold.setAttribute("aria-pressed", String(paused));
    drawing ||= requestAnimationFrame(draw);
    tell();
  });
  const again = h("button", { type: "button", class: "control", onclick: () => restart(again, device, say) }, "Restart");
  const only = h("input", { type: "checkbox", onchange: () => set(frame, "data-only", only.checked) });
  const wire = h("label", { class: "check" }, only, "Only what is on the wire");
  const clear = h("button", { type: "button", class: "control", onclick: () => lines.replaceChildren() }, "Clear");
  const [room, name] = device.includes("/") ? device.split("/", 2) : ["", device];
  run();
  return {
    title: `Tape: ${name}`,
    back: [`#room/${encodeURIComponent(room)}`, room || "Shared devices"],
    element: h("div", { class: "taping" }, h("div", { class: "tools" }, hold, clear, again, wire, status), frame),
    show() {},
    close: () => leaving.abort(),
  };
}
