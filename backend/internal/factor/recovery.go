package factor

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
)

const (
	recoveryCodes  = 10
	recoveryLength = 16 // characters of 5 bits: 80 bits
)

// crockford is the alphabet of recovery codes: no letter that is taken for a digit (Crockford's base 32).
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// CountRecoveryCodes says how many are unspent, of how many, made when (zero: never).
func (s *Service) CountRecoveryCodes(ctx context.Context, userID id.User) (remaining, total int, createdAt time.Time, err error) {
	return s.Store.RecoveryCodeCount(ctx, userID)
}

// CodeSet is ten recovery codes that were made together. One that belongs to an enrolment opens nothing until that is activated.
type CodeSet struct {
	ID        string
	UserID    id.User
	FactorID  id.Factor // the enrolment; "": it counts at once
	MadeBy    actor.MadeBy
	CreatedAt time.Time
}

// RenewRecoveryCodes makes a new set for the actor; the old one is void. ErrMissing without an active factor.
func (s *Service) RenewRecoveryCodes(ctx context.Context, who actor.Actor) (codes []string, err error) {
	err = s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.RenewRecoveryCodes, ""); err != nil {
			return err
		}
		active, err := s.Active(ctx, who.User)
		if err != nil {
			return err
		}
		if len(active) == 0 {
			return ErrMissing
		}
		if codes, err = s.newRecoveryCodes(ctx, who.User, CodeSet{MadeBy: who.Maker()}); err != nil {
			return err
		}
		if err := s.log(ctx, who, audit.RecoveryCodesGenerated, who.User, nil); err != nil {
			return err
		}
		return s.warn(ctx, who.User, "", notify.RecoveryCodesRenewed, nil)
	})
	return codes, err
}

func (s *Service) newRecoveryCodes(ctx context.Context, userID id.User, set CodeSet) ([]string, error) {
	codes, hashes := make([]string, recoveryCodes), make([]string, recoveryCodes)
	for i := range codes {
		var raw [recoveryLength]byte
		if _, err := io.ReadFull(s.Random, raw[:]); err != nil {
			return nil, fmt.Errorf("factor: no randomness: %w", err)
		}
		for j, b := range raw {
			raw[j] = crockford[b%32]
		}
		code := string(raw[:])
		hash, err := s.recoveryHash(userID, code)
		if err != nil {
			return nil, err
		}
		codes[i], hashes[i] = strings.Join([]string{code[:4], code[4:8], code[8:12], code[12:]}, "-"), hash
	}
	set.ID, set.UserID, set.CreatedAt = id.New(), userID, s.Now()
	return codes, s.Store.AddCodeSet(ctx, set, hashes)
}

func (s *Service) recoveryHash(userID id.User, code string) (string, error) {
	return s.Box.Recognise("recovery-code:"+string(userID), code)
}

// readRecoveryCode brings what was typed into the one form: dashes, spaces and letter case do not matter, and the letters
// that look like digits are read as such.
func readRecoveryCode(typed string) (string, error) {
	code := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(typed))
	if len(code) != recoveryLength || strings.Trim(code, crockford) != "" {
		return "", fault.InvalidField("/code", "must be a recovery code of 16 letters and digits")
	}
	return code, nil
}
