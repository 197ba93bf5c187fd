package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/api/openapi"
	"sallyport/internal/bus"
	"sallyport/internal/contract"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

// heartbeat keeps the line open through proxies, and asks the standing again: time alone can change it.
const heartbeat = 15 * time.Second

// StreamEvents tells a page what has changed, as server-sent events (WHATWG HTML §9.2).
func (s *Server) StreamEvents(ctx context.Context, _ openapi.StreamEventsRequestObject) (openapi.StreamEventsResponseObject, error) {
	reader, writer := io.Pipe()
	w := &watch{s: s, who: callerOf(ctx), out: writer}
	w.sub = s.Bus.Subscribe(w.who.Person.Topics(w.sessionID())...)
	go func() {
		defer w.sub.Close()
		_ = writer.CloseWithError(w.run(ctx))
	}()
	return openapi.StreamEvents200TexteventStreamResponse{Body: reader}, nil
}

// watch is one open stream.
type watch struct {
	s    *Server
	who  caller
	sub  *bus.Subscription
	out  io.Writer
	last string // the standing that was told last

	accounts map[id.Account]account.Membership // the person's, as they were at the last look; nil: before the first
}

func (w *watch) run(ctx context.Context) error {
	if err := w.look(ctx, true); err != nil {
		return done(err)
	}
	for {
		beat := time.NewTimer(w.wait())
		var err error
		select {
		case <-ctx.Done():
			return io.EOF
		case <-w.s.Done:
			return io.EOF
		case <-beat.C:
			if err = w.write(":\n\n"); err == nil {
				err = w.look(ctx, false)
			}
		case topic, open := <-w.sub.C:
			if !open {
				return io.EOF
			}
			err = w.changed(ctx, topic)
		}
		beat.Stop()
		if err != nil {
			return done(err)
		}
	}
}

// wait is how long nothing need be said: until the next heartbeat, or until a deadline binds.
func (w *watch) wait() time.Duration {
	if until := w.who.Standing.GraceUntil; !until.IsZero() {
		return max(min(heartbeat, until.Sub(w.s.Now())), 10*time.Millisecond)
	}
	return heartbeat
}

var errStop = errors.New("the stream is over")

func done(err error) error {
	if errors.Is(err, errStop) {
		return io.EOF
	}
	return err
}

func (w *watch) changed(ctx context.Context, topic string) error {
	if rest, cart := strings.CutPrefix(topic, "cart:"); cart {
		accountID, _, _ := strings.Cut(rest, ":")
		return w.event("cart_changed", map[string]string{"account_id": accountID})
	}
	return w.look(ctx, false)
}

// look asks who the caller is by now, and tells what is different.
func (w *watch) look(ctx context.Context, first bool) error {
	if !w.s.Now().Before(w.who.Claims.Expires) {
		return errStop // refresh, and open it again
	}
	who, err := w.again(ctx)
	if e, told := fault.As(err); told && e.Kind == fault.Unauthenticated {
		if err := w.event("session_ended", struct{}{}); err != nil {
			return err
		}
		return errStop
	}
	if err != nil {
		return err
	}
	w.who.Person, w.who.Standing = who.Person, who.Standing
	w.sub.Add(w.topics()...)
	standing := standingOf(who.Standing)
	body, err := json.Marshal(standing)
	if err != nil {
		return err
	}
	changed := string(body) != w.last
	w.last = string(body)
	switch {
	case first:
		err = w.event("ready", standing)
	case changed:
		err = w.event("standing_changed", standing)
	}
	if err != nil {
		return err
	}
	return w.lookAtAccounts(ctx)
}

// lookAtAccounts tells which of the person's accounts are different: their rule, an incident, the name, the person's role. Whoever
// is not past the second door is told nothing of accounts.
func (w *watch) lookAtAccounts(ctx context.Context) error {
	if w.sessionID() == "" {
		return nil
	}
	before := w.accounts
	w.accounts = make(map[id.Account]account.Membership, len(w.who.Person.Belongs))
	var changed []id.Account
	for _, b := range w.who.Person.Belongs {
		m, err := w.who.Person.Membership(b.AccountID)
		if err != nil {
			return err
		}
		w.accounts[b.AccountID] = m
		if before[b.AccountID] != m {
			changed = append(changed, b.AccountID)
		}
	}
	for accountID := range before {
		if _, still := w.accounts[accountID]; !still {
			changed = append(changed, accountID)
		}
	}
	if before == nil || w.who.Standing.Due() {
		return nil
	}
	for _, accountID := range changed {
		if err := w.event("account_changed", map[string]string{"account_id": string(accountID)}); err != nil {
			return err
		}
	}
	return nil
}

// sessionID is the session that looks on; "" between the doors.
func (w *watch) sessionID() id.Stay {
	if w.who.Stay.Between() {
		return ""
	}
	return w.who.Stay.ID
}

func (w *watch) topics() []string {
	topics := w.who.Person.Topics(w.sessionID())
	if w.sessionID() != "" {
		for _, b := range w.who.Person.Belongs {
			topics = append(topics, "cart:"+string(b.AccountID)+":"+string(w.who.User))
		}
	}
	return topics
}

func (w *watch) again(ctx context.Context) (*caller, error) {
	events := &contract.Operation{Tokens: []contract.Token{contract.TokenFull, contract.TokenSecondFactor, contract.TokenEnrolment}, Due: true}
	if w.who.Stay.Between() {
		return w.s.enterPartial(ctx, events, w.who.Claims)
	}
	return w.s.enterFull(ctx, events, w.who.Claims)
}

func (w *watch) event(name string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return w.write("event: " + name + "\ndata: " + string(body) + "\n\n")
}

func (w *watch) write(text string) error {
	_, err := w.out.Write([]byte(text))
	return err
}
