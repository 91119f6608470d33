"use strict";
// The pages that links in mails lead to. The token stands after the # of the address, which no server is told.
// Forms with data-token send it; what has none is for who came without, or with one that is not good any more.

const token = new URLSearchParams(location.hash.slice(1)).get("token");
const notice = document.querySelector("[role=status]");
const withToken = document.querySelector("[data-token]");
const without = document.querySelectorAll("form:not([data-token]), [data-without-token]");

function show(hasToken) {
  withToken.hidden = !hasToken;
  for (const element of without) element.hidden = hasToken;
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
  if (answer.ok) {
    form.hidden = true;
    return form.dataset.done;
  }
  const { error, code } = await answer.json();
  if (code === "bad_email_token") show(false);
  return `It did not work: ${error}.`;
}

for (const form of document.forms) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    notice.textContent = "";
    try {
      notice.textContent = await send(form);
    } catch {
      notice.textContent = "The server does not answer: try again.";
    }
    button.disabled = false;
  });
}

show(Boolean(token));
