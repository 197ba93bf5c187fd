package notify

import (
	"maps"
	"slices"
)

// Letters are the templates of mails.
func Letters() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(keys)), func(template string) bool { return channelOf(template) != Email })
}
