package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"strconv"
	"time"

	"sallyport/internal/api/openapi"
	"sallyport/internal/audit"
	"sallyport/internal/evidence"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

// ListAuditEvents answers what happened in an account.
func (s *Server) ListAuditEvents(ctx context.Context, r openapi.ListAuditEventsRequestObject) (openapi.ListAuditEventsResponseObject, error) {
	p := r.Params
	q, err := auditQuery(p.Action, p.Actor, p.User, p.From, p.To)
	if err != nil {
		return nil, err
	}
	found, next, err := s.Evidence.Events(ctx, actorOf(ctx), id.Account(r.AccountId), q, page(p.Limit, p.Cursor))
	if err != nil {
		return nil, err
	}
	return openapi.ListAuditEvents200JSONResponse{Items: each(found, auditEventOf), NextCursor: cursor(next)}, nil
}

// ExportAuditEvents streams the same, one JSON object a line.
func (s *Server) ExportAuditEvents(ctx context.Context, r openapi.ExportAuditEventsRequestObject) (openapi.ExportAuditEventsResponseObject, error) {
	p := r.Params
	q, err := auditQuery(p.Action, p.Actor, p.User, p.From, p.To)
	if err != nil {
		return nil, err
	}
	name, write, err := s.Evidence.Export(ctx, actorOf(ctx), id.Account(r.AccountId), "ndjson", q)
	if err != nil {
		return nil, err
	}
	body := stream(func(w io.Writer) error {
		lines := json.NewEncoder(w)
		return write(ctx, func(e evidence.Entry) error { return lines.Encode(auditEventOf(e)) })
	})
	return openapi.ExportAuditEvents200ApplicationxNdjsonResponse{Body: body,
		Headers: openapi.ExportAuditEvents200ResponseHeaders{ContentDisposition: attachment(name)}}, nil
}

// ExportAuditEventsAsSheet streams the same as a table.
func (s *Server) ExportAuditEventsAsSheet(ctx context.Context, r openapi.ExportAuditEventsAsSheetRequestObject) (openapi.ExportAuditEventsAsSheetResponseObject, error) {
	p := r.Params
	q, err := auditQuery(p.Action, p.Actor, p.User, p.From, p.To)
	if err != nil {
		return nil, err
	}
	name, write, err := s.Evidence.Export(ctx, actorOf(ctx), id.Account(r.AccountId), "csv", q)
	if err != nil {
		return nil, err
	}
	body := stream(func(w io.Writer) error {
		sheet := evidence.NewSheet(w, "seq", "at", "action", "outcome", "actor", "actor_email", "actor_id", "user", "user_email", "user_id", "address",
			"detail", "id", "hash")
		err := write(ctx, func(e evidence.Entry) error {
			user := evidence.Someone{}
			if e.User != nil {
				user = *e.User
			}
			seq := ""
			if e.Seq > 0 {
				seq = strconv.FormatInt(e.Seq, 10)
			}
			return sheet.Row(seq, evidence.Moment(e.At), e.Action, e.Outcome, e.Actor.Name, e.Actor.Email, string(e.ActorID), user.Name, user.Email, string(e.UserID),
				e.Address, audit.EncodeDetail(e.Detail), e.ID, e.Hash)
		})
		if err != nil {
			return err
		}
		return sheet.Close()
	})
	return openapi.ExportAuditEventsAsSheet200TextcsvResponse{Body: body,
		Headers: openapi.ExportAuditEventsAsSheet200ResponseHeaders{ContentDisposition: attachment(name)}}, nil
}

// ReportTwoFactor streams who had which second factor, and met the rule, now or on a past day.
func (s *Server) ReportTwoFactor(ctx context.Context, r openapi.ReportTwoFactorRequestObject) (openapi.ReportTwoFactorResponseObject, error) {
	var day time.Time
	if r.Params.At != nil {
		var err error
		if day, err = time.Parse(time.DateOnly, *r.Params.At); err != nil {
			return nil, fault.InvalidField("at", "must be a day such as 2026-11-21")
		}
	}
	name, write, err := s.Evidence.Report(ctx, actorOf(ctx), id.Account(r.AccountId), day)
	if err != nil {
		return nil, err
	}
	return openapi.ReportTwoFactor200TextcsvResponse{Body: stream(func(w io.Writer) error { return write(ctx, w) }),
		Headers: openapi.ReportTwoFactor200ResponseHeaders{ContentDisposition: attachment(name)}}, nil
}

// cut marks the error by which a document ends too early. The answer has begun, so it cannot become a problem document: the
// connection is broken off, and nobody takes a part for the whole.
type cut struct{ error }

func (c cut) Unwrap() error { return c.error }

// stream is a document while it is written. Whoever stops reading stops the writer.
func stream(write func(w io.Writer) error) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(writer, 32<<10)
		err := write(w)
		if err == nil {
			err = w.Flush()
		}
		if err != nil {
			err = cut{err}
		}
		_ = writer.CloseWithError(err)
	}()
	return reader
}

func attachment(name string) *string {
	v := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	return &v
}

func auditQuery(action *openapi.AuditAction, actor *openapi.AuditActor, user *openapi.AuditUser, from *openapi.AuditFrom, to *openapi.AuditTo) (evidence.Query, error) {
	var q evidence.Query
	for text, given := range map[*string]*string{&q.Action: action, (*string)(&q.Actor): actor, (*string)(&q.User): user} {
		if given != nil {
			*text = *given
		}
	}
	for _, m := range []struct {
		name  string
		given *string
		at    *time.Time
	}{{"from", from, &q.From}, {"to", to, &q.To}} {
		if m.given == nil {
			continue
		}
		var err error
		if *m.at, err = time.Parse(time.RFC3339Nano, *m.given); err != nil {
			return q, fault.InvalidField(m.name, "must be a moment such as 2026-11-21T12:00:00Z")
		}
	}
	return q, nil
}

func auditEventOf(e evidence.Entry) openapi.AuditEvent {
	out := openapi.AuditEvent{Id: e.ID, At: e.At, Action: e.Action, Outcome: openapi.AuditEventOutcome(e.Outcome), Actor: subjectOf(e.Actor),
		Detail: map[string]string{}}
	maps.Copy(out.Detail, e.Detail)
	if e.User != nil {
		user := subjectOf(*e.User)
		out.User = &user
	}
	if e.Address != "" {
		out.Address = &e.Address
	}
	if e.Seq > 0 {
		out.Seq, out.Hash = &e.Seq, &e.Hash
	}
	return out
}

func subjectOf(s evidence.Someone) openapi.AuditSubject {
	out := openapi.AuditSubject{Kind: openapi.AuditSubjectKind(s.Kind), Name: s.Name}
	if s.Kind == evidence.Person {
		out.Id, out.Member = (*string)(&s.ID), &s.Member
	}
	if s.Email != "" {
		out.Email = &s.Email
	}
	return out
}
