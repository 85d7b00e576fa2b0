package parley

import (
	"context"
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
