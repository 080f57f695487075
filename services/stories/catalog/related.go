package catalog

// feature is something that several entries have in common.
type feature struct{}

// about is what an entry has in common with others.
type about struct{}

func (s *shelf) describe(*Entry) {}

func (s *shelf) forget(*Entry) {}
