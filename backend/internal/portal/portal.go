// Package portal is what the second factor protects: the catalogue, an account's services, the search through them, and
// each person's cart.
//
// It owns what may be ordered and what is in a cart. It refuses to know who may enter an account (package account says so,
// and everybody else is told that there is none) and whether they have passed the second door (package api's gate does).
// Package api calls it.
package portal

import (
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"sallyport/internal/id"
)

// Kind is what sort of thing is rented.
type Kind string

// The kinds.
const (
	VirtualServer   Kind = "virtual_server"
	DedicatedServer Kind = "dedicated_server"
	WordPress       Kind = "wordpress"
	Domain          Kind = "domain"
	DNSZone         Kind = "dns_zone"
)

// Valid says whether k is one of the five.
func (k Kind) Valid() bool {
	return k == VirtualServer || k == DedicatedServer || k == WordPress || k == Domain || k == DNSZone
}

// Hosting is one service that an account has: a server, a site, a domain, a zone.
type Hosting struct {
	ID        string
	AccountID id.Account
	Kind      Kind
	Name      string
	Status    string // "running", "stopped" or "provisioning"
	Region    string
	Address   string
	CreatedAt time.Time
}

// NameKey is the one spelling by which a name is sorted and found.
func NameKey(name string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(name)))
}

// Product is something that can be ordered.
type Product struct {
	ID          string
	Kind        Kind
	Name        string
	Description string
	Cents       int64
	Currency    string
	Period      string // "month" or "year"
}

// CartItem is some of one product in a cart.
type CartItem struct {
	ID        string
	AccountID id.Account
	UserID    id.User
	Product   Product
	Quantity  int
	CreatedAt time.Time
}

// Cents is what they cost together.
func (i CartItem) Cents() int64 { return int64(i.Quantity) * i.Product.Cents }

// Cart is one person's cart in one account.
type Cart struct{ Items []CartItem }

// Count is the sum of the quantities.
func (c Cart) Count() int {
	n := 0
	for _, i := range c.Items {
		n += i.Quantity
	}
	return n
}

// Cents is the sum of all, in the currency of the catalogue.
func (c Cart) Cents() int64 {
	var sum int64
	for _, i := range c.Items {
		sum += i.Cents()
	}
	return sum
}

// HitType is what a search has found.
type HitType string

// The types.
const (
	FoundService HitType = "service"
	FoundMember  HitType = "member"
)

// Hit is one thing that a search has found.
type Hit struct {
	Type            HitType
	ID              string // of the service, or of the person
	Title, Subtitle string
}
