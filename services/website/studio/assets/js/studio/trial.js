// What an order would earn, a moment after it was typed. Without this module a button asks for it.

// The one way in which HTML gets into the page: what the server rendered.
const policy = window.trustedTypes?.createPolicy("renown-preview", { createHTML: (html) => html }) ?? { createHTML: (html) => html };
const form = document.querySelector("form[data-trial]");
let timer = 0;
let running = null;

async function refresh() {
  running?.abort();
  running = new AbortController();
  const typed = new URLSearchParams(new FormData(form));
  typed.set("do", "try");
  try {
    const answer = await fetch(form.action, { method: "POST", body: typed, headers: { Accept: "text/html" }, signal: running.signal });
    const page = new DOMParser().parseFromString(policy.createHTML(await answer.text()), "text/html");
    const outcome = page.getElementById("outcome");
    if (outcome) document.getElementById("outcome").replaceChildren(...outcome.childNodes);
  } catch {
    // No connection: the last outcome stays, and the button is still there.
  }
}

form?.addEventListener("input", () => {
  const ready = form.elements.try_member.value && (form.elements.try_what.value !== "order" || form.elements["line-0-amount"].value);
  clearTimeout(timer);
  if (ready) timer = setTimeout(refresh, 400);
});
