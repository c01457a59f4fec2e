import { streamChat } from "./stream.js";

const element = (id) => document.getElementById(id);
const url = element("url");
const key = element("key");
const messages = element("messages");
const message = element("message");
const send = element("send");
const stop = element("stop");
let sessionId;
let answering;

// For this tab only: whoever opens the developer tools of a shared computer later finds no key.
url.value = sessionStorage.getItem("url") ?? url.value;
key.value = sessionStorage.getItem("key") ?? "";
element("settings").open = key.value === "";

/** Text goes in as text, never as HTML: what a model writes is not to be trusted. */
function add(parent, tag, className, text = "") {
  const child = document.createElement(tag);
  child.className = className;
  child.textContent = text;
  parent.append(child);
  return child;
}

function show(event, item, text) {
  if (event.type === "session") sessionId = event.id;
  else if (event.type === "token") text.append(event.text);
  else if (event.type === "attempt") add(item, "p", "note", `${event.engine}: ${event.outcome}`);
  else if (event.type === "backend") add(item, "p", "note", `${event.label} answers`);
  else if (event.type === "error") add(item, "p", "note", event.message);
}

async function ask(question) {
  add(messages, "li", "user", question);
  const item = add(messages, "li", "assistant");
  const text = add(item, "div", "text");
  answering = new AbortController();
  stop.hidden = false;
  send.disabled = true;
  try {
    const request = { url: url.value, key: key.value, message: question, sessionId };
    for await (const event of streamChat({ ...request, signal: answering.signal })) show(event, item, text);
  } catch (error) {
    add(item, "p", "note", answering.signal.aborted ? "Stopped." : error.message);
  } finally {
    stop.hidden = true;
    send.disabled = false;
  }
}

stop.addEventListener("click", () => answering?.abort());
element("composer").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  sessionStorage.setItem("url", url.value);
  sessionStorage.setItem("key", key.value);
  const question = message.value;
  message.value = "";
  ask(question);
});
