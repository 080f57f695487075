// Narrows the index while somebody types or chooses: the server's own page is asked for, and its results and counts take the place of what is shown.
// Without this module the form does the same by being sent.
const form = document.querySelector("form[data-find]");

let asking = null;
let waiting = 0;

// The answer is read as a document by the browser itself: no text is made into HTML here.
function ask(address) {
  asking?.abort();
  const request = new XMLHttpRequest();
  asking = request;
  request.responseType = "document";
  request.open("GET", address);
  request.onload = () => {
    if (request.status === 200 && request.response) show(request.response, address);
  };
  request.send();
}

function show(page, address) {
  const found = page.getElementById("found");
  if (!found) return;
  document.getElementById("found").replaceWith(document.adoptNode(found));
  const facets = page.querySelector(".find-facets");
  const mine = form.querySelector(".find-facets");
  if (facets && mine) {
    const focused = mine.contains(document.activeElement) ? document.activeElement : null;
    mine.replaceWith(document.adoptNode(facets));
    if (focused) form.querySelector(`input[name="${focused.name}"][value="${CSS.escape(focused.value)}"]`)?.focus();
  }
  document.title = page.title;
  history.replaceState(null, "", address);
}

function narrow() {
  const wanted = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) wanted.append(name, value.trim());
  const query = wanted.toString();
  ask(form.getAttribute("action") + (query ? "?" + query : ""));
}

if (form) {
  form.classList.add("live");
  form.addEventListener("input", (e) => {
    clearTimeout(waiting);
    waiting = setTimeout(narrow, e.target.type === "checkbox" ? 0 : 150);
  });
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    clearTimeout(waiting);
    narrow();
  });
}
