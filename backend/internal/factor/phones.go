package factor

import (
	"context"
	"time"

	"sallyport/internal/actor"
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
	ID         string
	UserID     id.User
	Kind       PhoneKind
	Number     string // E.164, sealed for "phone:ID"
	NumberHash string // keyed: equal numbers of one person are recognised
	Hint       string
	CreatedAt  time.Time
	VerifiedAt time.Time
	MadeBy     actor.MadeBy
	VerifiedIn id.Stay // the root of the stay in which its code was typed
}

// Phones lists a person's numbers, oldest first.
func (s *Service) Phones(ctx context.Context, userID id.User) ([]Phone, error) {
	return s.Store.Phones(ctx, userID)
}

// UsedBy says which active factor sends its codes to each number, by the number's id.
func (s *Service) UsedBy(ctx context.Context, userID id.User) (map[string]string, error) {
	all, err := s.Store.Factors(ctx, userID)
	used := map[string]string{}
	for _, f := range all {
		if f.PhoneID != "" && f.Status == Active {
			used[f.PhoneID] = string(f.ID)
		}
	}
	return used, err
}

// AddPhone stores a number of the actor and sends a code to it. ErrSameNumber; a number that cannot be is a field error at pointer.
func (s *Service) AddPhone(ctx context.Context, who actor.Actor, kind PhoneKind, text string) (p Phone, c Challenge, err error) {
	c, err = s.sending(ctx, who, actor.ChangePhones, func(ctx context.Context) (Challenge, error) {
		u, err := s.Users.User(ctx, who.User)
		if err != nil {
			return Challenge{}, err
		}
		if p, err = s.storePhone(ctx, who.User, who.Maker(), kind, text, "/number"); err != nil {
			return Challenge{}, err
		}
		return s.send(ctx, u, toOwn(who), route{phone: &p})
	})
	return p, c, err
}

// toOwn is the challenge of a number: whoever asked for the code types it, in the same stay.
func toOwn(who actor.Actor) Challenge {
	return Challenge{Purpose: ToOwn, Context: who.Stay.Root(), Epoch: who.Stay.Epoch, Type: assurance.SMS}
}

func (s *Service) storePhone(ctx context.Context, userID id.User, by actor.MadeBy, kind PhoneKind, text, pointer string) (Phone, error) {
	n, err := phone.ParseField(pointer, text)
	if err != nil {
		return Phone{}, err
	}
	if s.Budgets != nil {
		if err := s.Budgets.Served(pointer, n); err != nil {
			return Phone{}, err
		}
	}
	p := Phone{ID: id.New(), UserID: userID, Kind: kind, Hint: n.Hint, MadeBy: by, CreatedAt: s.Now()}
	if p.NumberHash, err = s.Box.Recognise("phone:"+string(userID), n.E164); err != nil {
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

// ChallengePhone sends the code to a number of the actor again, or calls it.
func (s *Service) ChallengePhone(ctx context.Context, who actor.Actor, phoneID string, byVoice bool) (Challenge, error) {
	return s.sending(ctx, who, actor.ProvePhone, func(ctx context.Context) (Challenge, error) {
		u, err := s.Users.User(ctx, who.User)
		if err != nil {
			return Challenge{}, err
		}
		p, err := s.Store.Phone(ctx, who.User, phoneID)
		if err != nil {
			return Challenge{}, err
		}
		return s.send(ctx, u, toOwn(who), route{phone: &p, voice: byVoice})
	})
}

// VerifyPhone proves that a number is the actor's. fault.ErrNotFound where its code was not asked for in their stay.
func (s *Service) VerifyPhone(ctx context.Context, who actor.Actor, phoneID, code string) (Phone, error) {
	p, err := s.Store.Phone(ctx, who.User, phoneID)
	if err != nil {
		return Phone{}, err
	}
	like := toOwn(who)
	like.UserID, like.PhoneID = who.User, phoneID
	c, err := s.matchSent(ctx, like, code)
	if err != nil {
		return Phone{}, err
	}
	err = s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.ProvePhone, ""); err != nil {
			return err
		}
		if err := s.spend(ctx, c); err != nil {
			return err
		}
		p.VerifiedAt, p.VerifiedIn = s.Now(), who.Stay.Root()
		if err := s.Store.VerifyPhone(ctx, p, p.VerifiedAt); err != nil {
			return err
		}
		if err := s.log(ctx, who, audit.PhoneVerified, who.User, map[string]string{"phone_id": p.ID, "kind": string(p.Kind)}); err != nil {
			return err
		}
		return s.warnGone(ctx, who.User, notify.PhoneAdded, map[string]string{"number": p.Hint})
	})
	return p, err
}

// RemovePhone forgets a number of the actor. ErrPhoneInUse while an active factor needs it.
func (s *Service) RemovePhone(ctx context.Context, who actor.Actor, phoneID string) error {
	return s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.ChangePhones, ""); err != nil {
			return err
		}
		p, err := s.Store.Phone(ctx, who.User, phoneID)
		if err != nil {
			return err
		}
		removed, err := s.Store.RemovePhone(ctx, who.User, phoneID)
		if err != nil {
			return err
		}
		if !removed {
			return ErrPhoneInUse
		}
		if err := s.log(ctx, who, audit.PhoneRemoved, who.User, map[string]string{"phone_id": p.ID, "kind": string(p.Kind)}); err != nil {
			return err
		}
		if p.VerifiedAt.IsZero() {
			return nil
		}
		return s.warnGone(ctx, who.User, notify.PhoneRemoved, map[string]string{"number": p.Hint})
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
func (s *Service) BackupOf(ctx context.Context, userID id.User) (*Phone, error) {
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
