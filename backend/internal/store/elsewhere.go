package store

import "context"

// Elsewhere makes a question for SQLite, which tells nobody what other processes do: whether any has committed since it was last
// asked. The first answer is yes. One goroutine asks at a time.
//
// It is put to the connection that writes. SQLite counts, for each connection, the commits of all others (PRAGMA data_version);
// since this process has no other connection that commits, they are those of other processes. While the connection is busy with
// a transaction nobody else can commit, and the question waits.
func (s *Store) Elsewhere() func(ctx context.Context) (bool, error) {
	var on any // the driver's connection that was asked last: no two count alike
	var last int64
	return func(ctx context.Context) (bool, error) {
		conn, err := s.pools[0].Conn(ctx)
		if err != nil {
			return false, wrap("elsewhere", err)
		}
		defer func() { _ = conn.Close() }()
		var version int64
		if err := conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version); err != nil {
			return false, wrap("elsewhere", err)
		}
		changed := version != last
		last = version
		err = conn.Raw(func(driver any) error {
			changed = changed || driver != on
			on = driver
			return nil
		})
		return changed, wrap("elsewhere", err)
	}
}
