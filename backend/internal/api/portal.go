package api

import (
	"context"

	"sallyport/internal/api/openapi"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/portal"
)

// ListCatalogue answers what can be ordered.
func (s *Server) ListCatalogue(ctx context.Context, _ openapi.ListCatalogueRequestObject) (openapi.ListCatalogueResponseObject, error) {
	found, err := s.Portal.Products(ctx)
	if err != nil {
		return nil, err
	}
	return openapi.ListCatalogue200JSONResponse{Items: each(found, productOf)}, nil
}

// ListServices answers what an account has.
func (s *Server) ListServices(ctx context.Context, r openapi.ListServicesRequestObject) (openapi.ListServicesResponseObject, error) {
	var kind portal.Kind
	if r.Params.Kind != nil {
		kind = portal.Kind(*r.Params.Kind)
	}
	found, next, err := s.Portal.Services(ctx, actorOf(ctx), id.Account(r.AccountId), kind, page(r.Params.Limit, r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return openapi.ListServices200JSONResponse{Items: each(found, func(h portal.Hosting) openapi.Service {
		return openapi.Service{
			Id: h.ID, Kind: openapi.ServiceKind(h.Kind), Name: h.Name, Status: openapi.ServiceStatus(h.Status), Region: h.Region,
			Address: h.Address, CreatedAt: h.CreatedAt,
		}
	}), NextCursor: cursor(next)}, nil
}

// Search finds services and members of an account.
func (s *Server) Search(ctx context.Context, r openapi.SearchRequestObject) (openapi.SearchResponseObject, error) {
	found, err := s.Portal.Search(ctx, actorOf(ctx), id.Account(r.AccountId), r.Params.Q)
	if err != nil {
		return nil, err
	}
	return openapi.Search200JSONResponse{Items: each(found, func(h portal.Hit) openapi.SearchHit {
		return openapi.SearchHit{Type: openapi.SearchHitType(h.Type), Id: h.ID, Title: h.Title, Subtitle: h.Subtitle}
	})}, nil
}

// GetCart answers the caller's cart in an account.
func (s *Server) GetCart(ctx context.Context, r openapi.GetCartRequestObject) (openapi.GetCartResponseObject, error) {
	c, err := s.Portal.Cart(ctx, actorOf(ctx), id.Account(r.AccountId))
	if err != nil {
		return nil, err
	}
	return openapi.GetCart200JSONResponse(cartOf(c)), nil
}

// AddCartItem puts a product into the cart.
func (s *Server) AddCartItem(ctx context.Context, r openapi.AddCartItemRequestObject) (openapi.AddCartItemResponseObject, error) {
	c, err := s.Portal.Add(ctx, actorOf(ctx), id.Account(r.AccountId), r.Body.ProductId, r.Body.Quantity)
	if err != nil {
		return nil, err
	}
	return openapi.AddCartItem201JSONResponse(cartOf(c)), nil
}

// UpdateCartItem sets a quantity.
func (s *Server) UpdateCartItem(ctx context.Context, r openapi.UpdateCartItemRequestObject) (openapi.UpdateCartItemResponseObject, error) {
	c, err := s.Portal.SetQuantity(ctx, actorOf(ctx), id.Account(r.AccountId), r.ItemId, r.Body.Quantity)
	if err != nil {
		return nil, err
	}
	return openapi.UpdateCartItem200JSONResponse(cartOf(c)), nil
}

// RemoveCartItem takes a product out of the cart.
func (s *Server) RemoveCartItem(ctx context.Context, r openapi.RemoveCartItemRequestObject) (openapi.RemoveCartItemResponseObject, error) {
	c, err := s.Portal.Remove(ctx, actorOf(ctx), id.Account(r.AccountId), r.ItemId)
	if err != nil {
		return nil, err
	}
	return openapi.RemoveCartItem200JSONResponse(cartOf(c)), nil
}

// ListDemoMessages answers what the demo has kept instead of sending it. Without the demo there is no such thing.
func (s *Server) ListDemoMessages(ctx context.Context, r openapi.ListDemoMessagesRequestObject) (openapi.ListDemoMessagesResponseObject, error) {
	if s.Demo == nil {
		return nil, fault.ErrNotFound
	}
	to, after, limit := "", "", 50
	if r.Params.To != nil {
		to = *r.Params.To
	}
	if r.Params.Cursor != nil {
		after = *r.Params.Cursor
	}
	if r.Params.Limit != nil {
		limit = *r.Params.Limit
	}
	found, next, err := s.Demo.DemoMessages(ctx, to, limit, after)
	if err != nil {
		return nil, err
	}
	return openapi.ListDemoMessages200JSONResponse{Items: each(found, demoMessageOf), NextCursor: cursor(next)}, nil
}

func demoMessageOf(m notify.DemoMessage) openapi.DemoMessage {
	shown := openapi.DemoMessage{Id: m.ID, Channel: openapi.DemoMessageChannel(m.Channel), To: m.To, Text: m.Text, SentAt: m.SentAt}
	if m.Subject != "" {
		shown.Subject = &m.Subject
	}
	if m.HTML != "" {
		shown.Html = &m.HTML
	}
	return shown
}

func productOf(p portal.Product) openapi.Product {
	return openapi.Product{
		Id: p.ID, Kind: openapi.ServiceKind(p.Kind), Name: p.Name, Description: p.Description, Period: openapi.ProductPeriod(p.Period),
		Price: openapi.Money{Amount: p.Cents, Currency: p.Currency},
	}
}

func cartOf(c portal.Cart) openapi.Cart {
	return openapi.Cart{
		Count: c.Count(), Total: openapi.Money{Amount: c.Cents(), Currency: portal.Currency},
		Items: each(c.Items, func(i portal.CartItem) openapi.CartItem {
			return openapi.CartItem{
				Id: i.ID, Product: productOf(i.Product), Quantity: i.Quantity,
				Total: openapi.Money{Amount: i.Cents(), Currency: i.Product.Currency},
			}
		}),
	}
}
