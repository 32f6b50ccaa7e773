// One room for an administrator: its devices (why away, restart, tape), its calendar, and why each point is as it is.
// What may not live here: the list of rooms (adminsite.js), the tape (admintape.js).

import { h, put } from "./dom.js";
import { ask, inPath } from "./adminlink.js";
import { filter, List } from "./adminlist.js";
import { mark, short } from "./adminsite.js";
import { calendar, power, reason, since, value, visible, when } from "./adminwords.js";

export const toTape = (device) => `#tape/${encodeURIComponent(device)}`;

export async function restart(button, device, say) {
  if (button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  try {
    await ask(`devices/${inPath(device)}/restart`, { method: "POST" });
    say(`${device} is being connected again.`);
  } catch (trouble) {
    say(`${device}: ${trouble.message}`);
  }
  button.removeAttribute("aria-busy");
}

export function room(id, say) {
  const devices = h("ul", { class: "rows" });
  const points = h("ul", { class: "rows points" });
  const about = h("p", { class: "quiet about" });
  const warned = h("p", { class: "wrongs" });
  const device = ([identity, told]) => {
    const trouble = told.online ? (told.warning ? "warning" : "") : told.reason && told.reason !== "disabled" ? "offline" : "warning";
    const { name, ...rest } = told.identity;
    const known = [told.driver, told.link, name, ...Object.entries(rest).map(([what, held]) => held && `${what} ${held}`)];
    const again = h("button", { type: "button", class: "control", "aria-label": `Restart ${identity}`, onclick: () => restart(again, identity, say) }, "Restart");
    return h(
      "li",
      { class: "card row", "data-device": identity, "data-online": String(told.online) },
      mark(trouble),
      h("h3", { class: "who" }, visible(short(identity, id))),
      h("span", { class: "quiet about" }, (told.online ? "Online" : "Away") + since(told.since)),
      h("p", { class: "small quiet" }, visible(known.filter(Boolean).join(" · "))),
      !told.online && h("p", { class: "wrongs" }, `It ${reason(told)}`, told.words && h("small", {}, ` ${visible(told.words)}`)),
      told.warning && h("p", { class: "wrongs" }, visible(told.warning)),
      h("div", { class: "acts" }, again, h("a", { class: "control", href: toTape(identity), "aria-label": `Live tape of ${identity}` }, "Live tape")),
    );
  };
  const deviceList = new List(devices, ([identity]) => identity, device);
  const pointList = new List(points, ({ point }) => point, (told) => pointRow(id, told));
  const search = filter("Filter: part, point, value", points, { what: "point" });
  const none = h("p", { class: "quiet" }, "No devices.");
  let known = true;

  async function refresh() {
    if (!known) return;
    const told = await ask(`devices?room=${encodeURIComponent(id)}`);
    // `tape` grows with every byte: it is no news
    const all = Object.entries(told.devices).map(([identity, { tape, ...one }]) => [identity, one]);
    deviceList.show([...all.filter(([, one]) => !one.online), ...all.filter(([, one]) => one.online)]);
    none.hidden = devices.childElementCount > 0;
    if (!id) return;
    const state = await ask(`rooms/${encodeURIComponent(id)}`);
    const rows = Object.entries({ room: { points: state.points }, ...state.parts }).flatMap(([part, { points: held }]) =>
      Object.entries(held).map(([point, reading]) => ({ point: `${part}.${point}`, ...reading })),
    );
    pointList.show(rows);
    search.apply();
  }

  function show({ rooms }) {
    const told = rooms.find((one) => one.room === id);
    known = Boolean(told) || !id;
    if (!told) return put(about, id ? "There is no such room." : "Devices of site.toml, which any room may use.");
    put(about, power(told.power));
    const its = told.calendar;
    put(warned, its ? `Calendar: ${calendar(its)}${its.words ? `: ${visible(its.words)}` : ""}${its.stale ? " (what is shown is old)" : ""}` : "");
    warned.className = its?.trouble ? "wrongs" : "quiet";
    view.rename?.(visible(told.name));
  }

  const panel = id && h("a", { class: "control", href: `/panel/${encodeURIComponent(id)}` }, "Its panel");
  const head = h("div", { class: "tools" }, about, warned, panel);
  const equipment = h("section", { "aria-label": "Devices" }, h("h3", {}, "Devices"), none, devices);
  const told = h("section", { "aria-label": "Points" }, h("h3", {}, "Points"), h("div", { class: "tools" }, search.field, search.count), points);
  const view = { title: id || "Devices that rooms share", back: ["#rooms", "All rooms"], refresh, show };
  view.element = h("div", {}, head, h("div", { class: "columns" }, equipment, id && told));
  return view;
}

function pointRow(id, { point, value: held, status, since: at }) {
  const answer = h("div", { class: "because", role: "status" });
  const button = h("button", { type: "button", class: "control", "aria-label": `Why is ${point} so?`, "aria-expanded": "false" }, "Why?");
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-expanded") === "true") {
      button.setAttribute("aria-expanded", "false");
      return answer.replaceChildren();
    }
    button.setAttribute("aria-expanded", "true");
    try {
      const { words, because } = await ask(`rooms/${encodeURIComponent(id)}/why/${inPath(point)}`);
      const entry = ({ at: when_, kind, subject, seq, ...rest }) => {
        const facts = Object.entries(rest).filter(([, fact]) => fact !== "").map(([name, fact]) => `${name} ${value(fact)}`);
        return h("li", {}, `${when(when_)} ${kind} ${visible(subject)}: ${facts.join(", ")}`);
      };
      answer.replaceChildren(h("p", {}, visible(words)), h("ol", {}, ...because.map(entry)));
    } catch (trouble) {
      answer.replaceChildren(h("p", { class: "wrongs" }, trouble.message));
    }
  });
  return h(
    "li",
    { class: "point", "data-point": point, "data-words": `${point} ${value(held)} ${status}`.toLowerCase() },
    h("code", {}, point),
    h("span", { class: "value", "data-status": status }, value(held)),
    h("small", { class: "quiet" }, status === "unknown" ? "not known" : `${status}${since(at)}`),
    button,
    answer,
  );
}
