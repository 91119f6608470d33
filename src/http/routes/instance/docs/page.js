"use strict";

/** An element with attributes and children; text never becomes markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** What `$ref` stands for. */
function resolve(api, value) {
  if (!value || !value.$ref) return value;
  return value.$ref.slice(2).split("/").reduce((at, key) => at[key], api);
}

/** A schema in a few words. */
function words(api, schema) {
  const named = resolve(api, schema);
  if (!schema) return "";
  if (named.enum) return named.enum.map(String).join(" | ");
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.oneOf) return schema.oneOf.map((one) => words(api, one)).join(" or ");
  if (schema.items) return `array of ${words(api, schema.items) || "anything"}`;
  if (schema.additionalProperties) return `object of ${words(api, schema.additionalProperties)}`;
  const kinds = [schema.type ?? "anything"].flat().join(" or ");
  const least = schema.minimum ?? schema.minLength;
  const most = schema.maximum ?? schema.maxLength;
  const bounds = least ?? most;
  return [kinds, schema.format, bounds === undefined ? "" : `${least ?? ""} … ${most ?? ""}`].filter(Boolean).join(", ");
}

function table(title, rows) {
  if (rows.length === 0) return "";
  const lines = rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell))));
  return element("section", {}, element("h4", {}, title), element("table", {}, ...lines));
}

function code(text) {
  return element("code", {}, text);
}

function json(content) {
  return content?.["application/json"]?.schema;
}

/** The fields of an object, or of what a list has. */
function fields(api, schema) {
  schema = resolve(api, schema);
  if (schema?.items) schema = resolve(api, schema.items);
  const required = new Set(schema?.required ?? []);
  return Object.entries(schema?.properties ?? {}).map(([name, field]) => [
    code(name),
    words(api, field),
    required.has(name) ? "" : "may be absent",
  ]);
}

function operation(api, path, method, about) {
  const parameters = (about.parameters ?? []).map((one) => [
    code(one.name),
    one.in,
    words(api, one.schema),
    one.description ?? "",
  ]);
  const responses = Object.entries(about.responses);
  const answers = responses.map(([status, one]) => [code(status), resolve(api, one).description]);
  const good = resolve(api, responses.find(([status]) => status.startsWith("2"))?.[1]);
  const heading = element("summary", {}, element("span", { class: "method" }, method.toUpperCase()), code(path));
  heading.append(element("span", { class: "note" }, about.summary ?? ""));
  const body = element("div");
  body.append(
    table("Parameters", parameters),
    table("Body", fields(api, json(about.requestBody?.content))),
    table("Answer", fields(api, json(good?.content))),
    table("Statuses", answers),
  );
  const made = element("details", {}, heading, body);
  made.dataset.text = `${method} ${path} ${about.summary ?? ""}`.toLowerCase();
  return made;
}

/** What answers refer to by name. */
function schema(api, name, about) {
  const body = element("div", {}, table("Fields", fields(api, about)));
  const made = element("details", {}, element("summary", {}, code(name)), body);
  made.dataset.text = name.toLowerCase();
  return made;
}

function show(api) {
  const byTag = new Map(api.tags.map(({ name }) => [name, []]));
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, about] of Object.entries(item)) {
      byTag.get(about.tags[0]).push(operation(api, path, method, about));
    }
  }
  const sections = [...byTag].map(([tag, made]) => element("section", {}, element("h2", {}, tag), ...made));
  const named = Object.entries(api.components.schemas).filter(([, about]) => about.properties);
  const schemas = named.map(([name, about]) => schema(api, name, about));
  sections.push(element("section", {}, element("h2", {}, "Schemas"), ...schemas));
  document.getElementById("operations").replaceChildren(...sections);
}

function filter() {
  const wanted = document.getElementById("filter").value.trim().toLowerCase();
  for (const one of document.querySelectorAll("details")) one.hidden = !one.dataset.text.includes(wanted);
}

document.getElementById("filter").addEventListener("input", filter);
fetch("/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch((error) => document.getElementById("operations").replaceChildren(`The document cannot be read: ${error}`));
