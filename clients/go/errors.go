package parley

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Error is any of the errors of this library: [*APIError], [*ConnectionError], [*StreamError] or [*OutputError].
type Error interface {
	error
	isParleyError()
}

// APIError is an answer with another status than 2xx.
type APIError struct {
	Status        int             `json:"-"`              // HTTP status
	Code          string          `json:"code"`           // what happened, such as "not_found"; empty where a proxy answered
	Message       string          `json:"message"`        // what was wrong and what would be right
	Param         string          `json:"param"`          // the field at fault, such as "models[1].temperature"
	Details       []ErrorDetail   `json:"details"`        // one for each fault or failed model
	ProviderError json.RawMessage `json:"provider_error"` // what the provider said, of a chat call that failed there
	RetryAfter    time.Duration   `json:"-"`              // the wait before another try; 0 where the server does not say
	RequestID     string          `json:"-"`              // what the server's log and traces call this request
}

// ConnectionError says that no whole answer came: no connection, a broken one, a timeout, or an answer that is not Parley's.
type ConnectionError struct {
	Message   string // what happened and what to do next
	RequestID string // empty where no head arrived
	Err       error  // the cause; may be nil

	isBroken bool // no connection, or one that broke: worth another try
}

// StreamError is the error with which the server ended a stream.
type StreamError struct {
	Code      string        // what happened, such as "all_models_failed"
	Message   string        // the same as a sentence
	Details   []ErrorDetail // one for each failed model
	RequestID string        // what the server's log and traces call this request
}

// OutputError says that an answer did not fit the type that [Parse] was asked for.
type OutputError struct {
	Message string            // where and how it does not fit
	Raw     *RoundtableResult // the whole answer, which was paid for
	Err     error             // the cause; may be nil
}

// Error names the status, the code, the message and the request.
func (e *APIError) Error() string {
	return fmt.Sprintf("parley: %d %s: %s (request %s)", e.Status, e.Code, e.Message, e.RequestID)
}

// Error is the message.
func (e *ConnectionError) Error() string { return "parley: " + e.Message }

// Error names the code, the message and the request.
func (e *StreamError) Error() string {
	return fmt.Sprintf("parley: the stream ended with %s: %s (request %s)", e.Code, e.Message, e.RequestID)
}

// Error is the message.
func (e *OutputError) Error() string { return "parley: " + e.Message }

// Unwrap returns the cause.
func (e *ConnectionError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *OutputError) Unwrap() error { return e.Err }

// Timeout says whether time ran out: that of [WithTimeout], of the context, or of the network.
func (e *ConnectionError) Timeout() bool {
	var cause interface{ Timeout() bool }
	return errors.As(e.Err, &cause) && cause.Timeout()
}

func (*APIError) isParleyError()        {}
func (*ConnectionError) isParleyError() {}
func (*StreamError) isParleyError()     {}
func (*OutputError) isParleyError()     {}

// ErrorDetail is one fault of a request (Type, Loc, Msg) or the failure of one model (Index, Model, Error, ErrorCode).
type ErrorDetail struct {
	Type      string `json:"type,omitempty"`       // kind of fault, such as "missing"
	Loc       []any  `json:"loc,omitempty"`        // path of the field: names, and places in lists as [json.Number]
	Msg       string `json:"msg,omitempty"`        // what is wrong and what would be right
	Index     *int   `json:"index,omitempty"`      // the seat, in a roundtable
	Model     string `json:"model,omitempty"`      // the model that failed
	Error     string `json:"error,omitempty"`      // why, as a sentence
	ErrorCode string `json:"error_code,omitempty"` // why, as a slug
}

// readProblem reads an error in each of its forms: an object, or a sentence with its code and details beside it. What is of
// an unexpected kind counts as absent: a proxy's error must not hide behind one of ours.
func readProblem(data []byte) *APIError {
	var body struct {
		Error     json.RawMessage
		Code      string `json:"error_code"`
		Details   []ErrorDetail
		RequestID string `json:"request_id"`
	}
	_ = decode(data, &body)
	object := struct {
		APIError
		RetryAfter float64 `json:"retry_after_seconds"`
	}{APIError: APIError{Code: body.Code, Details: body.Details, RequestID: body.RequestID}}
	_ = decode(body.Error, &object)
	_ = json.Unmarshal(body.Error, &object.Message)
	object.APIError.RetryAfter = asWait(object.RetryAfter)
	return &object.APIError
}
