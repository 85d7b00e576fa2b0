package parley

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestBadConfigurationIsRefusedWithAdvice(t *testing.T) {
	t.Setenv("PARLEY_URL", "")
	t.Setenv("PARLEY_API_KEY", "")
	for name, c := range map[string]struct {
		option Option
		want   string
	}{
		"no scheme":            {WithURL("localhost:8080"), "must begin with http:// or https://"},
		"another scheme":       {WithURL("ftp://host"), "must begin with http:// or https://"},
		"no host":              {WithURL("http://"), "and a host"},
		"an empty URL":         {WithURL(""), "must begin with"},
		"no URL":               {WithURL("http://[::1"), "should look like http://127.0.0.1:8080"},
		"a line break":         {WithURL("http://host\n"), "should look like"},
		"a password":           {WithURL("https://me:hush@host"), "user or password"},
		"a query":              {WithURL("https://host?x"), "the query and the fragment"},
		"a fragment":           {WithURL("https://host#x"), "the query and the fragment"},
		"with /v1":             {WithURL("https://host/v1"), "leave out /v1 and /v3"},
		"with /v3/":            {WithURL("https://host/v3/"), "leave out /v1 and /v3"},
		"an empty key":         {WithAPIKey(""), "use WithoutAPIKey"},
		"a key with an end":    {WithAPIKey("hush\n"), "line break; remove it"},
		"a key with a blank":   {WithAPIKey("hush hush"), "a blank or a character beyond ASCII"},
		"a key beyond ASCII":   {WithAPIKey("hush-é"), "a blank or a character beyond ASCII"},
		"no time":              {WithTimeout(0), "must be above 0"},
		"negative retries":     {WithMaxRetries(-1), "must be 0 or more"},
		"an empty key of call": {WithIdempotencyKey(""), "1 to 255 printable ASCII"},
		"a long one":           {WithIdempotencyKey(strings.Repeat("x", 256)), "1 to 255 printable ASCII"},
		"one with a break":     {WithIdempotencyKey("a\r\nb"), "1 to 255 printable ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.option)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			client, err := New()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Models.List(context.Background(), ModelFilter{}, c.option); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("given to a call: %v, want %q", err, c.want)
			}
		})
	}
}

func TestAnIdempotencyKeyIsNotForEveryCall(t *testing.T) {
	if _, err := New(WithIdempotencyKey("order-17")); err == nil || !strings.Contains(err.Error(), "to that call") {
		t.Errorf("got %v", err)
	}
}

func TestTheEnvironmentConfiguresAClientAndTheProgramWins(t *testing.T) {
	t.Setenv("PARLEY_URL", "https://from.environment/gateway/")
	t.Setenv("PARLEY_API_KEY", "rsk_environment")
	client, err := New()
	if err != nil || client.transport.url != "https://from.environment/gateway" || *client.transport.key != "rsk_environment" {
		t.Errorf("got %v, %v", client, err)
	}
	client, err = New(WithURL("http://127.0.0.1:1"), WithAPIKey("rsk_program"))
	if err != nil || client.transport.url != "http://127.0.0.1:1" || *client.transport.key != "rsk_program" {
		t.Errorf("got %v, %v", client, err)
	}
	if client, err = New(WithoutAPIKey()); err != nil || client.transport.key != nil {
		t.Errorf("got %v, %v", client, err)
	}
	t.Setenv("PARLEY_URL", "nonsense")
	if _, err = New(); err == nil {
		t.Error("a bad PARLEY_URL is let through")
	}
	if _, err = New(WithURL("http://127.0.0.1:1")); err != nil {
		t.Errorf("a bad PARLEY_URL counts though another is given: %v", err)
	}
}

func TestWithoutAnythingTheServerIsThisMachine(t *testing.T) {
	t.Setenv("PARLEY_URL", "")
	t.Setenv("PARLEY_API_KEY", "")
	client, err := New()
	if err != nil || client.String() != "parley.Client(http://127.0.0.1:8080, no key)" {
		t.Errorf("got %v, %v", client, err)
	}
	s := client.transport.settings
	if s.timeout != 600*time.Second || s.maxRetries != 2 {
		t.Errorf("got %+v", s)
	}
}

func TestNoPrintedFormOfAClientShowsTheKey(t *testing.T) {
	client, err := New(WithURL("http://127.0.0.1:1"), WithAPIKey("rsk_hush"))
	if err != nil {
		t.Fatal(err)
	}
	written, err := json.Marshal(client)
	if err != nil {
		t.Fatal(err)
	}
	_, failed := client.Models.List(context.Background(), ModelFilter{}, WithMaxRetries(0))
	for _, text := range []string{
		fmt.Sprint(client), fmt.Sprintf("%+v", client), fmt.Sprintf("%#v", client), fmt.Sprintf("%+v", *client), fmt.Sprintf("%#v", *client),
		fmt.Sprintf("%+v", struct{ C *Client }{client}), fmt.Sprintf("%#v", client.Roundtable), fmt.Sprintf("%+v", *client.Chat.Completions),
		string(written), failed.Error(), fmt.Sprintf("%#v", failed),
	} {
		if strings.Contains(text, "hush") {
			t.Errorf("shown: %s", text)
		}
	}
}

func TestACallCanHaveItsOwnOptions(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(say(200, "{}")), WithAPIKey("rsk_1"))
	ctx := context.Background()
	_, _ = client.Usage.Balance(ctx, WithAPIKey("rsk_2"))
	_, _ = client.Usage.Balance(ctx)
	_, _ = client.Usage.Balance(ctx, WithHTTPClient(&http.Client{Transport: refusing{}}), WithMaxRetries(0))
	if len(got.all()) != 2 || got.all()[0].header.Get("Authorization") != "Bearer rsk_2" || got.all()[1].header.Get("Authorization") != "Bearer rsk_1" {
		t.Errorf("got %v", got.all())
	}
}

// refusing is a network that reaches nobody.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }
