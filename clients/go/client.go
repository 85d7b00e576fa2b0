package parley

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
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

const defaultURL = "http://127.0.0.1:8080"

// Option configures a client or, given to a call, that call alone.
type Option func(*settings)

type settings struct {
	url            string
	key            *string // nil: none
	client         *http.Client
	timeout        time.Duration
	maxRetries     int
	idempotencyKey *string // nil: a random one, where one belongs
}

// WithURL names the server, without /v1 or /v3, instead of PARLEY_URL.
func WithURL(url string) Option { return func(s *settings) { s.url = url } }

// WithAPIKey gives the key, instead of PARLEY_API_KEY.
func WithAPIKey(key string) Option { return func(s *settings) { s.key = &key } }

// WithoutAPIKey sends no key, whatever PARLEY_API_KEY says: for a server with auth = "open".
func WithoutAPIKey() Option { return func(s *settings) { s.key = nil } }

// WithHTTPClient calls through client, for a proxy or certificates of one's own. Its Timeout should be 0: it would cut streams off.
func WithHTTPClient(client *http.Client) Option { return func(s *settings) { s.client = client } }

// WithTimeout bounds a plain call with all its retries, and for a stream the time until its head; 600 s unless said. A
// context's own deadline holds as well.
func WithTimeout(timeout time.Duration) Option { return func(s *settings) { s.timeout = timeout } }

// WithMaxRetries says how often a plain call is tried again; 2 unless said, 0 for never. Streams never are.
func WithMaxRetries(count int) Option { return func(s *settings) { s.maxRetries = count } }

// WithIdempotencyKey names one call of a panel or chat, so that another process may repeat it: the server answers the same key
// and request as it did before, for 24 hours. Without it each call gets a random one, the same for its retries.
func WithIdempotencyKey(key string) Option { return func(s *settings) { s.idempotencyKey = &key } }

// with returns the settings as options change them, and an error that tells what to change where they cannot work.
func (s settings) with(options []Option) (settings, error) {
	for _, option := range options {
		option(&s)
	}
	s.url = strings.TrimRight(s.url, "/")
	switch key := s.idempotencyKey; {
	case s.timeout <= 0:
		return s, fmt.Errorf("parley: the timeout is %v; it must be above 0, or leave it out for 600 s", s.timeout)
	case s.maxRetries < 0:
		return s, fmt.Errorf("parley: the number of retries is %d; it must be 0 or more", s.maxRetries)
	case key != nil && (*key == "" || len(*key) > 255 || strings.ContainsFunc(*key, isUnprintable)):
		return s, fmt.Errorf("parley: the Idempotency-Key %q cannot be sent; it is 1 to 255 printable ASCII characters", *key)
	}
	return s, errors.Join(checkURL(s.url), checkKey(s.key))
}

func checkURL(text string) error {
	parsed, err := url.Parse(text)
	switch {
	case err != nil: // whose words repeat the URL, and with it a password that may stand in it
		return errors.New("parley: the server's URL cannot be read; it should look like " + defaultURL)
	case parsed.User != nil:
		return errors.New("parley: the server's URL carries a user or password; leave it out and use PARLEY_API_KEY")
	case parsed.Scheme != "http" && parsed.Scheme != "https", parsed.Hostname() == "":
		return fmt.Errorf("parley: the server's URL is %q; it must begin with http:// or https:// and a host", text)
	case strings.ContainsAny(text, "?#"):
		return fmt.Errorf("parley: the server's URL is %q; leave out the query and the fragment", text)
	case strings.HasSuffix(text, "/v1"), strings.HasSuffix(text, "/v3"):
		return fmt.Errorf("parley: the server's URL is %q; leave out /v1 and /v3, which each call adds itself", text)
	}
	return nil
}

// checkKey refuses a key that no header can carry, without showing it.
func checkKey(key *string) error {
	switch {
	case key == nil:
		return nil
	case *key == "":
		return errors.New(`parley: the API key is empty; give one, or use WithoutAPIKey for a server with auth = "open"`)
	case strings.ContainsAny(*key, "\r\n"):
		return errors.New("parley: the API key contains a line break; remove it, it often comes with a key read from a file")
	case strings.ContainsFunc(*key, isUnprintable), strings.Contains(*key, " "):
		return errors.New("parley: the API key contains a blank or a character beyond ASCII; copy it again")
	}
	return nil
}

func isUnprintable(r rune) bool { return r < ' ' || r > '~' }
