package bus

import "context"

// Watch makes the bus hear what other processes commit to a database that tells nobody (SQLite), until ctx ends. elsewhere says
// whether any has since it was last asked; what that was is not known, so that anything may have changed. From Watch's return on
// the bus is fresh only while elsewhere answers; after ctx it never is again. stopped closes once nobody asks any more.
func (b *Bus) Watch(ctx context.Context, elsewhere func(ctx context.Context) (bool, error)) (stopped <-chan struct{}) {
	b.remote.Store(true)
	b.once.Do(func() { close(b.timed) }) // it has no clock but this machine's
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			b.ask(ctx, elsewhere)
			wait(ctx, every)
		}
		b.heard.Store(never)
	}()
	return done
}

// ask is one beat: whatever was committed before the question has been told once it is answered.
func (b *Bus) ask(ctx context.Context, elsewhere func(ctx context.Context) (bool, error)) {
	asked := b.mono()
	var changed bool
	if step(ctx, func(ctx context.Context) (err error) {
		changed, err = elsewhere(ctx)
		return err
	}) != nil {
		return
	}
	if changed {
		b.Publish(All)
	}
	b.heard.Store(int64(asked))
}
