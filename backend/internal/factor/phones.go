package factor

import (
	"context"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/phone"
)

// PhoneKind is what a number is for.
type PhoneKind string

// The kinds.
const (
	Mobile PhoneKind = "mobile"
	Backup PhoneKind = "backup"
)

// What is told about phone numbers.
var (
	ErrPhoneInUse = fault.New(fault.Conflict, "phone_in_use", "A second factor uses this number. Replace that first.")
	ErrSameNumber = fault.New(fault.Conflict, "same_number", "The backup number must be another one than the mobile number.")
)

// Phone is one number of a person.
type Phone struct {
	ID, UserID string
	Kind       PhoneKind
	Number     string // E.164, sealed for "phone:ID"
	NumberHash string // keyed: equal numbers of one person are recognised
	Hint       string
	CreatedAt  time.Time
	VerifiedAt time.Time
}

// Phones lists a person's numbers, oldest first.
func (s *Service) Phones(ctx context.Context, userID string) ([]Phone, error) {
	return s.Store.Phones(ctx, userID)
}

// UsedBy says which active factor sends its codes to each number, by the number's id.
func (s *Service) UsedBy(ctx context.Context, userID string) (map[string]string, error) {
	all, err := s.Store.Factors(ctx, userID)
	used := map[string]string{}
	for _, f := range all {
		if f.PhoneID != "" && f.Status == Active {
			used[f.PhoneID] = f.ID
		}
	}
	return used, err
}

// AddPhone stores a number and sends a code to it. ErrSameNumber; a number that cannot be is a field error at pointer.
func (s *Service) AddPhone(ctx context.Context, userID string, kind PhoneKind, text string) (Phone, Challenge, error) {
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return Phone{}, Challenge{}, err
	}
	var p Phone
	var c Challenge
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if p, err = s.storePhone(ctx, userID, kind, text, "/number"); err != nil {
			return err
		}
		c, err = s.send(ctx, u, Challenge{Purpose: ToOwn, Type: assurance.SMS}, route{phone: &p})
		return err
	})
	return p, c, s.noteRefusal(ctx, userID, err)
}

func (s *Service) storePhone(ctx context.Context, userID string, kind PhoneKind, text, pointer string) (Phone, error) {
	n, err := phone.ParseField(pointer, text)
	if err != nil {
		return Phone{}, err
	}
	if s.Budgets != nil {
		if err := s.Budgets.Served(pointer, n); err != nil {
			return Phone{}, err
		}
	}
	p := Phone{ID: id.New(), UserID: userID, Kind: kind, Hint: n.Hint, CreatedAt: s.Now()}
	if p.NumberHash, err = s.Box.Recognise("phone:"+userID, n.E164); err != nil {
		return Phone{}, err
	}
	if p.Number, err = s.Box.Seal("phone:"+p.ID, []byte(n.E164)); err != nil {
		return Phone{}, err
	}
	others, err := s.Store.Phones(ctx, userID)
	if err != nil {
		return Phone{}, err
	}
	for _, o := range others {
		if o.NumberHash == p.NumberHash && o.Kind != kind && !o.VerifiedAt.IsZero() {
			return Phone{}, ErrSameNumber
		}
	}
	return p, s.Store.AddPhone(ctx, p)
}

// ChallengePhone sends the code to a number again, or calls it.
func (s *Service) ChallengePhone(ctx context.Context, userID, phoneID string, byVoice bool) (Challenge, error) {
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return Challenge{}, err
	}
	p, err := s.Store.Phone(ctx, userID, phoneID)
	if err != nil {
		return Challenge{}, err
	}
	c, err := s.send(ctx, u, Challenge{Purpose: ToOwn, Type: assurance.SMS}, route{phone: &p, voice: byVoice})
	return c, s.noteRefusal(ctx, userID, err)
}

// VerifyPhone proves that a number is the person's.
func (s *Service) VerifyPhone(ctx context.Context, userID, phoneID, code string) (Phone, error) {
	p, err := s.Store.Phone(ctx, userID, phoneID)
	if err != nil {
		return Phone{}, err
	}
	c, err := s.matchSent(ctx, Challenge{UserID: userID, PhoneID: phoneID, Purpose: ToOwn}, code)
	if err != nil {
		return Phone{}, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.spend(ctx, c); err != nil {
			return err
		}
		p.VerifiedAt = s.Now()
		if err := s.Store.VerifyPhone(ctx, p, p.VerifiedAt); err != nil {
			return err
		}
		if err := s.log(ctx, audit.PhoneVerified, userID, map[string]string{"phone_id": p.ID, "kind": string(p.Kind)}); err != nil {
			return err
		}
		return s.warnGone(ctx, userID, notify.PhoneAdded, map[string]string{"number": p.Hint})
	})
	return p, err
}

// RemovePhone forgets a number. ErrPhoneInUse while an active factor needs it.
func (s *Service) RemovePhone(ctx context.Context, userID, phoneID string) error {
	p, err := s.Store.Phone(ctx, userID, phoneID)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		removed, err := s.Store.RemovePhone(ctx, userID, phoneID)
		if err != nil {
			return err
		}
		if !removed {
			return ErrPhoneInUse
		}
		if err := s.log(ctx, audit.PhoneRemoved, userID, map[string]string{"phone_id": p.ID, "kind": string(p.Kind)}); err != nil {
			return err
		}
		if p.VerifiedAt.IsZero() {
			return nil
		}
		return s.warnGone(ctx, userID, notify.PhoneRemoved, map[string]string{"number": p.Hint})
	})
}

// number is where an SMS factor sends its codes: its own number, or the person's verified backup number.
func (s *Service) number(ctx context.Context, f Factor, backup bool) (*Phone, error) {
	if !backup {
		p, err := s.Store.Phone(ctx, f.UserID, f.PhoneID)
		return &p, err
	}
	p, err := s.BackupOf(ctx, f.UserID)
	if err == nil && p == nil {
		err = ErrNoBackup
	}
	return p, err
}

// BackupOf is a person's verified backup number; nil where there is none.
func (s *Service) BackupOf(ctx context.Context, userID string) (*Phone, error) {
	all, err := s.Store.Phones(ctx, userID)
	if err != nil {
		return nil, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Kind == Backup && !all[i].VerifiedAt.IsZero() {
			return &all[i], nil
		}
	}
	return nil, nil
}
