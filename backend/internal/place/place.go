// Package place says what a network address tells by itself: which kind of network it belongs to, and the country, as coarse as
// that.
//
// It owns the kinds of network and the operator's table of countries. It refuses to ask anybody, to guess a city, and to bring a
// table of its own: one in the binary is as old as the binary (docs/decisions/014). Package api calls it.
package place

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// Network is the kind of network that an address belongs to.
type Network string

// The networks.
const (
	ThisMachine Network = "this_machine" // of the server
	Private     Network = "private"      // a house's or a company's own, and the way from it to a provider
	Public      Network = "public"
	Unknown     Network = "unknown" // no address at all
)

// shared lies between a provider and its customers (RFC 6598): no country is known of it.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// NetworkOf reads an address.
func NetworkOf(address string) Network { n, _ := read(address); return n }

func read(address string) (Network, netip.Addr) {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return Unknown, a
	}
	a = a.Unmap().WithZone("")
	switch {
	case a.IsLoopback():
		return ThisMachine, a
	case a.IsPrivate(), a.IsLinkLocalUnicast(), shared.Contains(a):
		return Private, a
	}
	return Public, a
}

// Countries is a table of countries by address. The zero value knows none.
type Countries struct{ ranges []addresses }

type addresses struct {
	from, to netip.Addr
	country  [2]byte
}

// ReadCountries reads a table: lines of CSV with the first and the last address of a range and the country's code of two letters
// (ISO 3166-1), for IPv4 and IPv6, in any order. What stands behind these three is left alone; ranges without a country (empty, - or ZZ) are left out.
func ReadCountries(r io.Reader) (*Countries, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord, lines.ReuseRecord, lines.Comment = -1, true, '#'
	c := &Countries{}
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("place: %w", err)
		}
		line, _ := lines.FieldPos(0)
		if len(fields) < 3 {
			return nil, fmt.Errorf("place: line %d has fewer than three fields", line)
		}
		a := addresses{}
		var wrong [2]error
		a.from, wrong[0] = netip.ParseAddr(fields[0])
		a.to, wrong[1] = netip.ParseAddr(fields[1])
		code := strings.ToUpper(fields[2])
		switch {
		case wrong[0] != nil, wrong[1] != nil, a.from.BitLen() != a.to.BitLen(), a.to.Less(a.from):
			return nil, fmt.Errorf("place: line %d has no range of addresses", line)
		case code == "", code == "-", code == "ZZ":
			continue
		case len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
			return nil, fmt.Errorf("place: line %d has no country", line)
		}
		a.country = [2]byte([]byte(code))
		c.ranges = append(c.ranges, a)
	}
	slices.SortFunc(c.ranges, func(a, b addresses) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	for i := 1; i < len(c.ranges); i++ {
		if !c.ranges[i-1].to.Less(c.ranges[i].from) {
			return nil, fmt.Errorf("place: two ranges hold %s", c.ranges[i].from)
		}
	}
	return c, nil
}

// Of is the country of an address in a public network; "" where the table does not know it.
func (c *Countries) Of(address string) string {
	network, a := read(address)
	if network != Public || c == nil {
		return ""
	}
	i, found := slices.BinarySearchFunc(c.ranges, a, func(r addresses, a netip.Addr) int { return r.from.Compare(a) })
	if !found {
		i--
	}
	if i < 0 || c.ranges[i].to.Less(a) {
		return ""
	}
	return string(c.ranges[i].country[:])
}
