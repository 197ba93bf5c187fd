package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/jobs"
)

var _ jobs.Store = (*Store)(nil)

// jobRow is a row, and with its JSON names an element of the lists that the statements below are given: one parameter for any
// number of jobs, so that a statement stays the same however many there are.
type jobRow struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	Payload    string `json:"payload"`
	CreatedAt  int64  `json:"created_at"`
	RunAt      int64  `json:"run_at"`
	Attempts   int64  `json:"attempts"`
	LeaseUntil int64  `json:"-"`
	LastError  string `json:"-"`
	DeadAt     int64  `json:"-"`
}

func (r jobRow) job() jobs.Job {
	return jobs.Job{ID: r.ID, Kind: r.Kind, Payload: r.Payload, CreatedAt: when(r.CreatedAt), RunAt: when(r.RunAt),
		Attempts: int(r.Attempts), LastError: r.LastError, DeadAt: when(r.DeadAt)}
}

func jobsOf(rows []jobRow) []jobs.Job {
	js := make([]jobs.Job, len(rows))
	for i, r := range rows {
		js[i] = r.job()
	}
	return js
}

// jobList is jobs as the JSON parameter of a statement.
func jobList(js []jobs.Job) (string, error) {
	rows := make([]jobRow, len(js))
	for i, j := range js {
		if j.RunAt.IsZero() {
			j.RunAt = j.CreatedAt
		}
		rows[i] = jobRow{ID: j.ID, Kind: j.Kind, Payload: j.Payload, CreatedAt: micros(j.CreatedAt), RunAt: micros(j.RunAt), Attempts: int64(j.Attempts)}
	}
	list, err := json.Marshal(rows)
	return string(list), err
}

// EnqueueJobs writes jobs down in the transaction of ctx, and wakes the workers once it is committed. One whose ID is known
// already changes nothing, be the known one waiting or dead.
func (s *Store) EnqueueJobs(ctx context.Context, js ...jobs.Job) error {
	if len(js) == 0 {
		return nil
	}
	list, err := jobList(js)
	if err != nil {
		return wrap("enqueue jobs", err)
	}
	q := `INSERT INTO jobs (id, kind, payload, created_at, run_at)
		SELECT value ->> 'id', value ->> 'kind', value ->> 'payload', value ->> 'created_at', value ->> 'run_at'
		FROM json_each(?) WHERE true ON CONFLICT (id) DO NOTHING`
	if s.dialect == "postgres" {
		q = `INSERT INTO jobs (id, kind, payload, created_at, run_at)
			SELECT id, kind, payload, created_at, run_at
			FROM json_to_recordset(CAST(? AS JSON)) AS j (id TEXT, kind TEXT, payload TEXT, created_at BIGINT, run_at BIGINT)
			ON CONFLICT (id) DO NOTHING`
	}
	return s.change(ctx, []string{jobs.Topic}, func(db *gorm.DB) error {
		return wrap("enqueue jobs", db.Exec(q, list).Error)
	})
}

// ClaimJobs begins up to limit jobs of these kinds that are due and that nobody holds, the earliest first, and holds them
// until the time given. Two workers never claim the same.
func (s *Store) ClaimJobs(ctx context.Context, kinds []string, limit int, now, until time.Time) ([]jobs.Job, error) {
	if len(kinds) == 0 || limit < 1 {
		return nil, nil
	}
	due := "SELECT id FROM jobs WHERE dead_at = 0 AND run_at <= ? AND lease_until <= ? AND kind IN ? ORDER BY run_at LIMIT ?"
	q := "UPDATE jobs SET attempts = attempts + 1, lease_until = ? WHERE id IN (" + due + ") RETURNING *"
	args := []any{micros(until), micros(now), micros(now), kinds, limit}
	var rows []jobRow
	if s.dialect == "sqlite" {
		err := s.writer(ctx).Raw(q, args...).Scan(&rows).Error
		return jobsOf(rows), wrap("claim jobs", err)
	}
	// An array is computed once; IN could be planned as a loop that looks for LIMIT jobs more than once.
	q = "UPDATE jobs SET attempts = attempts + 1, lease_until = ? WHERE id = ANY (ARRAY(" + due + " FOR UPDATE SKIP LOCKED)) RETURNING *"
	err := s.InTx(ctx, func(ctx context.Context) error {
		// Just after many were enqueued the planner's statistics are old, and it would sort all that are due for each few that
		// are claimed (58 ms instead of 0.4 with 100,000) instead of reading the first ones from the index.
		if err := s.writer(ctx).Exec("SET LOCAL enable_sort = off").Error; err != nil {
			return wrap("claim jobs", err)
		}
		return wrap("claim jobs", s.writer(ctx).Raw(q, args...).Scan(&rows).Error)
	})
	return jobsOf(rows), err
}

// HoldJob holds an attempt for longer. false: it is another's by now.
func (s *Store) HoldJob(ctx context.Context, j jobs.Job, until time.Time) (bool, error) {
	r := s.writer(ctx).Exec("UPDATE jobs SET lease_until = ? WHERE id = ? AND attempts = ? AND dead_at = 0", micros(until), j.ID, j.Attempts)
	return r.RowsAffected == 1, wrap("hold job", r.Error)
}

// FinishJobs removes jobs that are done, unless another worker has begun them since.
func (s *Store) FinishJobs(ctx context.Context, done []jobs.Job) error {
	list, err := jobList(done)
	if err != nil {
		return wrap("finish jobs", err)
	}
	q := "DELETE FROM jobs WHERE (id, attempts) IN (SELECT value ->> 'id', value ->> 'attempts' FROM json_each(?))"
	if s.dialect == "postgres" {
		q = "DELETE FROM jobs USING json_to_recordset(CAST(? AS JSON)) AS d (id TEXT, attempts BIGINT) WHERE jobs.id = d.id AND jobs.attempts = d.attempts"
	}
	return wrap("finish jobs", s.writer(ctx).Exec(q, list).Error)
}

// AdvanceJob writes another payload into an attempt. false: it is another's by now.
func (s *Store) AdvanceJob(ctx context.Context, j jobs.Job, payload string) (bool, error) {
	u := s.writer(ctx).Exec("UPDATE jobs SET payload = ? WHERE id = ? AND attempts = ? AND dead_at = 0", payload, j.ID, j.Attempts)
	return u.RowsAffected == 1, wrap("advance job", u.Error)
}

// PostponeJob gives an attempt back, to be tried again at the time given.
func (s *Store) PostponeJob(ctx context.Context, j jobs.Job, at time.Time, lastError string) error {
	return wrap("postpone job", s.writer(ctx).Exec("UPDATE jobs SET run_at = ?, lease_until = 0, last_error = ? WHERE id = ? AND attempts = ? AND dead_at = 0",
		micros(at), lastError, j.ID, j.Attempts).Error)
}

// BuryJob makes an attempt the last one.
func (s *Store) BuryJob(ctx context.Context, j jobs.Job, at time.Time, lastError string) error {
	return wrap("bury job", s.writer(ctx).Exec("UPDATE jobs SET dead_at = ?, lease_until = 0, last_error = ? WHERE id = ? AND attempts = ? AND dead_at = 0",
		micros(at), lastError, j.ID, j.Attempts).Error)
}

// JobStats counts what should be done by now (waiting, held, or to be tried again) and what is dead; oldest is how long the
// oldest of the former has been waiting, 0 if there is none.
func (s *Store) JobStats(ctx context.Context, now time.Time) (due, dead int, oldest time.Duration, err error) {
	var row struct{ Due, Dead, Since int64 }
	err = s.reader(ctx).Raw(`SELECT
		(SELECT count(*) FROM jobs WHERE dead_at = 0 AND (run_at <= ? OR attempts > 0)) AS due,
		(SELECT count(*) FROM jobs WHERE dead_at > 0) AS dead,
		(SELECT COALESCE(MIN(CASE WHEN attempts = 0 AND run_at > created_at THEN run_at ELSE created_at END), 0)
			FROM jobs WHERE dead_at = 0 AND (run_at <= ? OR attempts > 0)) AS since`,
		micros(now), micros(now)).Scan(&row).Error
	if row.Due > 0 {
		oldest = max(now.Sub(when(row.Since)), 0)
	}
	return int(row.Due), int(row.Dead), oldest, wrap("job stats", err)
}

// DeadJobs lists the youngest dead letters.
func (s *Store) DeadJobs(ctx context.Context, limit int) ([]jobs.Job, error) {
	var rows []jobRow
	err := s.reader(ctx).Raw("SELECT * FROM jobs WHERE dead_at > 0 ORDER BY dead_at DESC, id DESC LIMIT ?", limit).Scan(&rows).Error
	return jobsOf(rows), wrap("dead jobs", err)
}

// RetryDeadJobs gives dead letters all their attempts again: those with the IDs given, or every one. It says how many.
func (s *Store) RetryDeadJobs(ctx context.Context, now time.Time, ids ...string) (n int, err error) {
	q, args := "UPDATE jobs SET dead_at = 0, attempts = 0, lease_until = 0, run_at = ? WHERE dead_at > 0", []any{micros(now)}
	if len(ids) > 0 {
		q, args = q+" AND id IN ?", append(args, ids)
	}
	err = s.change(ctx, []string{jobs.Topic}, func(db *gorm.DB) error {
		r := db.Exec(q, args...)
		n = int(r.RowsAffected)
		return wrap("retry dead jobs", r.Error)
	})
	return n, err
}
