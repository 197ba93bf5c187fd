package portal

import (
	"context"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

// Bounds.
const (
	MostOfOne = 100 // of one product in one cart
	MostHits  = 20  // of one search
)

// Errors of the cart.
var (
	ErrUnknownProduct = fault.New(fault.Invalid, "unknown_product", "There is no such product.").At("/product_id")
	ErrCartFull       = fault.New(fault.Conflict, "cart_full", "A cart holds at most 100 of one product.")
)

// Store keeps what the portal shows. Each method is one atomic sentence; changes of a cart are told to all replicas.
type Store interface {
	UpsertProducts(ctx context.Context, products []Product) error
	Products(ctx context.Context) ([]Product, error)
	Product(ctx context.Context, productID string) (Product, error) // fault.ErrNotFound

	// Services is a page by NameKey and id; kind "" is all kinds.
	Services(ctx context.Context, accountID id.Account, kind Kind, afterName, afterID string, limit int) ([]Hosting, error)
	Search(ctx context.Context, accountID id.Account, q string, limit int) ([]Hit, error)

	Cart(ctx context.Context, accountID id.Account, userID id.User) (Cart, error) // oldest item first
	// AddToCart adds the quantity to what is there of the product; false where that would be more than MostOfOne.
	AddToCart(ctx context.Context, i CartItem) (bool, error)
	SetQuantity(ctx context.Context, accountID id.Account, userID id.User, itemID string, quantity int) (bool, error) // false: no such item
	RemoveFromCart(ctx context.Context, accountID id.Account, userID id.User, itemID string) (bool, error)            // false: no such item
}

// Authority is the wall between tenants: fault.ErrNotFound for whoever is not a member.
type Authority interface {
	// Act runs f in one transaction in which who may still act. f may be run twice.
	Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error
	// Authorize says, in such a transaction, whether who may do this; Look says it of what is only read.
	Authorize(ctx context.Context, who actor.Actor, action actor.Action, accountID id.Account) (account.Membership, error)
	Look(ctx context.Context, who actor.Actor, action actor.Action, accountID id.Account) (account.Membership, error)
}

// Service is what a member sees and orders in an account.
type Service struct {
	Store     Store
	Authority Authority
	Now       func() time.Time
}

// Prepare brings the catalogue in the database up to date. Call it at start.
func (s *Service) Prepare(ctx context.Context) error { return s.Store.UpsertProducts(ctx, Catalogue) }

// Products is the catalogue.
func (s *Service) Products(ctx context.Context) ([]Product, error) { return s.Store.Products(ctx) }

// Services lists what the account has, by name; kind "" is all kinds.
func (s *Service) Services(ctx context.Context, who actor.Actor, accountID id.Account, kind Kind, page account.Page) ([]Hosting, string, error) {
	if _, err := s.Authority.Look(ctx, who, actor.ReadPortal, accountID); err != nil {
		return nil, "", err
	}
	if kind != "" && !kind.Valid() {
		return nil, "", fault.InvalidField("kind", "There is no such kind of service.")
	}
	after, limit, err := page.Begin(2)
	if err != nil {
		return nil, "", err
	}
	found, err := s.Store.Services(ctx, accountID, kind, after[0], after[1], limit+1)
	if err != nil {
		return nil, "", err
	}
	items, next := account.Cut(found, limit, func(h Hosting) []string { return []string{NameKey(h.Name), h.ID} })
	return items, next, nil
}

// Search finds services and members of the account by a part of their name or address, whatever the case. Those that begin
// with it come first.
func (s *Service) Search(ctx context.Context, who actor.Actor, accountID id.Account, q string) ([]Hit, error) {
	if _, err := s.Authority.Look(ctx, who, actor.ReadPortal, accountID); err != nil {
		return nil, err
	}
	q = strings.TrimSpace(q)
	if q == "" {
		return nil, fault.InvalidField("q", "Say what to look for.")
	}
	return s.Store.Search(ctx, accountID, q, MostHits)
}

// Cart is the actor's own cart in the account.
func (s *Service) Cart(ctx context.Context, who actor.Actor, accountID id.Account) (Cart, error) {
	if _, err := s.Authority.Look(ctx, who, actor.ReadPortal, accountID); err != nil {
		return Cart{}, err
	}
	return s.Store.Cart(ctx, accountID, who.User)
}

// Add puts a product into the actor's cart, or more of it where it is there already.
func (s *Service) Add(ctx context.Context, who actor.Actor, accountID id.Account, productID string, quantity int) (Cart, error) {
	return s.change(ctx, who, accountID, func(ctx context.Context) error {
		if err := countable(quantity); err != nil {
			return err
		}
		product, err := s.Store.Product(ctx, productID)
		if err != nil {
			if told, ok := fault.As(err); ok && told.Kind == fault.NotFound {
				return ErrUnknownProduct
			}
			return err
		}
		added, err := s.Store.AddToCart(ctx, CartItem{
			ID: id.New(), AccountID: accountID, UserID: who.User, Product: product, Quantity: quantity, CreatedAt: s.Now().UTC(),
		})
		if err == nil && !added {
			err = ErrCartFull
		}
		return err
	})
}

// SetQuantity sets how many of an item are in the actor's cart.
func (s *Service) SetQuantity(ctx context.Context, who actor.Actor, accountID id.Account, itemID string, quantity int) (Cart, error) {
	return s.change(ctx, who, accountID, func(ctx context.Context) error {
		if err := countable(quantity); err != nil {
			return err
		}
		return there(s.Store.SetQuantity(ctx, accountID, who.User, itemID, quantity))
	})
}

// Remove takes an item out of the actor's cart.
func (s *Service) Remove(ctx context.Context, who actor.Actor, accountID id.Account, itemID string) (Cart, error) {
	return s.change(ctx, who, accountID, func(ctx context.Context) error {
		return there(s.Store.RemoveFromCart(ctx, accountID, who.User, itemID))
	})
}

// change does something to the actor's own cart, and answers what is in it then. Nothing is held alone: one sentence changes a cart.
func (s *Service) change(ctx context.Context, who actor.Actor, accountID id.Account, f func(ctx context.Context) error) (cart Cart, err error) {
	err = s.Authority.Act(ctx, who, actor.Holds{}, func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.UseCart, accountID); err != nil {
			return err
		}
		if err := f(ctx); err != nil {
			return err
		}
		cart, err = s.Store.Cart(ctx, accountID, who.User)
		return err
	})
	if err != nil {
		return Cart{}, err
	}
	return cart, nil
}

// there is fault.ErrNotFound where nothing was found.
func there(found bool, err error) error {
	if err == nil && !found {
		err = fault.ErrNotFound
	}
	return err
}

func countable(quantity int) error {
	if quantity < 1 || quantity > MostOfOne {
		return fault.InvalidField("/quantity", "Must be 1 to 100.")
	}
	return nil
}
