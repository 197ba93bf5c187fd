package app

import "testing"

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	t.Run("leaves room for every password that is hashed, and its predecessor", func(t *testing.T) {
		t.Parallel()
		for cores := 1; cores <= 64; cores *= 2 {
			if limit := memoryLimit(2*mib, cores); limit < int64(cores)*2*19*mib || limit > int64(cores)*2*19*mib+32*mib {
				t.Errorf("%d MiB with %d cores", limit/mib, cores)
			}
		}
	})
	t.Run("stays far above what is held, however much that is", func(t *testing.T) {
		t.Parallel()
		for scanned := uint64(mib); scanned < 4096*mib; scanned *= 2 {
			if limit := memoryLimit(scanned, 2); limit < 4*int64(scanned) {
				t.Errorf("%d MiB with %d MiB to look through", limit/mib, scanned/mib)
			}
		}
	})
	t.Run("does not change with every byte", func(t *testing.T) {
		t.Parallel()
		if memoryLimit(5*mib+1, 2) != memoryLimit(5*mib+mib/2, 2) {
			t.Error("it does")
		}
	})
}
