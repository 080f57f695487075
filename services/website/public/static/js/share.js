// What the system offers to share a page with, and its printer, where there is either. Nothing is sent anywhere by this.
const address = document.querySelector("link[rel=canonical]")?.href ?? location.href;
const share = document.querySelector("[data-share]");
if (share && navigator.share) {
  share.hidden = false;
  share.addEventListener("click", () => navigator.share({ title: document.querySelector("h1").textContent, url: address }).catch(() => {}));
}
const print = document.querySelector("[data-print]");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
