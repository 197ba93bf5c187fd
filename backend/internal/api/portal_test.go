package api

import (
	"context"
	"net/http"
	"testing"
	"time"

	"sallyport/internal/api/openapi"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/portal"
)

func TestPortalOverHTTP(t *testing.T) {
	t.Parallel()
	r := newRooms(t, nil)
	ann, eve := r.person("ann"), r.person("eve")
	accountID := r.open(ann)
	acme := "/accounts/" + string(accountID)
	h := portal.Hosting{
		ID: id.New(), AccountID: accountID, Kind: portal.VirtualServer, Name: "web-1", Status: "running", Region: "fra1", Address: "203.0.113.7", CreatedAt: time.Now(),
	}
	if err := r.store.InsertService(t.Context(), h); err != nil {
		t.Fatal(err)
	}

	t.Run("the catalogue has prices", func(t *testing.T) {
		r.call(ann, http.MethodGet, "/catalogue", "", 200, `"id":"vps-2"`, `"price":{"amount":1290,"currency":"EUR"}`, `"period":"year"`, `"next_cursor":null`)
	})
	t.Run("services are listed and found", func(t *testing.T) {
		r.call(ann, http.MethodGet, acme+"/services?kind=virtual_server", "", 200, `"name":"web-1"`, `"address":"203.0.113.7"`)
		r.call(ann, http.MethodGet, acme+"/services?kind=domain", "", 200, `"items":[]`)
		r.call(ann, http.MethodGet, acme+"/services?kind=castle", "", 422)
		r.call(ann, http.MethodGet, acme+"/search?q=WEB", "", 200, `"type":"service"`, `"title":"web-1"`, `"subtitle":"203.0.113.7"`)
		r.call(ann, http.MethodGet, acme+"/search?q=ann", "", 200, `"type":"member"`, `"subtitle":"ann@rooms.test"`)
		r.call(ann, http.MethodGet, acme+"/search?q=%25", "", 200, `"items":[]`)
		r.call(ann, http.MethodGet, acme+"/search?q=+", "", 422, `"pointer":"q"`)
		r.call(ann, http.MethodGet, acme+"/search", "", 422, `"pointer":"q"`)
	})
	t.Run("a cart is filled, changed and emptied", func(t *testing.T) {
		r.call(ann, http.MethodGet, acme+"/cart", "", 200, `"items":[]`, `"count":0`, `"total":{"amount":0,"currency":"EUR"}`)
		cart := r.call(ann, http.MethodPost, acme+"/cart/items", `{"product_id":"vps-2","quantity":2}`, 201, `"count":2`, `"total":{"amount":2580,"currency":"EUR"}`)
		items, _ := cart["items"].([]any)
		item, _ := items[0].(map[string]any)
		path := acme + "/cart/items/" + item["id"].(string)
		r.call(ann, http.MethodPost, acme+"/cart/items", `{"product_id":"vps-2","quantity":99}`, 409, `"code":"cart_full"`)
		r.call(ann, http.MethodPost, acme+"/cart/items", `{"product_id":"vps-3","quantity":1}`, 422, `"code":"unknown_product"`, `"pointer":"/product_id"`)
		r.call(ann, http.MethodPost, acme+"/cart/items", `{"product_id":"\u0000","quantity":1}`, 422, `"pointer":"/product_id"`)
		r.call(ann, http.MethodPatch, path, `{"quantity":101}`, 422, `"pointer":"/quantity"`)
		r.call(ann, http.MethodPatch, path, `{"quantity":3}`, 200, `"quantity":3`, `"count":3`)
		r.call(ann, http.MethodPatch, acme+"/cart/items/"+id.New(), `{"quantity":3}`, 404)
		r.call(ann, http.MethodDelete, path, "", 200, `"items":[]`)
		r.call(ann, http.MethodDelete, path, "", 404)
	})
	t.Run("to everybody else there is nothing", func(t *testing.T) {
		for _, path := range []string{"/services", "/search?q=web", "/cart"} {
			r.call(eve, http.MethodGet, acme+path, "", 404, `"code":"not_found"`)
		}
		r.call(eve, http.MethodPost, acme+"/cart/items", `{"product_id":"vps-2","quantity":1}`, 404)
	})
}

// letters is a demo with one letter.
type letters struct{}

func (letters) DemoMessages(_ context.Context, to string, limit int, cursor string) ([]notify.DemoMessage, string, error) {
	if to != "ann@acme.test" || limit != 50 || cursor != "" {
		return nil, "", nil
	}
	return []notify.DemoMessage{{ID: "1", Channel: notify.Email, To: to, Subject: "Hello", Text: "Text", SentAt: time.Now()}}, "2", nil
}

func TestDemoMessages(t *testing.T) {
	t.Parallel()
	t.Run("are shown in the demo", func(t *testing.T) {
		r := newRooms(t, func(s *Server) { s.Demo = letters{} })
		r.call("", http.MethodGet, "/demo/messages?to=ann@acme.test", "", 200, `"subject":"Hello"`, `"channel":"email"`, `"next_cursor":"2"`)
		r.call("", http.MethodGet, "/demo/messages?limit=7", "", 200, `"items":[]`, `"next_cursor":null`)
	})
	t.Run("are not there without it", func(t *testing.T) {
		newRooms(t, nil).call("", http.MethodGet, "/demo/messages", "", 404, `"code":"not_found"`)
		if _, err := (&Server{}).ListDemoMessages(t.Context(), openapi.ListDemoMessagesRequestObject{}); err == nil {
			t.Error("the handler answers")
		}
	})
}
