// The day's meetings: what is on or next with its big Join button or the reason why there is none, then the rest.
// What may not live here: deciding what can be joined (the gateway does), and anything of calls.

import { action, view } from "./controls.js";
import { h, icon, put } from "./dom.js";
import { TEXT } from "./words.js";

const SAID = ["too early", "over"]; // reasons that the time beside them says already
const BOOK = [15, 30, 60];

export function card(room) {
  const told = () => room.state.meetings;
  const note = h("p", { class: "warning", role: "status" });
  const first = h("div", { class: "now" });
  const rest = h("ul", { class: "agenda" });
  const write = h("div", { class: "row wrap" });
  let shown = "";

  const show = () => {
    put(note, health(room, told().calendar));
    note.hidden = !note.textContent;
    const now = JSON.stringify([told().listed, told().on, told().next, told().calendar.book]);
    if (now === shown) return; // buttons stay under the finger
    shown = now;
    const { listed, on, next, calendar } = told();
    const main = listed.find(({ id }) => id === on) ?? listed.find(({ id }) => id === next);
    first.replaceChildren(...(main ? big(room, main) : [h("p", { class: "quiet" }, TEXT.noMeeting)]));
    const others = listed.filter((meeting) => meeting !== main && meeting.state !== "over");
    rest.replaceChildren(...others.map((meeting) => line(room, meeting)));
    rest.hidden = !others.length;
    write.replaceChildren(...(calendar.book ? writing(room, listed.find(({ id }) => id === on)) : []));
    write.hidden = !calendar.book;
  };
  return view(h("article", { class: "card meetings", "data-card": "meetings" }, note, first, rest, write), { show });
}

const times = ({ all_day, start, end }) => (all_day ? TEXT.allDay : `${TEXT.hour(start)}–${TEXT.hour(end)}`);

function marks(meeting) {
  const state = { on: TEXT.isOn, next: TEXT.isNext }[meeting.state];
  return [state, meeting.tentative && TEXT.tentative, meeting.organizer].filter(Boolean).join(" · ");
}

// The press names the meeting and when it was shown to begin: one that was moved meanwhile is not joined by mistake.
function join(room, meeting, look) {
  const { id, start, subject, way } = meeting;
  const fields = { meeting: id, start };
  const name = `${TEXT.join}: ${subject}`;
  return action(room, "room", "join-meeting", { label: TEXT.join, name, glyph: "camera", fields, look, what: () => way });
}

function big(room, meeting) {
  return [
    h(
      "div",
      { class: "who", "data-meeting": meeting.id, "data-state": meeting.state },
      h("strong", {}, meeting.subject),
      h("span", { class: "quiet" }, [times(meeting), marks(meeting)].filter(Boolean).join(" · ")),
    ),
    meeting.join
      ? h("div", {}, join(room, meeting, "go wide"), h("small", {}, meeting.way))
      : h("p", { class: "because", "data-why": meeting.why.code }, icon("info"), h("span", {}, meeting.why.words)),
  ];
}

function line(room, meeting) {
  const because = !meeting.join && !SAID.includes(meeting.why.code) && meeting.why.words;
  return h(
    "li",
    { "data-meeting": meeting.id, "data-state": meeting.state },
    h(
      "div",
      { class: "who" },
      h("span", {}, h("span", { class: "quiet" }, `${times(meeting)} `), meeting.subject),
      marks(meeting) && h("small", {}, marks(meeting)),
      because && h("small", { class: "because", "data-why": meeting.why.code }, because),
    ),
    meeting.join && join(room, meeting, "go"),
  );
}

function writing(room, on) {
  const what = () => TEXT.calendar;
  if (!on || on.all_day) {
    const book = (minutes) =>
      action(room, "room", "book", { label: TEXT.minutes(minutes), name: TEXT.book(minutes), fields: { minutes }, what });
    return [h("span", { class: "quiet" }, TEXT.bookNow), ...BOOK.map(book)];
  }
  const sure = () => ({ title: TEXT.endTitle, text: TEXT.endText, yes: TEXT.endYes });
  const fields = { meeting: on.id };
  return [
    action(room, "room", "extend-meeting", { label: TEXT.extend(15), fields: { ...fields, minutes: 15 }, what }),
    action(room, "room", "end-meeting", { label: TEXT.endYes, fields, sure, what }),
  ];
}

// What is wrong with the calendar, in a person's words, with the age of what is shown.
function health(room, { state, words, read_at: at, stale }) {
  if ((state === "ok" || state === "asleep") && !stale) return "";
  if (state === "starting" && at === null) return TEXT.calendarStarting;
  const reason = TEXT.calendarState[state] ?? "";
  const old = at === null ? 0 : room.now() - at;
  const ago = old < 7200 ? TEXT.minutesAgo(Math.max(1, Math.round(old / 60))) : TEXT.hoursAgo(Math.round(old / 3600));
  const age = at === null ? "" : TEXT.asOf({ hour: TEXT.hour(at), ago });
  return [reason || (state === "not set up" && words), age].filter(Boolean).join(" ");
}
