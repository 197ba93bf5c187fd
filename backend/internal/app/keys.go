package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"sallyport/internal/seal"
	"sallyport/internal/store"
)

// openBox finds the root key: the operator's; or, with the embedded database, a file beside it; or, on PostgreSQL, one in the
// database itself, so that replicas work out of the box. The last protects nothing against whoever reads the database, and is
// said at every start.
func openBox(ctx context.Context, c *Config, s *store.Store, log *slog.Logger) (*seal.Box, error) {
	key, err := c.rootKey()
	if err != nil {
		return nil, err
	}
	if key == nil && s.Dialect() == "sqlite" {
		key, err = keyFromFile(c.keyFile())
	} else if key == nil {
		log.Warn("the root key lies in the database that it seals: set SALLYPORT_ROOT_KEY_FILE, the same on every replica")
		key, err = keyFromDatabase(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	return seal.Open(ctx, s, key)
}

// openBoxOf opens what a server has sealed already: where there are keys, none is made up that would not open them.
func openBoxOf(ctx context.Context, c *Config, s *store.Store, log *slog.Logger) (*seal.Box, error) {
	given, err := c.rootKey()
	if err != nil {
		return nil, err
	}
	if given == nil && s.Dialect() == "sqlite" {
		keys, err := s.Keyset(ctx, "encryption")
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(c.keyFile()); keys != "" && errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no root key at %s: this command needs the server's SALLYPORT_ROOT_KEY_FILE or SALLYPORT_DATA_DIR", c.keyFile())
		}
	}
	return openBox(ctx, c, s, log)
}

func newKey() []byte {
	key := make([]byte, seal.RootKeySize)
	_, _ = rand.Read(key) // never fails
	return key
}

func keyFromFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		if _, err = f.WriteString(base64.StdEncoding.EncodeToString(newKey()) + "\n"); err == nil {
			err = f.Sync()
		}
		if closed := f.Close(); err == nil {
			err = closed
		}
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("root key: %w", err)
	}
	c := Config{RootKeyFile: path}
	return c.rootKey()
}

func keyFromDatabase(ctx context.Context, s *store.Store) ([]byte, error) {
	text, err := s.PutKeyset(ctx, "root", base64.StdEncoding.EncodeToString(newKey()))
	if err != nil {
		return nil, err
	}
	c := Config{RootKey: text}
	return c.rootKey()
}
