package parley

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

const errorBody = `{"error": {"code": "rate_limit_exceeded", "message": "Too many."}, "request_id": "req_2"}`

func TestAPlainCallIsTriedAgainWhereThatIsSafe(t *testing.T) {
	for name, c := range map[string]struct {
		first http.HandlerFunc
		tries int
	}{
		"400":                         {say(400, errorBody), 1},
		"401":                         {say(401, errorBody), 1},
		"408":                         {say(408, errorBody), 1},
		"409 of another kind":         {say(409, `{"error": {"code": "conflict", "message": "no"}}`), 1},
		"409 in progress":             {say(409, `{"error": {"code": "idempotency_in_progress", "message": "wait"}}`), 2},
		"422 mismatch":                {say(422, `{"error": {"code": "idempotency_mismatch", "message": "no"}}`), 1},
		"429":                         {say(429, errorBody), 2},
		"500":                         {say(500, errorBody), 1},
		"500 with the code of a 409":  {say(500, `{"error": {"code": "idempotency_in_progress", "message": "x"}}`), 1},
		"502":                         {say(502, "<html>Bad Gateway</html>"), 2},
		"503":                         {say(503, errorBody), 2},
		"504":                         {say(504, errorBody), 2},
		"a connection that breaks":    {breakOff, 2},
		"a body that breaks":          {say(200, `{"id": `, "Content-Length", "100"), 2},
		"an error's body breaks":      {say(400, `{"error": `, "Content-Length", "100"), 2},
		"200 that is no JSON":         {say(200, "<html>hello</html>"), 1},
		"200 without a body":          {say(200, ""), 1},
		"200 of another shape":        {say(200, `{"id": 7}`), 1},
		"200 with more behind":        {say(200, `{"id": "x"} {}`), 1},
		"a redirect":                  {say(302, "", "Location", "/elsewhere"), 1},
		"Retry-After beyond a minute": {say(429, errorBody, "Retry-After", "61"), 1},
		"the same in the body alone":  {say(503, `{"error": {"message": "x", "retry_after_seconds": 61}}`), 1},
		"a date far off":              {say(503, errorBody, "Retry-After", "Mon, 01 Jan 2125 00:00:00 GMT"), 1},
		"a date long past":            {say(503, errorBody, "Retry-After", "Mon, 01 Jan 2001 00:00:00 GMT"), 2},
		"a Retry-After of nonsense":   {say(503, errorBody, "Retry-After", "soon"), 2},
		"a minute":                    {say(429, errorBody, "Retry-After", "60"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			got := new(recorder)
			client, _ := serve(t, got.then(answers(c.first, say(200, `{"id": "rt_1"}`))))
			result, err := client.Roundtable.Create(context.Background(), ask)
			if len(got.all()) != c.tries {
				t.Errorf("%d tries, want %d", len(got.all()), c.tries)
			}
			if (err == nil) != (c.tries == 2) || err == nil && result.ID != "rt_1" {
				t.Errorf("got %v, %v", result, err)
			}
		})
	}
}

func TestTheWaitDoublesAndIsNeverShorterThanRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		luck    float64
		headers []string
		want    []time.Duration
	}{
		"full":            {1, nil, []time.Duration{500, 1000, 2000, 4000, 8000, 8000}},
		"half":            {0.5, nil, []time.Duration{250, 500, 1000, 2000, 4000, 4000}},
		"none":            {0, nil, []time.Duration{0, 0, 0, 0, 0, 0}},
		"a Retry-After":   {1, []string{"Retry-After", "3"}, []time.Duration{3000, 3000, 3000, 4000, 8000, 8000}},
		"with a fraction": {0, []string{"Retry-After", "1.5"}, []time.Duration{1500, 1500, 1500, 1500, 1500, 1500}},
	} {
		t.Run(name, func(t *testing.T) {
			client, fake := serve(t, say(429, errorBody, c.headers...), WithMaxRetries(6))
			fake.luck = c.luck
			_, err := client.Usage.Balance(context.Background())
			var got *APIError
			if !errors.As(err, &got) || got.Status != 429 {
				t.Fatalf("got %v", err)
			}
			for i, wait := range fake.waits() {
				if wait != c.want[i]*time.Millisecond {
					t.Errorf("wait %d is %v, want %v ms", i, wait, c.want[i])
				}
			}
			if len(fake.waits()) != len(c.want) {
				t.Errorf("%d waits, want %d", len(fake.waits()), len(c.want))
			}
		})
	}
}

func TestAWaitBeyondTheTimeoutIsNotBegun(t *testing.T) {
	got := new(recorder)
	client, fake := serve(t, got.then(say(503, errorBody, "Retry-After", "30")), WithTimeout(20*time.Second))
	_, err := client.Roundtable.Create(context.Background(), ask)
	var refused *APIError
	if !errors.As(err, &refused) || refused.RetryAfter != 30*time.Second || len(got.all()) != 1 || len(fake.waits()) != 0 {
		t.Errorf("got %v after %d tries", err, len(got.all()))
	}
}

func TestRetriesAreCountedAndCanBeSwitchedOff(t *testing.T) {
	for retries, want := range map[int]int{0: 1, 1: 2, 2: 3} {
		got := new(recorder)
		client, _ := serve(t, got.then(say(503, errorBody)))
		_, err := client.Models.List(context.Background(), ModelFilter{}, WithMaxRetries(retries))
		if err == nil || len(got.all()) != want {
			t.Errorf("%d retries: %d tries, %v", retries, len(got.all()), err)
		}
	}
}

func TestATemplateIsMadeAgainOnlyIfTheServerDidNothing(t *testing.T) {
	for name, c := range map[string]struct {
		first http.HandlerFunc
		tries int
	}{
		"429": {say(429, errorBody), 2}, "503": {say(503, errorBody), 2},
		"502": {say(502, errorBody), 1}, "504": {say(504, errorBody), 1}, "a broken connection": {breakOff, 1},
	} {
		got := new(recorder)
		client, _ := serve(t, got.then(answers(c.first, say(201, `{"id": "t"}`))))
		_, err := client.Templates.Create(context.Background(), TemplateFields{Name: "t"})
		if len(got.all()) != c.tries || (err == nil) != (c.tries == 2) {
			t.Errorf("%s: %d tries, %v", name, len(got.all()), err)
		}
	}
}

func TestARetryCarriesTheSameBodyAndIdempotencyKey(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(answers(breakOff, say(503, errorBody), say(200, "{}"))))
	for range 2 {
		if _, err := client.Chat.Completions.Create(context.Background(), ChatRequest{Model: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(got.all()) != 4 {
		t.Fatalf("%d requests", len(got.all()))
	}
	keys := make([]string, 4)
	for i, sent := range got.all() {
		keys[i] = sent.header.Get("Idempotency-Key")
		if !bytes.Equal(sent.body, got.all()[0].body) {
			t.Errorf("body %d is %s", i, sent.body)
		}
	}
	isUUID := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if keys[0] != keys[1] || keys[1] != keys[2] || keys[2] == keys[3] || !isUUID.MatchString(keys[0]) {
		t.Errorf("got %v", keys)
	}
}

func TestOnlyCallsThatArePaidForCarryAKeyOfTheLibrarys(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(say(200, "{}")))
	ctx := context.Background()
	_, _ = client.Compare.Create(ctx, CompareRequest{})
	_, _ = client.Roundtable.Vote(ctx, ask, WithIdempotencyKey("order-17"))
	_, _ = client.Usage.Totals(ctx, UsageFilter{})
	_, _ = client.Roundtable.Stream(ctx, ask)
	if len(got.all()[0].header.Get("Idempotency-Key")) != 36 || got.all()[1].header.Get("Idempotency-Key") != "order-17" {
		t.Errorf("got %v, %v", got.all()[0].header, got.all()[1].header)
	}
	for _, sent := range got.all()[2:] {
		if _, isThere := sent.header["Idempotency-Key"]; isThere {
			t.Errorf("%s has a key", sent.path)
		}
	}
}

func TestErrorsOfEveryFormAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		answer               http.HandlerFunc
		code, message, reqID string
		wait                 time.Duration
	}{
		"an object":              {say(400, `{"error": {"code": "c", "message": "m", "param": null, "details": null}, "request_id": "r"}`), "c", "m", "r", 0},
		"the header's id first":  {say(400, errorBody, "X-Request-Id", "req_h"), "rate_limit_exceeded", "Too many.", "req_h", 0},
		"a string":               {say(400, `{"error": "no", "error_code": "c"}`), "c", "no", "", 0},
		"a string alone":         {say(400, `{"error": "no"}`), "", "no", "", 0},
		"a wait in the body":     {say(400, `{"error": {"code": "c", "message": "m", "retry_after_seconds": 7}}`), "c", "m", "", 7 * time.Second},
		"a wait in the header":   {say(400, `{"error": {"code": "c", "message": "m", "retry_after_seconds": 7}}`, "Retry-After", "9"), "c", "m", "", 9 * time.Second},
		"a wait beyond measure":  {say(400, `{"error": {"code": "c", "message": "m"}}`, "Retry-After", "1e300"), "c", "m", "", 365 * 24 * time.Hour},
		"a negative wait":        {say(400, `{"error": {"code": "c", "message": "m"}}`, "Retry-After", "-5"), "c", "m", "", 0},
		"members of other kinds": {say(400, `{"error": {"code": 7, "message": "m", "details": "d", "param": []}}`), "", "m", "", 0},
		"HTML":                   {say(400, "<html>\n<b>400</b></html>"), "", "POST /v3/roundtable was answered 400 Bad Request without a reason: <html> <b>400</b></html>", "", 0},
		"nothing":                {say(400, ""), "", "POST /v3/roundtable was answered 400 Bad Request without a reason: (nothing)", "", 0},
		"a list":                 {say(400, "[1]"), "", "POST /v3/roundtable was answered 400 Bad Request without a reason: [1]", "", 0},
		"null":                   {say(400, `{"error": null}`), "", `POST /v3/roundtable was answered 400 Bad Request without a reason: {"error": null}`, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := serve(t, c.answer)
			_, err := client.Roundtable.Create(context.Background(), ask)
			var got *APIError
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			if got.Status != 400 || got.Code != c.code || got.Message != c.message || got.RequestID != c.reqID || got.RetryAfter != c.wait {
				t.Errorf("got %+v", got)
			}
			var family Error
			if !errors.As(err, &family) || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWhatIsNoAnswerOfParleysIsAConnectionError(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"HTML": say(200, "<html>welcome</html>", "X-Request-Id", "r"), "nothing": say(200, "", "X-Request-Id", "r"),
		"half": say(200, `{"id": "rt`, "X-Request-Id", "r"), "null": say(200, "null\n", "X-Request-Id", "r"),
	} {
		client, _ := serve(t, answer)
		_, err := client.Roundtable.Create(context.Background(), ask)
		var got *ConnectionError
		if !errors.As(err, &got) || got.Timeout() || got.RequestID != "r" || !strings.Contains(got.Message, "is the server's URL right?") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAHugeAnswerIsReadWhole(t *testing.T) {
	huge := strings.Repeat("ä", 1<<20)
	client, _ := serve(t, say(200, `{"id": "rt_1", "data": "`+huge+`"}`))
	result, err := client.Roundtable.Create(context.Background(), ask)
	if err != nil || result.Data.String() != huge {
		t.Errorf("got %v", err)
	}
}

func TestTheTimeoutHoldsForAllTries(t *testing.T) {
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { untilLeft(r) })
	_, err := client.Roundtable.Create(context.Background(), ask, WithTimeout(20*time.Millisecond))
	var got *ConnectionError
	if !errors.As(err, &got) || !got.Timeout() || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	if got.Message != "POST /v3/roundtable had no answer within 20ms; allow more with WithTimeout" {
		t.Errorf("got %s", got.Message)
	}
}

func TestTheTimeoutEndsAWait(t *testing.T) {
	client, _ := serve(t, say(503, errorBody))
	client.transport.clock = clock{random: func() float64 { return 0 }, sleep: func(ctx context.Context, _ time.Duration) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	_, err := client.Roundtable.Create(context.Background(), ask, WithTimeout(20*time.Millisecond))
	var got *ConnectionError
	if !errors.As(err, &got) || !got.Timeout() {
		t.Errorf("got %v", err)
	}
}

func TestTheContextOfACallHoldsAsWell(t *testing.T) {
	hang := func(w http.ResponseWriter, r *http.Request) { untilLeft(r) }
	t.Run("its deadline is a timeout", func(t *testing.T) {
		client, _ := serve(t, hang)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		_, err := client.Roundtable.Create(ctx, ask)
		var got *ConnectionError
		if !errors.As(err, &got) || !got.Timeout() || !strings.Contains(err.Error(), "its context's deadline") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("its cancellation is no error of Parley's", func(t *testing.T) {
		began, ended := make(chan struct{}), make(chan struct{})
		client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			close(began)
			untilLeft(r)
			close(ended)
		})
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-began
			cancel()
		}()
		_, err := client.Roundtable.Create(ctx, ask)
		var family Error
		if !errors.Is(err, context.Canceled) || errors.As(err, &family) {
			t.Errorf("got %v", err)
		}
		<-ended
	})
	t.Run("it ends a real wait", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := realClock.sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if err := realClock.sleep(context.Background(), 0); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

func TestAServerThatIsNotThereIsAConnectionError(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	client, fake := serve(t, nil, WithURL(server.URL))
	_, err := client.Models.List(context.Background(), ModelFilter{})
	var got *ConnectionError
	if !errors.As(err, &got) || got.Timeout() || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "http://") {
		t.Errorf("got %v", err)
	}
	if len(fake.waits()) != 2 {
		t.Errorf("%d waits", len(fake.waits()))
	}
}

func TestARequestThatCannotBeWrittenIsNotSent(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(say(200, "{}")))
	_, err := client.Chat.Completions.Create(context.Background(), ChatRequest{Extra: map[string]any{"x": make(chan int)}})
	if err == nil || !strings.Contains(err.Error(), "cannot be written as JSON") || len(got.all()) != 0 {
		t.Errorf("got %v", err)
	}
	_, err = client.Chat.Completions.Stream(context.Background(), ChatRequest{ToolChoice: func() {}})
	if err == nil || len(got.all()) != 0 {
		t.Errorf("got %v", err)
	}
}

func TestFurtherFieldsOfAChatGoWithItAndNeverReplaceOthers(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(say(200, "{}")))
	_, err := client.Chat.Completions.Create(context.Background(), ChatRequest{
		Model: "a", Temperature: Ptr(0.0), Extra: map[string]any{"top_k": 3, "model": "b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	assertSameJSON(t, json.RawMessage(got.all()[0].body), []byte(`{"model": "a", "temperature": 0, "top_k": 3}`))
}
