package store

import (
	"context"

	"gorm.io/gorm"

	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/portal"
)

type productRow struct {
	ID, Kind, Name, Description string
	Cents                       int64
	Currency, Period            string

	ItemID    string // where it lies in a cart
	Quantity  int
	CreatedAt int64
}

func (r productRow) product() portal.Product {
	return portal.Product{
		ID: r.ID, Kind: portal.Kind(r.Kind), Name: r.Name, Description: r.Description, Cents: r.Cents, Currency: r.Currency, Period: r.Period,
	}
}

// UpsertProducts writes the catalogue, in its order, over what was there. Replicas that start at once write the rows in the
// same order, and so wait for each other instead of locking each other out.
func (s *Store) UpsertProducts(ctx context.Context, products []portal.Product) error {
	return wrap("upsert products", s.InTx(ctx, func(ctx context.Context) error {
		for position, p := range products {
			err := s.writer(ctx).Exec(`INSERT INTO products (id, kind, name, description, cents, currency, period, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, description = excluded.description,
				cents = excluded.cents, currency = excluded.currency, period = excluded.period, position = excluded.position`,
				p.ID, string(p.Kind), p.Name, p.Description, p.Cents, p.Currency, p.Period, position).Error
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

const productColumns = `p.id, p.kind, p.name, p.description, p.cents, p.currency, p.period`

// Products is the catalogue, in its order.
func (s *Store) Products(ctx context.Context) ([]portal.Product, error) {
	var rows []productRow
	if err := s.reader(ctx).Raw(`SELECT ` + productColumns + ` FROM products p ORDER BY p.position, p.id`).Scan(&rows).Error; err != nil {
		return nil, wrap("products", err)
	}
	found := make([]portal.Product, len(rows))
	for i, r := range rows {
		found[i] = r.product()
	}
	return found, nil
}

// Product is one product, or fault.ErrNotFound.
func (s *Store) Product(ctx context.Context, productID string) (portal.Product, error) {
	var rows []productRow
	if err := s.reader(ctx).Raw(`SELECT `+productColumns+` FROM products p WHERE p.id = ?`, productID).Scan(&rows).Error; err != nil {
		return portal.Product{}, wrap("product", err)
	}
	if len(rows) == 0 {
		return portal.Product{}, fault.ErrNotFound
	}
	return rows[0].product(), nil
}

// InsertService gives an account a service.
func (s *Store) InsertService(ctx context.Context, h portal.Hosting) error {
	return wrap("insert service", s.writer(ctx).Exec(
		`INSERT INTO services (id, account_id, kind, name, name_key, status, region, address, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		h.ID, h.AccountID, string(h.Kind), h.Name, portal.NameKey(h.Name), h.Status, h.Region, h.Address, micros(h.CreatedAt)).Error)
}

// Services is a page of the account's services by name, after the given name (as portal.NameKey spells it) and id.
func (s *Store) Services(ctx context.Context, accountID id.Account, kind portal.Kind, afterName, afterID string, limit int) ([]portal.Hosting, error) {
	query := `SELECT id, account_id, kind, name, status, region, address, created_at FROM services WHERE account_id = ? AND (name_key, id) > (?, ?)`
	args := []any{accountID, afterName, afterID}
	if kind != "" {
		query, args = query+` AND kind = ?`, append(args, string(kind))
	}
	var rows []struct {
		ID                                  string
		AccountID                           id.Account
		Kind, Name, Status, Region, Address string
		CreatedAt                           int64
	}
	if err := s.reader(ctx).Raw(query+` ORDER BY name_key, id LIMIT ?`, append(args, limit)...).Scan(&rows).Error; err != nil {
		return nil, wrap("services", err)
	}
	found := make([]portal.Hosting, len(rows))
	for i, r := range rows {
		found[i] = portal.Hosting{
			ID: r.ID, AccountID: r.AccountID, Kind: portal.Kind(r.Kind), Name: r.Name, Status: r.Status, Region: r.Region,
			Address: r.Address, CreatedAt: when(r.CreatedAt),
		}
	}
	return found, nil
}

// Cart is one person's cart in one account, the oldest item first.
func (s *Store) Cart(ctx context.Context, accountID id.Account, userID id.User) (portal.Cart, error) {
	var rows []productRow
	err := s.reader(ctx).Raw(`SELECT c.id AS item_id, c.quantity, c.created_at, `+productColumns+`
		FROM cart_items c JOIN products p ON p.id = c.product_id WHERE c.account_id = ? AND c.user_id = ?
		ORDER BY c.created_at, c.id`, accountID, userID).Scan(&rows).Error
	if err != nil {
		return portal.Cart{}, wrap("cart", err)
	}
	cart := portal.Cart{Items: make([]portal.CartItem, len(rows))}
	for i, r := range rows {
		cart.Items[i] = portal.CartItem{
			ID: r.ItemID, AccountID: accountID, UserID: userID, Product: r.product(), Quantity: r.Quantity, CreatedAt: when(r.CreatedAt),
		}
	}
	return cart, nil
}

// AddToCart adds to what the cart holds of the product; false where that would be more than portal.MostOfOne.
func (s *Store) AddToCart(ctx context.Context, i portal.CartItem) (bool, error) {
	return s.changeCart(ctx, i.AccountID, i.UserID, `INSERT INTO cart_items (id, account_id, user_id, product_id, quantity, created_at)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account_id, user_id, product_id)
		DO UPDATE SET quantity = cart_items.quantity + excluded.quantity WHERE cart_items.quantity + excluded.quantity <= ?`,
		i.ID, i.AccountID, i.UserID, i.Product.ID, i.Quantity, micros(i.CreatedAt), portal.MostOfOne)
}

// SetQuantity sets how many of an item the cart holds; false if it is not there.
func (s *Store) SetQuantity(ctx context.Context, accountID id.Account, userID id.User, itemID string, quantity int) (bool, error) {
	return s.changeCart(ctx, accountID, userID, `UPDATE cart_items SET quantity = ? WHERE id = ? AND account_id = ? AND user_id = ?`,
		quantity, itemID, accountID, userID)
}

// RemoveFromCart takes an item out of the cart; false if it is not there.
func (s *Store) RemoveFromCart(ctx context.Context, accountID id.Account, userID id.User, itemID string) (bool, error) {
	return s.changeCart(ctx, accountID, userID, `DELETE FROM cart_items WHERE id = ? AND account_id = ? AND user_id = ?`,
		itemID, accountID, userID)
}

func (s *Store) changeCart(ctx context.Context, accountID id.Account, userID id.User, query string, args ...any) (bool, error) {
	var changed bool
	err := s.change(ctx, []string{"cart:" + string(accountID) + ":" + string(userID)}, func(db *gorm.DB) error {
		r := db.Exec(query, args...)
		changed = r.RowsAffected == 1
		return r.Error
	})
	return changed, wrap("change cart", err)
}
