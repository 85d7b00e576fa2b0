package parley

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"
)

const golden = "../../contracts/golden"

var ask = RoundtableRequest{Input: "Should a small team start with a monolith?", Models: Seats("a", "b")}

// goldenCases returns the folders of one API that hold a file of this name.
func goldenCases(t *testing.T, api, name string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(golden, api, "*", name))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skip("the golden files are in the repository, not in the module: nothing to read at " + golden)
	}
	return found
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// fakeTime answers every sleep at once and keeps how long it would have been.
type fakeTime struct {
	lock  sync.Mutex
	slept []time.Duration
	luck  float64
}

func (f *fakeTime) clock() clock {
	return clock{
		sleep: func(ctx context.Context, wait time.Duration) error {
			f.lock.Lock()
			defer f.lock.Unlock()
			f.slept = append(f.slept, wait)
			return ctx.Err()
		},
		random: func() float64 { return f.luck },
	}
}

func (f *fakeTime) waits() []time.Duration {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.slept
}

// serve runs a handler on a free port and returns a client of it whose time is fake.
func serve(t *testing.T, handler http.HandlerFunc, options ...Option) (*Client, *fakeTime) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Setenv("PARLEY_API_KEY", "")
	client, err := New(append([]Option{WithURL(server.URL)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	fake := &fakeTime{luck: 1}
	client.transport.clock = fake.clock()
	t.Cleanup(client.transport.client.CloseIdleConnections)
	return client, fake
}

// answers plays one handler after the other; the last one stays.
func answers(handlers ...http.HandlerFunc) http.HandlerFunc {
	var lock sync.Mutex
	next := 0
	return func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		handler := handlers[min(next, len(handlers)-1)]
		next++
		lock.Unlock()
		handler(w, r)
	}
}

// say answers with a status, a body and headers in pairs.
func say(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// breakOff closes the connection without an answer.
func breakOff(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		connection.Close()
	}
}

// untilLeft waits for the client to go. Only a server that has read the whole request notices.
func untilLeft(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// recorded is what a server was sent.
type recorded struct {
	method, path, query string
	header              http.Header
	body                []byte
}

// recorder keeps each request.
type recorder struct {
	lock sync.Mutex
	sent []recorded
}

// then returns a handler that keeps the request and lets another answer it.
func (r *recorder) then(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.lock.Lock()
		r.sent = append(r.sent, recorded{request.Method, request.URL.EscapedPath(), request.URL.RawQuery, request.Header, body})
		r.lock.Unlock()
		handler(w, request)
	}
}

func (r *recorder) all() []recorded {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.sent
}

// assertSameJSON compares two values as JSON; an absent member and null are one thing.
func assertSameJSON(t *testing.T, got any, want []byte) {
	t.Helper()
	written, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(plain(t, written), plain(t, want)) {
		t.Errorf("got  %s\nwant %s", written, want)
	}
}

func plain(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return withoutNulls(value)
}

func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if member == nil {
				delete(value, name)
			} else {
				value[name] = withoutNulls(member)
			}
		}
	case []any:
		for i := range value {
			value[i] = withoutNulls(value[i])
		}
	}
	return value
}

// streamOf returns a stream that reads from r instead of a server.
func streamOf[E, R any](t *testing.T, r io.Reader, reader eventReader[E, R]) *Stream[E, R] {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	t.Cleanup(func() { cancel(nil) })
	return &Stream[E, R]{reader: reader, connection: &connection{
		request: request{method: "POST", path: "/stream"}, requestID: "req_1", ctx: ctx, cancel: cancel,
		body: io.NopCloser(r), messages: newMessageReader(r),
	}}
}

// dataOf returns the data of each event of a golden stream, without [DONE].
func dataOf(sse []byte) [][]byte {
	var found [][]byte
	for _, line := range bytes.Split(sse, []byte("\n")) {
		if data, isData := bytes.CutPrefix(line, []byte("data: ")); isData && string(data) != "[DONE]" {
			found = append(found, data)
		}
	}
	return found
}

// waitUntil returns when isSo does, and fails where that takes too long to be true at all.
func waitUntil(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !isSo(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}
