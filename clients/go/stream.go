package parley

import (
	"context"
	"errors"
	"io"
	"iter"
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
	err        error // what ended the stream: io.EOF at its proper end
}

// eventReader turns messages into one API's events and keeps what the whole result takes.
type eventReader[E, R any] interface {
	read(message) (event E, isKnown bool, err error) // err: what is no event, or a *StreamError
	text(E) (delta TextDelta, isText bool)
	result() *R // nil before all of it has come
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
		for event, err := range s.Events() {
			if err != nil {
				yield(TextDelta{}, err)
				return
			}
			if delta, isText := s.reader.text(event); isText && !yield(delta, nil) {
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

func (s *Stream[E, R]) next() (event E, err error) {
	for s.err == nil {
		var isKnown bool
		if event, isKnown, s.err = s.advance(); isKnown {
			return event, nil
		}
	}
	return event, s.err
}

func (s *Stream[E, R]) advance() (event E, isKnown bool, err error) {
	message, err := s.connection.next()
	if err != nil {
		return event, false, err
	}
	event, isKnown, err = s.reader.read(message)
	var told *StreamError
	if errors.As(err, &told) {
		told.RequestID = s.connection.requestID
	} else if err != nil {
		err = s.connection.failure("the stream holds what is no event of Parley's", err)
	}
	return event, isKnown, err
}

// readEvent decodes a message into the event of its kind; isKnown is false for other kinds.
func readEvent[E any](m message, member string, kinds map[string]func() E) (event E, isKnown bool, err error) {
	kind, err := readKind(m, member)
	create, isKnown := kinds[kind]
	if err != nil || !isKnown {
		return event, false, err
	}
	created := create()
	if err := decode(m.data, created); err != nil {
		return event, false, err
	}
	return created, true, nil
}

// readKind returns what tells an event's kind: a member of its data, else its name. The event of kind "error", and an error
// without a kind, is a *StreamError; an "error" inside any other event is its data.
func readKind(m message, member string) (string, error) {
	var members map[string]any
	if err := decode(m.data, &members); err != nil {
		return "", err
	}
	kind, isText := members[member].(string)
	if !isText {
		kind = m.name
	}
	if kind == "error" || kind == "" && members["error"] != nil {
		found := readProblem(m.data)
		return "", &StreamError{Code: found.Code, Message: found.Message, Details: found.Details}
	}
	return kind, nil
}
