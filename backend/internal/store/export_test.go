package store

import (
	"context"

	"gorm.io/gorm"

	"sallyport/internal/actor"
)

// Hear has f see every statement that is read by, and its parameters, from now on.
func (s *Store) Hear(f func(statement string, args []any)) error {
	return s.read.Callback().Row().After("gorm:row").Register("hear", func(db *gorm.DB) { f(db.Statement.SQL.String(), db.Statement.Vars) })
}

// GoBack takes migrations back, down to a version.
func (s *Store) GoBack(ctx context.Context, version int64) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	_, err = p.DownTo(ctx, version)
	return err
}

// Lock is one hold as the database takes it.
type Lock struct {
	Class int // 0 everybody, 1 a person, 2 an account
	Key   int64
	Alone bool
}

// Locks are holds in the order in which they are taken.
func Locks(alone, shared actor.Holds) []Lock {
	var all []Lock
	for _, l := range locks(alone, shared) {
		all = append(all, Lock{int(l.class), l.key, l.alone})
	}
	return all
}
