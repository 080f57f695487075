module renown.example/loyalty

go 1.26.0

replace renown.example/kit => ../kit

replace renown.example/proto => ../../proto

require renown.example/kit v0.0.0
