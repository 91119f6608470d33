"use strict";
// The pages that links in mails lead to. The token stands after the # of the address, which no server is told.
// Forms with data-token send it; what has none is for who came without, or with one that is not good any more.

const told = new URLSearchParams(location.hash.slice(1));
const token = told.get("token");
const notice = document.querySelector("[role=status]");
const withToken = document.querySelector("[data-token]");
const without = document.querySelectorAll("form:not([data-token]), [data-without-token]");
const providers = document.querySelector("[data-providers]");
const joined = document.querySelector("[data-joined]");

function show(hasToken) {
  withToken.hidden = !hasToken;
  for (const element of without) element.hidden = hasToken;
  if (providers && !hasToken) providers.hidden = true;
}

function request({ dataset }, fields) {
  if (dataset.get) return fetch(`${dataset.get}?${new URLSearchParams(fields)}`);
  const headers = { "Content-Type": "application/json" };
  return fetch(dataset.post, { method: "POST", headers, body: JSON.stringify(fields) });
}

async function send(form) {
  const fields = Object.fromEntries(new FormData(form));
  if ("token" in form.dataset) fields.token = token;
  const answer = await request(form, fields);
  if (!answer.ok) return refusal(answer);
  form.hidden = true;
  if (providers) providers.hidden = true;
  return form.dataset.done;
}

async function refusal(answer) {
  const { error, code } = await answer.json();
  if (code === "bad_email_token") show(false);
  return `It did not work: ${error}.`;
}

async function follow(provider) {
  const dataset = { post: providers.dataset.post.replace("{provider}", encodeURIComponent(provider)) };
  const answer = await request({ dataset }, { token, return_to: providers.dataset.return });
  if (!answer.ok) return refusal(answer);
  location.assign((await answer.json()).url);
  return "";
}

async function attempt(button, work) {
  button.disabled = true;
  notice.textContent = "";
  try {
    notice.textContent = await work();
  } catch {
    notice.textContent = "The server does not answer: try again.";
  }
  button.disabled = false;
}

async function offerProviders() {
  const answer = await fetch("/api/v1/auth/oidc");
  if (!answer.ok) return;
  for (const { name, label } of await answer.json()) {
    const button = document.createElement("button");
    button.textContent = label;
    button.addEventListener("click", () => attempt(button, () => follow(name)));
    providers.append(" ", button);
    providers.hidden = false;
  }
}

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(form.querySelector("button"), () => send(form));
  });
}

show(Boolean(token));
if (providers && token) offerProviders().catch(() => {});
if (joined && told.has("joined")) {
  show(true);
  withToken.hidden = true;
  joined.hidden = false;
}
