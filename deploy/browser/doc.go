// Package browser runs the whole of Renown as newcomers start it, and drives a real Chromium against it: for the tests of the pages and for taking their
// pictures. Nothing here knows how Renown is built; it knows addresses, forms and what a reader sees.
//
// A Chromium has Pages. Each Page made by Visitor has cookies of its own, like a browser on another desk; Tab opens a second one beside it. A Page writes
// down what its reader would not see: errors on the console, violations of the content security policy, requests to other origins, what was transferred.
// Every call that waits has a bound, and its error says what was waited for.
package browser
