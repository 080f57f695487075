// Package web is the design system of every page that Renown shows: the theme, the style sheets, the faces and icons,
// the base layouts, and the functions that templates use to speak, count and tell the time in the reader's language.
//
// It knows nothing of stories or users. Pages are declared beside the handlers that serve them and parsed with
// [Renderer.Parse]; what they share in markup stands in layouts/, what they share in looks in static/css/site.
package web
