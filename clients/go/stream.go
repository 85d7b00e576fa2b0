package parley

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"
)

// TextDelta is a piece of text from a stream.
type TextDelta struct {
	Index     int    // the seat in a roundtable; -1 for the consolidation, and for compare and chat
	Model     string // who writes
	Text      string // what comes next
	IsSummary bool   // part of the consolidation or comparison rather than of a model's own answer
}

// Stream is an answer under way: events of type E that come to a result R. Range over [Stream.Events] or
// [Stream.TextDeltas], or call [Stream.Final]: each closes the connection at its end, and so does leaving a loop early,
// whereupon the server stops its upstream calls. A stream that may not be read at all needs [Stream.Close]; "defer
// stream.Close()" is never wrong. One goroutine reads a stream; any may close it.
type Stream[E, R any] struct {
	connection *connection
	reader     eventReader[E, R]
	text       TextDelta // of the last event
	err        error     // what ended the stream: io.EOF at its proper end
}

// eventReader is what one API's streams have of their own. It keeps what the whole result takes.
type eventReader[E, R any] interface {
	create(kind string) func() E // makes an empty event of this kind, to decode into; nil for an unknown one
	keep(event E) TextDelta      // the event's text, if it is one
	result() *R                  // nil before all of it has come
}

func stream[E, R any](
	ctx context.Context, t *transport, path string, body any, reader eventReader[E, R], options []Option,
) (*Stream[E, R], error) {
	connection, err := t.open(ctx, path, body, options)
	if err != nil {
		return nil, err
	}
	return &Stream[E, R]{connection: connection, reader: reader}, nil
}

// Events yields each event as it comes. A pair with an error is the last: a [*StreamError] where the server ended the stream, a
// [*ConnectionError] where it broke off, the context's error where that was cancelled. Kinds of events that this version does
// not know are passed over.
func (s *Stream[E, R]) Events() iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		defer s.Close()
		for {
			event, err := s.next()
			if err == io.EOF || !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// TextDeltas yields the text alone, seats interleaved as it comes. It ends as [Stream.Events] does.
func (s *Stream[E, R]) TextDeltas() iter.Seq2[TextDelta, error] {
	return func(yield func(TextDelta, error) bool) {
		for _, err := range s.Events() {
			if (err != nil || s.text != TextDelta{}) && !yield(s.text, err) {
				return
			}
		}
	}
}

// Final reads what is left and returns the whole result, put together from all events, those of an earlier loop too. A stream
// that was left early has none and returns a [*ConnectionError].
func (s *Stream[E, R]) Final() (*R, error) {
	for _, err := range s.Events() {
		if err != nil {
			return nil, err
		}
	}
	if result := s.reader.result(); result != nil {
		return result, nil
	}
	return nil, s.connection.failure("the stream ended without its result", io.ErrUnexpectedEOF)
}

// Close closes the connection; the server then stops what it still does for this stream. Closing twice is fine.
func (s *Stream[E, R]) Close() error { return s.connection.close() }

// RequestID is what the server's log and traces call this request.
func (s *Stream[E, R]) RequestID() string { return s.connection.requestID }

// next returns the next event of a kind that is known.
func (s *Stream[E, R]) next() (E, error) {
	s.text = TextDelta{}
	for s.err == nil {
		var found message
		if found, s.err = s.connection.next(); s.err != nil {
			break
		}
		if create := s.reader.create(found.kind); create != nil {
			event := create()
			if s.err = s.connection.decode(found.data, event); s.err == nil {
				s.text = s.reader.keep(event)
				return event, nil
			}
		}
	}
	var none E
	return none, s.err
}

// idleTimeout is how long a stream may be silent; the server sends a comment every 15 s.
const idleTimeout = 60 * time.Second

// connection is the response behind a stream.
type connection struct {
	request   request
	requestID string
	ctx       context.Context
	cancel    context.CancelCauseFunc
	body      io.ReadCloser
	messages  *messageReader
}

// open asks for a stream, once, and returns when its head is there. After that only silence counts.
func (t *transport) open(ctx context.Context, path string, body any, options []Option) (*connection, error) {
	r := request{method: http.MethodPost, path: path, body: streamed{body}}
	s, encoded, err := t.prepare(r, options)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	head := time.AfterFunc(s.timeout, func() { cancel(r.late(s.timeout)) })
	response, err := s.send(ctx, r, encoded, "text/event-stream")
	if !head.Stop() && err == nil { // the timer went off just as the head came
		response.Body.Close()
		err = r.late(s.timeout)
	}
	if err != nil {
		cancel(nil)
		return nil, err
	}
	c := &connection{request: r, requestID: response.Header.Get("X-Request-Id"), ctx: ctx, cancel: cancel, body: response.Body}
	c.messages = newMessageReader(watched{c, t.idle})
	return c, nil
}

// next returns the next message, or what ends the stream: io.EOF at [DONE], the server's own error, a failure.
func (c *connection) next() (message, error) {
	if c.ctx.Err() != nil { // what is buffered belongs to a stream that was left
		return message{}, c.request.failure(c.ctx, c.requestID, context.Canceled)
	}
	found, err := c.messages.next()
	switch {
	case err == io.EOF:
		return found, err
	case err != nil && c.ctx.Err() != nil:
		return found, c.request.failure(c.ctx, c.requestID, err)
	case err != nil:
		return found, c.failure("the stream broke off before its end", err)
	}
	return c.classify(found)
}

// classify finds an event's kind: a member of its data, else its name, else nothing. The event of kind "error", and an error
// without a kind, ends the stream; an "error" inside any other event is its data.
func (c *connection) classify(m message) (message, error) {
	var data struct{ Type, Event, Error any }
	if err := c.decode(m.data, &data); err != nil {
		return m, err
	}
	ofType, _ := data.Type.(string)
	ofEvent, _ := data.Event.(string)
	m.kind = cmp.Or(ofType, ofEvent, m.kind)
	if m.kind == "error" || m.kind == "" && data.Error != nil {
		told := readProblem(m.data)
		return m, &StreamError{Code: told.Code, Message: told.Message, Details: told.Details, RequestID: c.requestID}
	}
	return m, nil
}

func (c *connection) decode(data []byte, into any) error {
	if err := decode(data, into); err != nil {
		return c.failure("the stream holds what is no event of Parley's", err)
	}
	return nil
}

func (c *connection) failure(what string, err error) error {
	return &ConnectionError{Message: fmt.Sprintf("%v: %s: %v", c.request, what, err), RequestID: c.requestID, Err: err}
}

func (c *connection) close() error {
	c.cancel(&ConnectionError{Message: c.request.String() + ": the stream was left before its end"})
	return c.body.Close()
}

// watched is the body of a stream. A read that waits longer than idle for a byte cuts the connection; time between reads does not
// count, for that the caller is slow is no fault of the server's.
type watched struct {
	*connection
	idle time.Duration
}

func (w watched) Read(p []byte) (int, error) {
	timer := time.AfterFunc(w.idle, func() {
		what := fmt.Sprintf("%v: the stream was silent for %v and counts as cut", w.request, w.idle)
		w.cancel(&ConnectionError{Message: what, Err: io.ErrUnexpectedEOF})
	})
	defer timer.Stop()
	return w.body.Read(p)
}

// streamed is a request whose answer is to be a stream.
type streamed struct{ body any }

func (s streamed) MarshalJSON() ([]byte, error) {
	return object(s.body, map[string]any{"stream": true})
}

// message is one event of a stream: its name, until its data tell its kind, and these data.
type message struct {
	kind string
	data []byte
}

// messageReader reads server-sent events. Source: HTML standard, 9.2.6, but for byte order marks and lone carriage returns.
type messageReader struct{ lines *bufio.Reader }

func newMessageReader(r io.Reader) *messageReader { return &messageReader{bufio.NewReader(r)} }

// next returns the next event that has data. It returns io.EOF at [DONE], and io.ErrUnexpectedEOF, or what the connection broke
// with, where the stream ends before it: an event without its blank line has not arrived.
func (m *messageReader) next() (found message, err error) {
	for {
		line, err := m.lines.ReadBytes('\n')
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			found.kind = string(value)
		case "data":
			found.data = append(append(found.data, value...), '\n')
		}
		if err == nil && len(line) > 0 {
			continue
		}
		found.data = bytes.TrimSuffix(found.data, []byte("\n"))
		switch {
		case string(found.data) == "[DONE]":
			return message{}, io.EOF
		case err == io.EOF:
			return message{}, io.ErrUnexpectedEOF
		case err != nil || len(found.data) > 0:
			return found, err
		}
		found = message{}
	}
}
