// <renown-story src="…/stories/a-story"></renown-story> shows a story of this site on any page. It asks again whenever the page comes into view and each minute
// while it is: a story that its customer has taken back is shown no longer. No cookies; nothing from anywhere but this site.
const home = new URL(import.meta.url).origin;
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { display: block; container-type: inline-size; max-width: 44rem; font-size: 1rem; line-height: 1.5; text-align: start; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
article { position: relative; display: grid; overflow: hidden; border: 1px solid $line; border-radius: 6px; background: $paper; color: $ink; }
img { display: block; width: 100%; height: 100%; color: $ink2; font-size: 0.875em; aspect-ratio: 16 / 9; object-fit: cover; background: $paper2; }
.words { display: flex; flex-direction: column; padding: 1.25em 1.5em; gap: 0.5em; }
p { margin: 0; text-wrap: pretty; }
.customer, .from { font-size: 0.875em; font-weight: 600; color: $ink2; }
.title { font-size: 1.375em; font-weight: 700; line-height: 1.2; text-wrap: balance; }
a { color: inherit; text-decoration: none; }
a::after { content: ""; position: absolute; inset: 0; }
article:hover a { text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 0.15em; }
a:focus-visible { outline: none; }
article:has(a:focus-visible) { outline: 2px solid $accent; outline-offset: 2px; }
.text, .gift { color: $ink2; }
.gift { font-size: 0.875em; }
.foot { display: flex; align-items: baseline; flex-wrap: wrap; justify-content: space-between; gap: 0 1.5em; margin-top: auto; padding-top: 0.5em; }
.read { font-weight: 600; color: $accent; }
@container (min-width: 32rem) {
  article.pictured { grid-template-columns: 2fr 3fr; }
  img { aspect-ratio: auto; min-height: 100%; position: absolute; inset: 0; }
  .frame { position: relative; }
}`.replace(/\$(\w+)/g, (_, role) => "var(--renown-" + role + ", light-dark(" + colours[role] + "))"));

const make = (name, className, ...inside) => {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...inside);
  return e;
};

function card(story) {
  const link = make("a", "", story.title);
  link.href = story.url;
  const read = make("p", "read", story.read + " →");
  read.ariaHidden = "true";
  const words = make("div", "words", make("p", "customer", story.customer), make("p", "title", link), make("p", "text", story.text),
    ...(story.disclosure ? [make("p", "gift", story.disclosure)] : []), make("div", "foot", read, make("p", "from", story.from)));
  const article = make("article", "", words);
  article.lang = story.lang;
  if (story.image) {
    const image = make("img");
    image.alt = story.alt;
    image.loading = "lazy";
    image.src = story.image;
    article.className = "pictured";
    article.prepend(make("div", "frame", image));
  }
  return article;
}

customElements.define("renown-story", class extends HTMLElement {
  static observedAttributes = ["src"];
  #root = this.attachShadow({ mode: "open" });
  #turn = 0;
  #said = "";
  #look = () => { if (this.isConnected && !document.hidden) this.refresh(); };

  connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    document.addEventListener("visibilitychange", this.#look);
    addEventListener("pageshow", this.#look);
    this.#timer = setInterval(this.#look, 60000);
    this.#look();
  }
  #timer;
  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.#look);
    removeEventListener("pageshow", this.#look);
    clearInterval(this.#timer);
  }
  attributeChangedCallback() { this.#look(); }

  // Whatever keeps the story from being confirmed leaves nothing to see: only what its customer agrees to now is shown.
  async refresh() {
    const turn = ++this.#turn;
    let said = "";
    try {
      const at = new URL(this.getAttribute("src"), home);
      if (at.origin === home) {
        const answer = await fetch(home + at.pathname + "/embed.json", { credentials: "omit", cache: "no-cache" });
        if (answer.ok) said = await answer.text();
      }
    } catch {}
    if (turn !== this.#turn || said === this.#said) return;
    this.#said = said;
    this.#root.replaceChildren(...(said ? [card(JSON.parse(said))] : []));
    this.dispatchEvent(new CustomEvent(said ? "renown-shown" : "renown-gone", { bubbles: true }));
  }
});
