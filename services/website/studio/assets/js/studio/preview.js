// The text as readers will see it, a moment after it was typed.
import { readFields } from "/static/js/studio/fields.js";

// The one way in which HTML gets into the page: what the server rendered and cleaned.
const policy = window.trustedTypes?.createPolicy("renown-preview", { createHTML: (html) => html }) ?? { createHTML: (html) => html };

export function startPreview(form) {
  const [story, locale] = form.dataset.url.split("/").slice(-2).map(decodeURIComponent);
  const target = form.querySelector("[data-preview]");
  const problems = form.querySelector("[data-problems]");
  let timer = 0;
  let running = null;

  function list(title, found) {
    if (!found?.length) return [];
    const heading = document.createElement("h3");
    heading.textContent = title;
    const items = document.createElement("ul");
    for (const problem of found) {
      const item = document.createElement("li");
      if (problem.line > 0) {
        const link = document.createElement("a");
        link.href = "#body";
        link.dataset.line = problem.line;
        link.textContent = `Line ${problem.line}`;
        item.append(link, ": ");
      }
      item.append(problem.text);
      items.append(item);
    }
    return [heading, items];
  }

  async function refresh() {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch("/studio/preview", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ ...readFields(form), story, locale }),
        signal: running.signal,
      });
      if (!answer.ok) return;
      const preview = await answer.json();
      target.innerHTML = policy.createHTML(preview.html);
      problems.replaceChildren(...list("To be mended before it can be saved", preview.problems), ...list("Still missing before it can be published", preview.missing));
    } catch {
      // No connection: the last preview stays, and the state of saving says that there is none.
    }
  }

  function changed() {
    for (const mirror of form.querySelectorAll("[data-mirror]")) mirror.textContent = form.elements[mirror.dataset.mirror].value;
    clearTimeout(timer);
    timer = setTimeout(refresh, 350);
  }
  return { changed };
}
