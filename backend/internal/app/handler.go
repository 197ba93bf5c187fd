package app

import "net/http"

// Handler is what serves every request: the test that walks through all routes reads them from it.
func (a *App) Handler() http.Handler { return a.server.Handler }
