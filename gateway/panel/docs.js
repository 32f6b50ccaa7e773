// The API's documentation, drawn from the gateway's own OpenAPI description, with every call ready to be tried.
// What may not live here: anything about the API that the description does not say.

import { h, put, set } from "./dom.js";

const TEXT = {
  token: "Token",
  tokenHint: "Bearer token for “Try it”",
  parameters: "Parameters",
  body: "Request body",
  noBody: "No fields.",
  responses: "Responses",
  required: "required",
  go: "Try it",
  asking: "Asking…",
  failed: (error) => `The description could not be read: ${error}`,
  away: (error) => `No answer: ${error}`,
  took: (ms) => `${ms} ms`,
  curl: "As a command line",
};
const KEPT = "roomgate.docs.token";
const SHOWN = 100_000; // characters of an answer
let api;

const token = h("input", { type: "password", autocomplete: "off", placeholder: TEXT.tokenHint, "aria-label": TEXT.tokenHint });
token.addEventListener("input", () => sessionStorage.setItem(KEPT, token.value.trim()));

function resolve(schema) {
  const name = schema?.$ref?.split("/").at(-1);
  return name ? { ...api.components.schemas[name], title: name } : (schema ?? {});
}

// A schema in a few words: its type, its choices, its limits.
function type(given) {
  const schema = resolve(given);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(type).join(" | ");
  if (schema.type === "array") return `list of ${type(schema.items)}`;
  const { minimum, maximum } = schema;
  const limits = minimum === undefined && maximum === undefined ? "" : ` ${minimum ?? ""}–${maximum ?? ""}`;
  return `${given?.$ref ? schema.title : [schema.type ?? "any"].flat().join(" | ")}${limits}`;
}

// `words` in backquotes are code.
function words(text = "") {
  return text.split("`").map((piece, at) => (at % 2 ? h("code", {}, piece) : piece));
}

function fields(given) {
  const schema = resolve(given);
  const entries = Object.entries(schema.properties ?? {});
  if (!entries.length) return h("p", { class: "quiet" }, TEXT.noBody);
  const row = ([name, field]) =>
    h(
      "tr",
      {},
      h("th", {}, h("code", {}, name)),
      h(
        "td",
        {},
        h("span", { class: "quiet" }, type(field)),
        schema.required?.includes(name) && h("span", { class: "need" }, ` ${TEXT.required}`),
        field.default !== undefined && h("span", { class: "quiet" }, ` = ${JSON.stringify(field.default)}`),
        field.description && h("div", {}, ...words(field.description)),
      ),
    );
  return h("table", {}, ...entries.map(row));
}

function operation(path, method, told, shared) {
  const marked = path.split(/(\{\w+\})/).map((piece) => (piece.startsWith("{") ? h("i", {}, piece) : piece));
  const head = h(
    "summary",
    {},
    h("span", { class: `method ${method}` }, method.toUpperCase()),
    h("span", { class: "path" }, ...marked),
    h("span", { class: "quiet" }, ...words(told.summary)),
  );
  const element = h("details", { id: told.operationId ?? `${method} ${path}`, "data-path": path, "data-method": method }, head);
  // Drawn when it is opened: most of the page is never looked at.
  element.addEventListener("toggle", () => element.childElementCount < 2 && element.append(inside(path, method, told, shared)));
  return element;
}

function inside(path, method, told, shared) {
  const parameters = [...shared, ...(told.parameters ?? [])];
  const inputs = new Map();
  const ask = (parameter) => {
    const { name, description, schema = {}, required } = parameter;
    const input = h("input", { value: parameter.example ?? "", placeholder: schema.default, "aria-label": name });
    inputs.set(parameter, input);
    const about = h("span", { class: "quiet" }, `${parameter.in}, ${type(schema)}`);
    const needed = required && h("span", { class: "need" }, ` ${TEXT.required}`);
    return h("tr", {}, h("th", {}, h("code", {}, name)), h("td", {}, about, needed, h("div", {}, ...words(description)), input));
  };
  const media = told.requestBody?.content?.["application/json"];
  const body = media && h("textarea", { rows: 4, spellcheck: "false", "aria-label": TEXT.body });
  if (body) body.value = JSON.stringify(media.example ?? {}, null, 2);
  const answers = Object.entries(told.responses ?? {}).map(([status, response]) => {
    const schema = Object.values(response.content ?? {})[0]?.schema;
    const named = schema?.$ref && h("span", { class: "quiet" }, ` ${type(schema)}`);
    return h("tr", {}, h("th", {}, status), h("td", {}, ...words(response.description), named));
  });
  return h(
    "div",
    { class: "body" },
    told.description && h("p", {}, ...words(told.description)),
    parameters.length && h("h3", {}, TEXT.parameters),
    parameters.length && h("table", {}, ...parameters.map(ask)),
    media && h("h3", {}, TEXT.body),
    media && fields(media.schema),
    body,
    ...(path.endsWith("/ws") ? [] : tryIt(path, method, inputs, body)), // a WebSocket cannot be tried by a button
    h("h3", {}, TEXT.responses),
    h("table", {}, ...answers),
  );
}

function tryIt(path, method, inputs, body) {
  const button = h("button", { type: "button" }, TEXT.go);
  const status = h("span", { class: "status", role: "status" });
  const took = h("span", { class: "quiet" });
  const answer = h("pre", { hidden: true });
  const line = h("pre", { hidden: true, "aria-label": TEXT.curl });
  button.addEventListener("click", async () => {
    const url = address(path, inputs);
    put(line, curl(url, method, body?.value));
    line.hidden = false;
    set(button, "aria-busy", "true");
    put(status, TEXT.asking);
    set(status, "class", "status");
    const began = performance.now();
    try {
      const bearer = token.value.trim();
      const headers = { ...(bearer && { authorization: `Bearer ${bearer}` }), ...(body && { "content-type": "application/json" }) };
      const response = await fetch(url, { method: method.toUpperCase(), headers, body: body?.value });
      put(answer, pretty(await response.text()));
      put(status, `${response.status} ${response.statusText}`);
      set(status, "class", `status ${response.ok ? "good" : "poor"}`);
      answer.hidden = false;
    } catch (error) {
      put(status, TEXT.away(error.message));
      set(status, "class", "status poor");
    }
    put(took, TEXT.took(Math.round(performance.now() - began)));
    set(button, "aria-busy", null);
  });
  return [h("div", { class: "try" }, button, status, took), line, answer];
}

function address(path, inputs) {
  const query = new URLSearchParams();
  let url = path;
  for (const [parameter, input] of inputs) {
    const value = input.value.trim();
    // A path may be a parameter ("screens/left"), so its slashes stay.
    if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, value.split("/").map(encodeURIComponent).join("/"));
    else if (value) query.set(parameter.name, value);
  }
  return query.size ? `${url}?${query}` : url;
}

function curl(url, method, body) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const data = body ? ` \\\n  -d ${quoted(body.replace(/\s*\n\s*/g, " "))}` : "";
  return `curl -X ${method.toUpperCase()} ${quoted(location.origin + url)} \\\n  -H "Authorization: Bearer $TOKEN"${data}`;
}

function pretty(text) {
  try {
    text = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // not one JSON value: rows, one a line, or plain text
  }
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function draw() {
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, told] of Object.entries(item)) {
      if (method === "parameters") continue;
      const tag = told.tags?.[0] ?? "other";
      groups.set(tag, [...(groups.get(tag) ?? []), operation(path, method, told, item.parameters ?? [])]);
    }
  }
  const { title, version, description } = api.info;
  const links = [...groups.keys()].map((tag) => h("a", { href: `#${tag}` }, tag));
  const form = h("form", { onsubmit: (event) => event.preventDefault() }, h("label", {}, TEXT.token, token));
  const top = h("header", { class: "top" }, h("h1", {}, `${title} `, h("small", {}, version)), form);
  const about = h("p", {}, ...words(description), " ", h("a", { href: "/openapi.json" }, "openapi.json"));
  const sections = [...groups].map(([tag, operations]) => h("section", { id: tag }, h("h2", {}, tag), ...operations));
  document.title = title;
  const page = h("div", { class: "page" }, h("nav", {}, ...links), h("main", {}, about, ...sections));
  document.getElementById("app").replaceChildren(top, page);
}

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) history.replaceState(null, "", location.pathname);
token.value = given ?? sessionStorage.getItem(KEPT) ?? "";
if (given) sessionStorage.setItem(KEPT, given);
try {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  api = await response.json();
  draw();
} catch (error) {
  document.getElementById("app").replaceChildren(h("p", { class: "failed", role: "alert" }, TEXT.failed(error.message)));
}
