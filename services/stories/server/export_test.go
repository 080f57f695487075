package server

import "renown.example/stories/card"

// WhileDrawing has something done each time before a card is drawn.
func (s *Server) WhileDrawing(do func()) {
	draw := s.drawer
	s.drawer = func(c card.Card) (card.Image, error) {
		do()
		return draw(c)
	}
}
