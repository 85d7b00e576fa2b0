package parley

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// Client is a Parley server as one key sees it. It is safe for use by many goroutines at once; make one and keep it.
type Client struct {
	Roundtable *RoundtableService // POST /v3/roundtable
	Compare    *CompareService    // POST /v1/chat/compare
	Chat       *ChatService       // POST /v1/chat/completions
	Models     *ModelsService     // GET /v1/models and its sisters
	Templates  *TemplatesService  // /v1/templates
	Usage      *UsageService      // /v1/usage and GET /v1/balance
	Traces     *TracesService     // /v3/traces

	transport *transport
}

// New makes a client. Without options it calls the server of PARLEY_URL, or http://127.0.0.1:8080, with the key of
// PARLEY_API_KEY, or none. It fails on a URL or key that cannot work and asks nothing of the server.
func New(options ...Option) (*Client, error) {
	usual := settings{
		url: cmp.Or(os.Getenv("PARLEY_URL"), defaultURL), client: newHTTPClient(), timeout: 600 * time.Second, maxRetries: 2,
	}
	if key := os.Getenv("PARLEY_API_KEY"); key != "" {
		usual.key = &key
	}
	settings, err := usual.with(options)
	if err != nil {
		return nil, err
	}
	if settings.idempotencyKey != nil {
		return nil, errors.New("parley: an Idempotency-Key names one call; give WithIdempotencyKey to that call")
	}
	t := &transport{settings: settings, clock: realClock, idle: idleTimeout}
	return &Client{
		&RoundtableService{t}, &CompareService{t}, &ChatService{&CompletionsService{t}}, &ModelsService{t},
		&TemplatesService{t}, &UsageService{t}, &TracesService{t}, t,
	}, nil
}

// String names the server and says whether there is a key, never the key itself.
func (c *Client) String() string {
	if c.transport.key == nil {
		return fmt.Sprintf("parley.Client(%s, no key)", c.transport.url)
	}
	return fmt.Sprintf("parley.Client(%s, with a key)", c.transport.url)
}

// GoString is String: %#v does not show the key either.
func (c *Client) GoString() string { return c.String() }

func newHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 100
	// The server closes connections that are idle for 75 s; a call must not go out on one that is just being closed.
	transport.IdleConnTimeout = 60 * time.Second
	// Parley never redirects. Following one would turn a POST into a GET and hide a wrong URL behind its answer.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: stay}
}
