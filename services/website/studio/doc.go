// Package studio is where employees write stories, have them approved and signed, publish and withdraw them: the pages under /studio.
//
// Pages are rendered on the server and work without JavaScript; small modules add what a page cannot do alone: a live preview, saving by itself, pictures by
// drag and paste. The studio knows nothing that REST does not tell: each page is made of calls on behalf of the signed-in employee, and what somebody may do
// is decided there. The studio only spares people buttons that would be refused.
//
// A refusal never costs typed text: forms come back with what was typed, the problem's fields beside it, and a session that ended meanwhile leads to a page
// from which the same form can be sent again. Each rendering of a form carries its own idempotency key, so that sending it twice does it once.
package studio
