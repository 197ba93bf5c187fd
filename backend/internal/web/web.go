// Package web delivers the single-page app, which is built into the binary.
//
// It owns the files, their compressed twins (made when the app is built), caching, and the content security policy with its
// nonce. It refuses to know anything of the API. Package app hands it to package api.
package web

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// dist is what `npm run build` leaves in frontend/dist; `make build` copies it here.
//
//go:embed all:dist
var dist embed.FS

const noncePlace = "__CSP_NONCE__"

// Pages serves the app: its files, and index.html for every path that the app itself routes.
type Pages struct {
	files fs.FS
	index []byte
}

// New reads the app out of the binary.
func New() *Pages {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is part of the binary
	}
	p := &Pages{files: files}
	if p.index, err = fs.ReadFile(files, "index.html"); err != nil {
		p.index = []byte("<!doctype html><title>Sallyport</title><p>This binary was built without its pages. Run make build.</p>\n")
	}
	return p
}

// ServeHTTP serves a file, or the page.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if wellKnown, ok := strings.CutPrefix(name+"/", ".well-known/"); ok {
		if wellKnown != "change-password/" {
			http.NotFound(w, r)
			return
		}
		http.Redirect(w, r, "/me", http.StatusFound) // a password manager asks where (W3C, A Well-Known URL for Changing Passwords)
		return
	}
	if name != "" && name != "index.html" && p.file(w, r, name) {
		return
	}
	if path.Ext(name) != "" && name != "index.html" {
		http.NotFound(w, r)
		return
	}
	p.page(w)
}

// page answers index.html with a nonce of its own.
func (p *Pages) page(w http.ResponseWriter) {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	nonce := base64.RawURLEncoding.EncodeToString(raw[:])
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; img-src 'self' data:; "+
		"connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	body := bytes.ReplaceAll(p.index, []byte(noncePlace), []byte(nonce))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// file answers one file, compressed where the browser takes that. Names under assets/ bear their content's hash.
func (p *Pages) file(w http.ResponseWriter, r *http.Request, name string) bool {
	raw, err := fs.ReadFile(p.files, name)
	if err != nil || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	h := w.Header()
	h.Set("Vary", "Accept-Encoding")
	for _, c := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), c.encoding) {
			continue
		}
		if packed, err := fs.ReadFile(p.files, name+c.suffix); err == nil {
			raw = packed
			h.Set("Content-Encoding", c.encoding)
			break
		}
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		h.Set("Content-Type", t)
	}
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("Content-Length", strconv.Itoa(len(raw)))
	_, _ = w.Write(raw)
	return true
}
