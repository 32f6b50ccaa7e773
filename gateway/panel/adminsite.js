// The site at a glance: every room with what is wrong in it, those in trouble first; and all calendars.
// What may not live here: one room's inside (adminroom.js).

import { h } from "./dom.js";
import { filter, List } from "./adminlist.js";
import { calendar, power, reason, since, TROUBLE, visible, when } from "./adminwords.js";

export const toRoom = (room) => `#room/${encodeURIComponent(room)}`;
export const short = (device, room) => (device.startsWith(`${room}/`) ? device.slice(room.length + 1) : device);

export const mark = (trouble) => h("span", { class: "mark", "data-trouble": trouble || "fine" }, TROUBLE[trouble] ?? trouble);

// What is wrong with some equipment, one line each.
function wrongs({ room = "", away, warnings, calendar: told }) {
  const line = (device, words, ...more) => h("li", {}, h("strong", {}, visible(short(device, room))), ` ${visible(words)}`, ...more);
  const lines = away.map((one) =>
    line(one.device, `${one.reason ? `away${since(one.since)}: ` : ""}${reason(one)}`, one.words && h("small", {}, ` ${visible(one.words)}`)),
  );
  if (told?.trouble) lines.push(line("Calendar", `${calendar(told)}${told.words ? `: ${told.words}` : ""}${lastRead(told)}`));
  lines.push(...warnings.map(({ device, warning }) => line(device, warning)));
  return lines.length && h("ul", { class: "wrongs" }, ...lines);
}

const lastRead = ({ read_at: at }) => (at ? `, last read ${when(at)}` : ", never read");

function searched(...told) {
  return JSON.stringify(told).toLowerCase();
}

function roomRow(told) {
  const { room, name, trouble, devices, away } = told;
  const about = room ? `${power(told.power)} · ` : "";
  const online = `${devices - away.length} of ${devices} devices online`;
  return h(
    "li",
    { class: "card row", "data-room": room || "(shared)", "data-trouble": trouble, "data-words": searched(name, room, TROUBLE[trouble], about, away, told.warnings) },
    mark(trouble),
    h("div", { class: "who" }, h("a", { class: "name", href: toRoom(room) }, visible(name)), h("small", {}, ` ${room}`)),
    h("span", { class: "quiet about" }, about + online),
    wrongs(told),
  );
}

export function rooms() {
  const rows = h("ul", { class: "rows" });
  const list = new List(rows, ({ room }) => room, roomRow);
  const only = h("input", { type: "checkbox", onchange: () => search.apply() });
  const search = filter("Filter: room, device, reason", rows, { what: "room", extra: ({ dataset }) => !only.checked || Boolean(dataset.trouble) });
  const tools = h("div", { class: "tools" }, search.field, h("label", { class: "check" }, only, "Only trouble"), search.count);
  const show = ({ rooms: told, shared }) => {
    const first = shared.devices ? [{ room: "", name: "Devices that rooms share", ...shared }] : [];
    list.show(shared.trouble ? [...first, ...told] : [...told, ...first]);
    search.apply();
  };
  return { title: "Rooms", element: h("div", {}, tools, rows), show };
}

function calendarRow(told) {
  const { room, name, calendar: its } = told;
  const words = [its.words, its.stale && "what rooms show is old"].filter(Boolean).join("; ");
  return h(
    "li",
    { class: "card row", "data-room": room, "data-words": searched(name, room, its, calendar(its)) },
    mark(its.trouble ? "calendar" : ""),
    h("div", { class: "who" }, h("a", { class: "name", href: toRoom(room) }, visible(name)), h("small", {}, ` ${visible(its.calendar)}`)),
    h("span", { class: "about" }, calendar(its), h("small", { class: "quiet" }, lastRead(its))),
    words && h("p", { class: "wrongs" }, visible(words)),
  );
}

export function calendars() {
  const rows = h("ul", { class: "rows" });
  const list = new List(rows, ({ room }) => room, calendarRow);
  const search = filter("Filter: room, calendar, state", rows, { what: "calendar" });
  const none = h("p", { class: "notice" }, "No room has a calendar. [meetings] in a room's profile gives it one.");
  const show = ({ rooms: told }) => {
    const with_ = told.filter((one) => one.calendar);
    list.show([...with_.filter((one) => one.calendar.trouble), ...with_.filter((one) => !one.calendar.trouble)]);
    none.hidden = with_.length > 0;
    search.apply();
  };
  return { title: "Calendars", element: h("div", {}, h("div", { class: "tools" }, search.field, search.count), none, rows), show };
}
