package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"sallyport/internal/fault"
)

// lost says whether the database cannot be reached or could not go on, which passes, rather than has found fault with what it
// was asked.
func lost(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		// Connection exceptions, transactions that stood in each other's way, operator intervention, too many connections
		// (PostgreSQL, appendix A).
		return strings.HasPrefix(refused.Code, "08") || strings.HasPrefix(refused.Code, "40") || strings.HasPrefix(refused.Code, "57P") ||
			refused.Code == "53300"
	}
	var unreached *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &unreached) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// crossed says whether transactions stood in each other's way, so that one of them had to end: a deadlock, or a serialization failure.
func crossed(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "40P01" || refused.Code == "40001")
}

// unavailable says to come again.
func unavailable(err error) error {
	return fault.ErrUnavailable.Because(err).With(func(e *fault.Error) { e.RetryAfter = time.Second })
}
