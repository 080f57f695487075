package book

import (
	"context"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/tables"
)

// budget is a budget that commands of the update have used up more of.
type budget struct {
	row   store.Row[tables.Counter]
	fresh bool
}

// spent is what a budget was before a command.
type spent struct {
	id  string
	was tables.Counter
}

// Used returns how much of a budget is used up. It does not guard it: what is decided by it must be used up by Use in the same command.
func (u *Unit) Used(ctx context.Context, id string) (int64, error) {
	if b := u.session.budgets[id]; b != nil {
		return b.row.Value.Used, nil
	}
	row, err := tables.Budgets.Get(ctx, u.Tx, id)
	if store.IsNotFound(err) {
		return 0, nil
	}
	return row.Value.Used, err
}

// Use uses up more of a budget, or gives back to it if the amount is less than zero. Commands that share an update write it once. Nobody asks for it any more after
// ends; zero means never.
func (u *Unit) Use(ctx context.Context, id string, amount int64, ends clock.Millis) error {
	b := u.session.budgets[id]
	if b == nil {
		row, err := tables.Budgets.GetForUpdate(ctx, u.Tx, id)
		b = &budget{row: row, fresh: store.IsNotFound(err)}
		if err != nil && !b.fresh {
			return err
		}
		b.row.ID = id
		u.session.budgets[id] = b
	}
	u.spent = append(u.spent, spent{id, b.row.Value})
	b.row.Value = tables.Counter{Used: max(0, b.row.Value.Used+amount), Ends: ends}
	return nil
}

// unspend takes back what a command used up.
func (u *Unit) unspend() {
	for i := len(u.spent) - 1; i >= 0; i-- {
		u.session.budgets[u.spent[i].id].row.Value = u.spent[i].was
	}
	u.spent = nil
}

func (s *session) writeBudgets() error {
	for id, b := range s.budgets {
		var err error
		if b.fresh {
			_, err = tables.Budgets.Insert(s.ctx, s.tx, id, b.row.Value)
		} else {
			_, err = tables.Budgets.Put(s.ctx, s.tx, b.row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Shared returns what load finds, once for all commands that share the update. None of them may write it.
func (u *Unit) Shared(name string, load func() (any, error)) (any, error) {
	if v, known := u.session.shared[name]; known {
		return v, nil
	}
	v, err := load()
	if err == nil {
		u.session.shared[name] = v
	}
	return v, err
}
