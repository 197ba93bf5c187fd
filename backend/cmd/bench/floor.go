package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
)

// floorCommand starts this program as the server that the house is compared with: Echo alone, and Echo with a token that is
// verified once and then remembered by its hash. The first line that it prints is its address, the second a token.
const floorCommand = "floor"

type floorAnswer struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Locale    string    `json:"locale"`
	CreatedAt time.Time `json:"created_at"`
	State     string    `json:"state"`
	Methods   []string  `json:"methods"`
}

func serveFloor(address string) {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	answer := floorAnswer{ID: "01938c7e-0000-7000-8000-000000000001", Email: "member@acme.test", Name: "Acme Member", Locale: "en",
		CreatedAt: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), State: "clear", Methods: []string{"totp"}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.RegisteredClaims{Subject: answer.ID, ID: answer.ID,
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour))}).SignedString(key)
	if err != nil {
		panic(err)
	}
	var remembered sync.Map
	verified := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			raw := strings.TrimPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
			hash := sha256.Sum256([]byte(raw))
			expires, ok := remembered.Load(hash)
			if !ok {
				var claims jwt.RegisteredClaims
				if _, err := jwt.ParseWithClaims(raw, &claims, func(*jwt.Token) (any, error) { return &key.PublicKey, nil },
					jwt.WithValidMethods([]string{"ES256"})); err != nil {
					return echo.ErrUnauthorized
				}
				expires = claims.ExpiresAt.Time
				remembered.Store(hash, expires)
			}
			if at, _ := expires.(time.Time); !time.Now().Before(at) {
				return echo.ErrUnauthorized
			}
			return next(c)
		}
	}
	say := func(c echo.Context) error { return c.JSON(http.StatusOK, answer) }
	e.GET("/alone", say)
	e.GET("/remembered", say, verified)
	l, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]string{"address": l.Addr().String(), "token": token})
	_ = http.Serve(l, e)
}
