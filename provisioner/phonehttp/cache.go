package phonehttp

import (
	"container/list"
	"sync"
)

// cache keeps rendered files within a bound of bytes. The least recently used file goes
// first.
type cache struct {
	mu    sync.Mutex
	bound int64
	used  int64
	files map[string]*list.Element // of *file
	order *list.List               // last asked for in front
}

func newCache(bound int64) *cache {
	return &cache{bound: bound, files: map[string]*list.Element{}, order: list.New()}
}

// get returns the file, or nil.
func (c *cache) get(key string) *file {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.files[key]
	if el == nil {
		return nil
	}
	c.order.MoveToFront(el)
	return el.Value.(*file)
}

// put replaces the file under the key. A file above the whole bound is not kept.
func (c *cache) put(f *file) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.files[f.key]; el != nil {
		c.remove(el)
	}
	if f.cost() > c.bound {
		return
	}
	c.files[f.key] = c.order.PushFront(f)
	c.used += f.cost()
	for c.used > c.bound {
		c.remove(c.order.Back())
	}
}

func (c *cache) remove(el *list.Element) {
	f := c.order.Remove(el).(*file)
	delete(c.files, f.key)
	c.used -= f.cost()
}
