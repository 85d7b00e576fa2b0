package parley

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The most of an error's body that is read, and of a body that is no JSON that is shown.
const (
	mostErrorBytes = 1 << 20
	mostShownBytes = 200
)

// transport brings requests to the server and answers back.
type transport struct {
	settings
	clock clock
	idle  time.Duration
}

// request is one call as a resource describes it.
type request struct {
	method, path  string
	query         url.Values
	body          any  // nil: none
	isPaid        bool // asks models: carries an Idempotency-Key, so that a lost answer is not paid for twice
	onlyIfRefused bool // may be made again only where the server said that it did nothing
}

func (r request) String() string { return r.method + " " + r.path }

// below returns the path of one of the things that a list holds.
func below(list, id string) string { return list + "/" + url.PathEscape(id) }

// fetch makes a plain call and returns its answer.
func fetch[T any](ctx context.Context, t *transport, r request, options []Option) (T, error) {
	var answer, none T
	if err := t.call(ctx, r, &answer, options); err != nil {
		return none, err
	}
	return answer, nil
}

// call makes a plain call and stores its answer in what into points to, unless into is nil.
func (t *transport) call(ctx context.Context, r request, into any, options []Option) error {
	s, body, err := t.prepare(r, options)
	if err != nil {
		return err
	}
	if r.isPaid && s.idempotencyKey == nil {
		s.idempotencyKey = Ptr(newUUID())
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, r.late(s.timeout))
	defer cancel()
	deadline, _ := ctx.Deadline()
	for attempt := 0; ; attempt++ {
		err := s.attempt(ctx, r, body, into)
		wait, isWorthIt := t.clock.waitAfter(attempt, err, r.onlyIfRefused)
		if !isWorthIt || attempt >= s.maxRetries || wait >= time.Until(deadline) {
			return err
		}
		if slept := t.clock.sleep(ctx, wait); slept != nil {
			return r.failure(ctx, "", slept)
		}
	}
}

// prepare returns the settings of one call and its body.
func (t *transport) prepare(r request, options []Option) (s settings, body []byte, err error) {
	if s, err = t.with(options); err != nil {
		return s, nil, err
	}
	if strings.Contains(r.path+"/", "//") {
		return s, nil, fmt.Errorf("parley: the id of %v is empty; the list names the ids", r)
	}
	if r.body != nil {
		if body, err = json.Marshal(r.body); err != nil {
			return s, nil, fmt.Errorf("parley: the request of %v cannot be written as JSON: %w", r, err)
		}
	}
	return s, body, nil
}

func (s settings) attempt(ctx context.Context, r request, body []byte, into any) error {
	response, err := s.send(ctx, r, body, "application/json")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if into == nil {
		return nil
	}
	requestID := response.Header.Get("X-Request-Id")
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return r.failure(ctx, requestID, err)
	}
	if err = decode(answer, into); string(bytes.TrimSpace(answer)) == "null" {
		err = errors.New("null is no answer")
	}
	if err != nil {
		what := fmt.Sprintf("%v answered %s with what is no answer of Parley's (%v): %s; is the server's URL right?",
			r, response.Status, err, shown(answer))
		return &ConnectionError{Message: what, RequestID: requestID, Err: err}
	}
	return nil
}

// send returns the response once its head is there and its status is 2xx. The caller closes its body.
func (s settings) send(ctx context.Context, r request, body []byte, accept string) (*http.Response, error) {
	message, err := http.NewRequestWithContext(ctx, r.method, s.url+r.path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("parley: %w", err)
	}
	message.URL.RawQuery = r.query.Encode()
	message.Header.Set("Accept", accept)
	message.Header.Set("User-Agent", "parley-go/"+Version)
	if body != nil {
		message.Header.Set("Content-Type", "application/json")
	}
	if s.key != nil {
		message.Header.Set("Authorization", "Bearer "+*s.key)
	}
	if s.idempotencyKey != nil {
		message.Header.Set("Idempotency-Key", *s.idempotencyKey)
	}
	response, err := s.client.Do(message)
	if err != nil {
		return nil, r.failure(ctx, "", err)
	}
	if response.StatusCode/100 != 2 {
		defer response.Body.Close()
		return nil, r.readAPIError(ctx, response)
	}
	return response, nil
}

func (r request) readAPIError(ctx context.Context, response *http.Response) error {
	requestID := response.Header.Get("X-Request-Id")
	body, err := io.ReadAll(io.LimitReader(response.Body, mostErrorBytes))
	if err != nil {
		return r.failure(ctx, requestID, err)
	}
	found := readProblem(body)
	found.Status = response.StatusCode
	found.RequestID = cmp.Or(requestID, found.RequestID)
	found.RetryAfter = cmp.Or(readRetryAfter(response.Header.Get("Retry-After")), found.RetryAfter)
	if found.Message == "" {
		found.Message = fmt.Sprintf("%v was answered %s without a reason: %s", r, response.Status, shown(body))
	}
	return found
}

// late is the error of a call whose own timeout is over.
func (r request) late(timeout time.Duration) *ConnectionError {
	what := fmt.Sprintf("%v had no answer within %v; allow more with WithTimeout", r, timeout)
	return &ConnectionError{Message: what, Err: context.DeadlineExceeded}
}

// failure tells why no whole answer came: the library gave up, and its error is the context's cause; the caller did; or the
// connection broke with err.
func (r request) failure(ctx context.Context, requestID string, err error) error {
	var own *ConnectionError
	var wrapper *url.Error
	switch {
	case ctx.Err() == nil:
		if errors.As(err, &wrapper) { // which would repeat method and URL
			err = wrapper.Err
		}
		return &ConnectionError{fmt.Sprintf("%v: no whole answer came: %v", r, err), requestID, err, true}
	case errors.As(context.Cause(ctx), &own):
		return &ConnectionError{own.Message, requestID, own.Err, false}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &ConnectionError{r.String() + " had no answer before its context's deadline", requestID, ctx.Err(), false}
	}
	return fmt.Errorf("parley: %v was cancelled: %w", r, ctx.Err())
}

// decode reads one JSON value; numbers whose type is open stay as they are written.
func decode(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err := decoder.Decode(into)
	if _, behind := decoder.Token(); err == nil && behind != io.EOF {
		err = errors.New("there is more behind the JSON value")
	}
	return err
}

// shown returns the beginning of a body for a message, on one line.
func shown(body []byte) string {
	text := strings.Join(strings.Fields(string(body[:min(len(body), mostShownBytes)])), " ")
	return cmp.Or(strings.ToValidUTF8(text, ""), "(nothing)")
}

// object returns known, a struct, as a JSON object, together with those members of extra that known does not have.
func object(known any, extra map[string]any) ([]byte, error) {
	if len(extra) == 0 {
		return json.Marshal(known)
	}
	var members map[string]json.RawMessage // as they stand: the order inside a schema is kept
	for _, part := range []any{extra, known} {
		body, err := json.Marshal(part)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(body, &members); err != nil { // which replaces what both have
			return nil, err
		}
	}
	return json.Marshal(members)
}

// newUUID returns a random UUID. Source: RFC 9562, version 4.
func newUUID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("parley: the system gives no random bytes: " + err.Error())
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
