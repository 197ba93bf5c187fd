package app

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"sallyport/internal/user"
)

// A server that answers from memory lives on some 4 MB. Left to itself the collector runs whenever as much has been allocated
// again, fifty times a second under load, and takes a quarter of each request's time. Here it waits until the heap is five times
// what lives, within a limit: every password is hashed in 19 MiB, which the collector cannot tell from what lives.
const collectAt = 400 // percent of what lives

// pace tells the collector so, until ctx ends. An operator who has said GOMEMLIMIT or GOGC is not overruled.
func pace(ctx context.Context, hashes int) {
	percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(percent)
	if debug.SetMemoryLimit(-1) != math.MaxInt64 || percent[0].Value.Uint64() != 100 {
		return
	}
	debug.SetGCPercent(collectAt)
	held := []metrics.Sample{{Name: "/gc/scan/heap:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	for known := int64(0); ; {
		metrics.Read(held)
		if limit := memoryLimit(held[0].Value.Uint64(), held[1].Value.Uint64(), held[2].Value.Uint64(), hashes); limit != known {
			debug.SetMemoryLimit(limit)
			known = limit
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

// memoryLimit leaves room for twice the passwords that are hashed at once, so that hashing seldom waits for the collector, and for
// all else that is held, with some garbage: at its limit a server would do nothing but collect. What is held is told by what the
// collector looks through, which the memory of a hash is no part of; a connection's buffers are not either, hence three times. Were
// more held of such than that, a table say, it is told by what lived when it last collected, beside hashes.
func memoryLimit(scanned, lived, stacks uint64, hashes int) int64 {
	const spare, step = 12 << 20, 1 << 20 // it is set only when it has changed by a step
	hashing := uint64(hashes) * user.HashMemory
	held := max(3*scanned, 2*(max(lived, hashing)-hashing))
	return spare + step*int64((held+2*stacks)/step) + 2*int64(hashing)
}
