package app

import "testing"

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	t.Run("leaves room for every password that is hashed, and its predecessor", func(t *testing.T) {
		t.Parallel()
		for cores := 1; cores <= 64; cores *= 2 {
			if limit, hashes := memoryLimit(2*mib, 3*mib, mib, cores), int64(cores)*2*19*mib; limit < hashes+16*mib || limit > hashes+32*mib {
				t.Errorf("%d MiB with %d cores", limit/mib, cores)
			}
		}
	})
	t.Run("stays far above what is held, however much that is", func(t *testing.T) {
		t.Parallel()
		for held := uint64(mib); held < 4096*mib; held *= 2 {
			if limit := memoryLimit(held, held, held, 2); limit < 5*int64(held) {
				t.Errorf("%d MiB with %d MiB held", limit/mib, held/mib)
			}
		}
	})
	t.Run("knows of what the collector does not look through, whether or not it lived beside hashes", func(t *testing.T) {
		t.Parallel()
		for table := uint64(mib); table < 4096*mib; table *= 2 {
			for hashing := uint64(0); hashing <= 2; hashing++ {
				if limit := memoryLimit(mib, table+hashing*19*mib, mib, 2); limit < 2*int64(table)+8*mib {
					t.Errorf("%d MiB with a table of %d MiB and %d hashes", limit/mib, table/mib, hashing)
				}
			}
		}
	})
	t.Run("does not change with every byte", func(t *testing.T) {
		t.Parallel()
		if memoryLimit(5*mib, 9*mib, mib, 2) != memoryLimit(5*mib+1, 9*mib, mib, 2) {
			t.Error("it does")
		}
	})
}
