package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"renown.example/kit/store"
)

// filter returns the condition of a plan. For every field of the index it says that the field exists, which is what makes MongoDB use the partial index.
func filter(p *store.Plan, paged bool) bson.D {
	fields := p.Index.Fields
	if len(fields) == 0 {
		fields = []string{fieldID}
	}
	and := bson.A{}
	for i, f := range fields {
		switch {
		case i < len(p.Equal):
			and = append(and, bson.D{{Key: f, Value: p.Equal[i]}})
		case i == len(p.Equal) && (p.From != nil || p.Before != nil):
			and = append(and, bson.D{{Key: f, Value: between(p)}})
		case p.Index.Name != "":
			and = append(and, bson.D{{Key: f, Value: bson.D{{Key: "$exists", Value: true}}}})
		}
	}
	if paged && p.After != nil {
		and = append(and, behind(p)...)
	}
	if len(and) == 0 {
		return bson.D{}
	}
	return bson.D{{Key: "$and", Value: and}}
}

func between(p *store.Plan) bson.D {
	d := bson.D{}
	if p.From != nil {
		d = append(d, bson.E{Key: "$gte", Value: p.From})
	}
	if p.Before != nil {
		d = append(d, bson.E{Key: "$lt", Value: p.Before})
	}
	return d
}

// behind returns the condition of lying behind the plan's position: the first field is beyond it, or equal and the second beyond it, and so on. That the first is
// not before it follows, but the planner would not find it out.
func behind(p *store.Plan) bson.A {
	beyond, notBefore := "$gt", "$gte"
	if p.Descending {
		beyond, notBefore = "$lt", "$lte"
	}
	names := append(append([]string{}, p.Rest...), fieldID)
	values := append(append([]any{}, p.After.Values...), p.After.ID)
	or := bson.A{}
	for i := range names {
		d := bson.D{}
		for j := range i {
			d = append(d, bson.E{Key: names[j], Value: values[j]})
		}
		or = append(or, append(d, bson.E{Key: names[i], Value: bson.D{{Key: beyond, Value: values[i]}}}))
	}
	first := bson.D{{Key: names[0], Value: bson.D{{Key: notBefore, Value: values[0]}}}}
	return bson.A{first, bson.D{{Key: "$or", Value: or}}}
}

// sorted returns the order of a plan.
func sorted(p *store.Plan) bson.D {
	direction := 1
	if p.Descending {
		direction = -1
	}
	d := bson.D{}
	for _, f := range p.Rest {
		d = append(d, bson.E{Key: f, Value: direction})
	}
	return append(d, bson.E{Key: fieldID, Value: direction})
}
