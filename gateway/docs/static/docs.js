// The form that tries a method. Without JavaScript it stays hidden, and the curl command does the same.
// On a wide screen the list of methods is open; where the style sheet cannot open it, this does.
const side = document.querySelector(".side");
if (side && matchMedia("(min-width: 960px)").matches) side.open = true;

const part = document.querySelector(".try");
if (part) {
  part.hidden = false;
  const form = part.querySelector("form");
  const outcome = part.querySelector(".outcome");
  const credential = form.elements.credential;
  const scheme = form.elements.scheme;
  if (credential) {
    credential.value = sessionStorage.getItem("credential") ?? "";
    scheme.value = sessionStorage.getItem("scheme") ?? scheme.value;
  }
  for (const key of form.querySelectorAll('[data-name="Idempotency-Key"]')) key.value = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const words = button.textContent;
    button.textContent = "Waiting for the answer";
    button.setAttribute("aria-busy", "true");
    const began = performance.now();
    try {
      const response = await fetch(...request(form));
      await show(outcome, response, performance.now() - began);
    } catch (err) {
      say(outcome, "No answer: " + err.message, false, "", "");
    } finally {
      button.textContent = words;
      button.removeAttribute("aria-busy");
    }
  });
}

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const input of form.querySelectorAll("[data-in]")) {
    const { in: place, name } = input.dataset;
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(input.value));
    else if (input.value === "") continue;
    else if (place === "query") query.append(name, input.value);
    else headers[name] = input.value;
  }
  if (form.elements.credential?.value) {
    headers.Authorization = `${form.elements.scheme.value} ${form.elements.credential.value}`;
    sessionStorage.setItem("credential", form.elements.credential.value);
    sessionStorage.setItem("scheme", form.elements.scheme.value);
  }
  const options = { method: form.dataset.method, headers, credentials: "omit", redirect: "follow" };
  if (form.elements.body) {
    headers["Content-Type"] = form.dataset.media;
    options.body = form.elements.body.value;
  }
  const search = query.toString();
  return [search ? `${path}?${search}` : path, options];
}

async function show(outcome, response, took) {
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const kind = response.headers.get("Content-Type") ?? "";
  let body = "";
  if (kind.includes("json")) {
    const text = await response.text();
    try {
      body = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      body = text;
    }
  } else if (kind.startsWith("text/")) {
    body = await response.text();
  } else {
    const bytes = (await response.blob()).size;
    body = bytes ? `${bytes} bytes of ${kind}` : "";
  }
  say(outcome, `${response.status} ${response.statusText} in ${Math.round(took)} ms`, response.ok, headers, body);
}

function say(outcome, title, good, headers, body) {
  const heading = outcome.querySelector("h3");
  heading.textContent = title;
  heading.className = good ? "good" : "bad";
  outcome.querySelector(".got-headers").textContent = headers;
  const pre = outcome.querySelector(".got-body");
  pre.textContent = body;
  pre.hidden = body === "";
  outcome.hidden = false;
  outcome.scrollIntoView({ block: "nearest" });
}
