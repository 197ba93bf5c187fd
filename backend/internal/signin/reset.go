package signin

import (
	"context"

	"sallyport/internal/factor"
)

// ResetFactors takes a person's second factors away, or one of them, and ends every session and every sign-in under way: whoever is in
// has shown what counts no more. Errors are those of factor.Reset.
func (s *Stairs) ResetFactors(ctx context.Context, userID, factorID string) (gone []factor.Factor, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if gone, err = s.Factors.Reset(ctx, userID, factorID); err != nil {
			return err
		}
		return s.Book.EndOthers(ctx, userID, "", "factors_reset")
	})
	return gone, err
}
