// Everything the panel says, in one place, so that a translation is one more object like this one.
// What may not live here: deciding anything.

const clock = { hour: "2-digit", minute: "2-digit" };
const hour = (seconds) => (seconds ? new Date(seconds * 1000).toLocaleTimeString([], clock) : "");

export const TEXT = {
  unknown: "—",
  hour,
  since: (seconds) => (seconds ? `since ${hour(seconds)}` : ""),
  status: {
    confirmed: "confirmed by the device",
    assumed: "assumed: this device cannot tell",
    stale: "the last that was known",
    unknown: "not known",
  },

  // the way in
  tokenTitle: "This panel needs its key",
  tokenHelp: "Enter the room's access token. Whoever looks after RoomGate makes one with “roomgate token create”.",
  tokenLabel: "Access token",
  tokenGo: "Open the panel",
  tokenBad: "That does not look like a token: it has characters that no token has.",
  connecting: "Connecting to the room…",

  // the gateway
  lost: (when) => `No connection to the room gateway since ${when}. Shown is what was known then; trying again…`,
  notConnected: "No connection to the room gateway. Nothing was sent.",
  lostMeanwhile: (what) => `${what}: the connection was lost before the answer came. Look at the room before asking again.`,
  answersLost: "Some answers were missed; the room is read afresh.",
  back: "Connected again.",

  // the room
  power: "Room power",
  on: "On",
  off: "Off",
  powerState: { on: "On", off: "Off", warming: "Warming up…", cooling: "Cooling down…", standby: "Standby" },
  offTitle: (room) => `Turn ${room} off?`,
  offText: "Everything goes to its resting state, for everybody in the room.",
  offCall: "The call in progress may end.",
  offYes: "Turn off",
  cancel: "Cancel",
  close: "Close",
  sources: "Show",
  displays: "Displays",
  motion: "Screens and shades",
  more: "Room equipment",
  calls: "Calls",
  none: "This room has no equipment that a panel could show.",

  // controls
  volume: "Volume",
  volumeOf: (value) => `${value} %`,
  louder: "Louder",
  quieter: "Quieter",
  sound: "Sound",
  mics: "Microphones",
  camera: "Camera",
  muted: { true: "Muted", false: "On" },
  hidden: { true: "Off", false: "On" },
  input: "Input",
  picture: "Picture",
  blank: { true: "Blank", false: "Shown" },
  up: { screen: "Up", shade: "Open" },
  down: { screen: "Down", shade: "Close" },
  stop: "Stop",
  position: "Position",
  resting: { screen: ["Up", "Down"], shade: ["Open", "Closed"] },
  partly: { screen: (percent) => `${percent} % down`, shade: (percent) => `${percent} % closed` },
  moving: { screen: { up: "going up", down: "going down" }, shade: { up: "opening", down: "closing" } },
  outlet: { on: "On", off: "Off" },
  cycle: "Restart",
  cycleTitle: (what) => `Restart ${what}?`,
  cycleText: "Its power goes off and, after a pause, on again.",
  outletTitle: (what) => `Cut the power of ${what}?`,
  outletText: "Whatever is plugged in goes off at once.",
  load: (amperes) => `${amperes} A`,
  relay: { true: "Closed", false: "Open" },
  relayClose: "Close",
  relayOpen: "Open",
  codec: "Video system",
  wake: "Wake",
  standby: "Standby",
  codecState: { on: "Awake", standby: "In standby", off: "Off", warming: "Waking up…", cooling: "Going to standby…" },
  lamp: (hours) => `${hours} h on the lamp`,

  // calls
  dial: "Number or address",
  call: "Call",
  incoming: "Incoming call",
  answer: "Answer",
  reject: "Reject",
  hangup: "End",
  hangupAll: "End all calls",
  noCall: "No call",
  keypad: "Keypad",
  tone: (key) => `Tone ${key}`,
  key: (key) => `Key ${key}`,
  erase: "Erase the last character",
  callState: {
    dialling: "Dialling…", ringing: "Ringing…", connecting: "Connecting…", connected: "Connected", "on hold": "On hold",
    disconnecting: "Ending…", ended: "Ended", unknown: "In progress",
  },
  encrypted: "encrypted",
  unencrypted: "not encrypted",
  somebody: "Unknown caller",

  // what went wrong
  pending: "waiting for the device",
  toast: (what, words) => `${what}: ${words}`,
  result: {
    refused: (words) => (words ? `refused: ${words}` : "the device refused"),
    unconfirmed: (words) => (words ? `not confirmed: ${words}` : "the device did not confirm it in time"),
    offline: (words) => (words ? `is away: ${words}` : "the device is away"),
    superseded: () => "",
  },
  reason: {
    unreachable: "cannot be reached. Is it powered, and plugged into the network?",
    "connection refused": "is there but takes no connection. Is its network control switched on?",
    "login refused": "does not accept our user name or password. It has to be corrected in the room's settings.",
    "certificate untrusted": "shows a certificate that is not trusted. Somebody has to check it.",
    "no response": "does not answer.",
    "protocol error": "answers in a way that is not understood.",
    "link lost": "has lost its connection.",
    "driver error": "is away because of a fault in its driver.",
    disabled: "is switched off in the room's settings.",
  },
  trying: "RoomGate keeps trying.",
  starting: "is being connected…",
  affected: (labels) => `Affected: ${labels}.`,
  away: (device) => `${device} is away`,

  // the drawer
  details: "Details",
  devices: "Equipment",
  online: "Online",
  offline: "Offline",
  warning: "Note",
  forget: "Forget this panel's token",
  more_known: "What else is known",
};

export const KIND = {
  volume: TEXT.sound, mics: TEXT.mics, camera: TEXT.camera, calls: TEXT.calls, codec: TEXT.codec, room: TEXT.power,
};
