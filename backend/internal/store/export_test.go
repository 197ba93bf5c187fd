package store

import (
	"context"

	"gorm.io/gorm"
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
