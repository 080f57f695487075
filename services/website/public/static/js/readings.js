// Counts how a story is read: shown, read to three quarters, a call to action followed. What is sent names the story and what was done; nothing is stored here,
// no cookie is set, and whoever asks not to be tracked is not counted.
const story = document.querySelector("article[data-story]");
const ours = location.origin + "/";
const silent = navigator.webdriver || navigator.globalPrivacyControl || navigator.doNotTrack === "1";

const told = new Set();
function tell(kind, key = kind) {
  if (told.has(key)) return;
  told.add(key);
  const report = new URLSearchParams({ kind, story: story.dataset.story, locale: story.lang || document.documentElement.lang });
  const before = document.referrer.startsWith(ours) && new URL(document.referrer).pathname.match(/\/stories\/([^/]+)$/);
  if (kind === "click" && before) report.set("previous", before[1]);
  navigator.sendBeacon("/readings", report);
}

function look() {
  if (document.visibilityState !== "visible") return;
  tell("view");
  const body = story.querySelector(".blocks").getBoundingClientRect();
  if (innerHeight - body.top >= 0.75 * body.height) tell("read");
}

if (story && !silent) {
  document.addEventListener("visibilitychange", look);
  addEventListener("scroll", look, { passive: true });
  story.addEventListener("click", (e) => {
    const link = e.target.closest(".cta-link");
    if (link) tell("click", link.href);
  });
  look();
}
