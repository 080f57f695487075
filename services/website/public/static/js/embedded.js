// A story in a frame on another site: when its customer has taken it back, nothing is left to see there. It is asked when the page comes into view and each minute.
let gone = false;
async function look() {
  if (document.hidden) return;
  const there = await fetch(location.href, { method: "HEAD", cache: "no-cache" }).then((answer) => answer.ok, () => false);
  if (there && gone) location.reload();
  if (!there) document.body.replaceChildren();
  gone = !there;
}
document.addEventListener("visibilitychange", look);
addEventListener("pageshow", look);
setInterval(look, 60000);
