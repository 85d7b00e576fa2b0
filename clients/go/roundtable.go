package parley

import (
	"cmp"
	"context"
	"encoding/json"
)

// Resolution is what becomes of the answers of a roundtable.
type Resolution string

// The resolutions; an empty one is ResolutionSummary.
const (
	ResolutionSummary        Resolution = "summary"         // merged by one more call
	ResolutionFast           Resolution = "fast"            // handed back as they are
	ResolutionMultipleChoice Resolution = "multiple_choice" // counted as votes for one of the choices
)

// RoundtableRequest is one question to several seats.
type RoundtableRequest struct {
	Input        string          `json:"input"`                   // the question, sent byte for byte
	Models       []Seat          `json:"models"`                  // 1 to 32; see [Seats]
	Resolution   Resolution      `json:"resolution,omitempty"`    // ResolutionSummary unless said
	Choices      []string        `json:"choices,omitempty"`       // 2 to 100, with ResolutionMultipleChoice alone
	Instructions string          `json:"instructions,omitempty"`  // system prompt of every model call
	OutputSchema json.RawMessage `json:"output_schema,omitempty"` // a JSON Schema, as [Schema] makes it; see [Parse]
	SummaryModel string          `json:"summary_model,omitempty"` // who merges or breaks a tie
	MaxRetries   *int            `json:"max_retries,omitempty"`   // the server's own, per seat: 0 to 3; 1 unless said
	TimeoutMS    int             `json:"timeout_ms,omitempty"`    // per seat, milliseconds: up to 300000; 120000 unless said
}

// Seat is one model's place in a panel, with what holds for it alone.
type Seat struct {
	Name        string   `json:"name"`                  // as [ModelsService.List] names it
	Temperature *float64 `json:"temperature,omitempty"` // 0 to 2
	MaxTokens   int      `json:"max_tokens,omitempty"`  // at least 1
	TopP        *float64 `json:"top_p,omitempty"`       // 0 to 1
	Reasoning   string   `json:"reasoning,omitempty"`   // "low", "medium", "high" or "max"
}

// Seats returns a seat for each name; the same model may sit more than once.
func Seats(names ...string) []Seat {
	seats := make([]Seat, len(names))
	for i, name := range names {
		seats[i].Name = name
	}
	return seats
}

// MarshalJSON writes a seat without settings as its bare name.
func (s Seat) MarshalJSON() ([]byte, error) {
	if s == (Seat{Name: s.Name}) {
		return json.Marshal(s.Name)
	}
	type plain Seat
	return json.Marshal(plain(s))
}

// RoundtableResult is what a roundtable came to.
type RoundtableResult struct {
	ID           string         `json:"id"`            // "rt_" and a ULID
	Data         Data           `json:"data"`          // the consolidated answer or the winning choice; nothing with ResolutionFast
	Meta         RoundtableMeta `json:"meta"`          // how it came about
	ModelResults []SeatResult   `json:"model_results"` // one per seat, in request order
}

// RoundtableMeta tells how an answer came about.
type RoundtableMeta struct {
	Resolution          Resolution    `json:"resolution"`                  // as asked for
	ModelsUsed          []string      `json:"models_used"`                 // the seats that answered, in request order
	TotalCost           float64       `json:"total_cost"`                  // US dollars, as far as prices are known
	TotalDurationMS     int64         `json:"total_duration_ms"`           // milliseconds
	SummaryModel        string        `json:"summary_model,omitempty"`     // who consolidated; empty if nobody had to
	SummaryUsage        *Usage        `json:"summary_usage,omitempty"`     // tokens of the consolidation
	TraceUUID           string        `json:"trace_uuid"`                  // for [TracesService.Get]
	Partial             bool          `json:"partial"`                     // a seat failed or is schema-invalid
	CostComplete        bool          `json:"cost_complete"`               // TotalCost is all
	SummaryFallbackUsed bool          `json:"summary_fallback_used"`       // another model than asked for had to consolidate
	SummaryError        *SummaryError `json:"summary_error,omitempty"`     // why Data is nothing or breaks off
	SummaryTruncated    bool          `json:"summary_truncated,omitempty"` // the answers were cut to fit the consolidation model
	Vote                *Vote         `json:"vote,omitempty"`              // the count, with ResolutionMultipleChoice
}

// SummaryError says why there is no consolidated answer, or only a part of it.
type SummaryError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Vote is how the seats voted.
type Vote struct {
	Tally    []Tally `json:"tally"`               // every choice, in request order
	Tie      bool    `json:"tie"`                 // two or more choices had the most votes
	TieBreak string  `json:"tie_break,omitempty"` // who settled it: "judge" or "seat_order"; empty without a tie
	Share    float64 `json:"share"`               // the winner's share of the valid votes
}

// Tally is the votes for one choice.
type Tally struct {
	Choice string `json:"choice"` // as written in the request
	Votes  int    `json:"votes"`
	Seats  []int  `json:"seats"` // indices of the seats that chose it
}

// SeatResult is what one seat said, or why it could not.
type SeatResult struct {
	Index int `json:"index"` // place in the request, from 0
	SeatAnswer
	Error    string   `json:"error,omitempty"`    // why the seat failed, as a sentence
	Attempts int      `json:"attempts"`           // calls made for this seat
	Warnings []string `json:"warnings,omitempty"` // what the model could not be given
}

// SeatAnswer is what a seat's result and its event in a stream have in common.
type SeatAnswer struct {
	Model        string   `json:"model"`                   // as asked for
	Data         Data     `json:"data"`                    // text, JSON value or choice; nothing where the seat failed
	DurationMS   int64    `json:"duration_ms"`             // milliseconds, retries included
	FinishReason string   `json:"finish_reason,omitempty"` // "stop", "length", "tool_calls" or "content_filter"
	Cost         *float64 `json:"cost,omitempty"`          // US dollars; nil where the price is not known
	Usage        *Usage   `json:"usage,omitempty"`         // tokens of all its attempts
	ErrorCode    string   `json:"error_code,omitempty"`    // why the seat failed, as a slug
	SchemaValid  *bool    `json:"schema_valid,omitempty"`  // with OutputSchema: whether Data fits it
	SchemaError  string   `json:"schema_error,omitempty"`  // where it does not
}

// Usage is tokens as a roundtable counts them.
type Usage struct {
	InputTokens         int64  `json:"input_tokens"`                    // cached input included
	OutputTokens        int64  `json:"output_tokens"`                   // reasoning included
	CacheReadTokens     *int64 `json:"cache_read_tokens,omitempty"`     // part of the input
	CacheCreationTokens *int64 `json:"cache_creation_tokens,omitempty"` // part of the input
	ReasoningTokens     *int64 `json:"reasoning_tokens,omitempty"`      // part of the output
	Estimated           bool   `json:"estimated,omitempty"`             // counted from the text, not by the provider
}

// RoundtableService asks several models one question.
type RoundtableService struct{ transport *transport }

const roundtablePath = "/v3/roundtable"

// Create asks and waits for the whole result. That some seats failed is no error: see SeatResult.Error.
func (s *RoundtableService) Create(ctx context.Context, req RoundtableRequest, options ...Option) (*RoundtableResult, error) {
	return fetch[*RoundtableResult](ctx, s.transport, request{method: "POST", path: roundtablePath, body: req, isPaid: true}, options)
}

// Vote lets the seats choose one of req.Choices, by plurality; the winner is the result's Data, the count its Meta.Vote.
func (s *RoundtableService) Vote(ctx context.Context, req RoundtableRequest, options ...Option) (*RoundtableResult, error) {
	req.Resolution = ResolutionMultipleChoice
	return s.Create(ctx, req, options...)
}

// Stream asks and returns as soon as the server has begun to answer.
func (s *RoundtableService) Stream(ctx context.Context, req RoundtableRequest, options ...Option) (*RoundtableStream, error) {
	return stream(ctx, s.transport, roundtablePath, req, &roundtableReader{}, options)
}

// RoundtableStream is a roundtable under way.
type RoundtableStream = Stream[RoundtableEvent, RoundtableResult]

// RoundtableEvent is one of *RoundtableStart, *RoundtableModelDelta, *RoundtableModelDone, *RoundtableModelError,
// *RoundtableSummaryDelta and *RoundtableDone; a type switch tells them apart.
type RoundtableEvent interface{ addTo(*roundtableReader) }

// RoundtableStart comes at once, before any model answers.
type RoundtableStart struct {
	Type   string   `json:"type"`   // "start"
	ID     string   `json:"id"`     // the roundtable's
	Models []string `json:"models"` // of the seats, in request order
}

// RoundtableModelDelta is text of one seat; not with ResolutionMultipleChoice, not with OutputSchema.
type RoundtableModelDelta struct {
	Type       string `json:"type"`        // "model_delta"
	ModelIndex int    `json:"model_index"` // the seat
	Model      string `json:"model"`
	Delta      string `json:"delta"` // what comes next
}

// RoundtableModelDone says that a seat has answered.
type RoundtableModelDone struct {
	Type       string `json:"type"`        // "model_done"
	ModelIndex int    `json:"model_index"` // the seat
	SeatAnswer
}

// RoundtableModelError says that a seat has failed; the stream goes on.
type RoundtableModelError struct {
	Type        string `json:"type"`        // "model_error"
	ModelIndex  int    `json:"model_index"` // the seat
	Model       string `json:"model"`
	Error       string `json:"error"`                  // why, as a sentence
	ErrorCode   string `json:"error_code"`             // why, as a slug
	PartialText string `json:"partial_text,omitempty"` // what had arrived
}

// RoundtableSummaryDelta is text of the consolidation; not with OutputSchema.
type RoundtableSummaryDelta struct {
	Type  string `json:"type"` // "summary_delta"
	Model string `json:"model"`
	Delta string `json:"delta"` // what comes next
}

// RoundtableDone is the whole result, the last event.
type RoundtableDone struct {
	Type string `json:"type"` // "done"
	RoundtableResult
}

func (*RoundtableStart) addTo(*roundtableReader)      {}
func (*RoundtableModelDone) addTo(*roundtableReader)  {}
func (*RoundtableModelError) addTo(*roundtableReader) {}

func (e *RoundtableModelDelta) addTo(r *roundtableReader) {
	r.text = TextDelta{Index: e.ModelIndex, Model: e.Model, Text: e.Delta}
}

func (e *RoundtableSummaryDelta) addTo(r *roundtableReader) {
	r.text = TextDelta{Index: -1, Model: e.Model, Text: e.Delta, IsSummary: true}
}

func (e *RoundtableDone) addTo(r *roundtableReader) { r.whole = &e.RoundtableResult }

// roundtableKinds makes an empty event of each kind, to decode into.
var roundtableKinds = map[string]func() RoundtableEvent{
	"start":         func() RoundtableEvent { return new(RoundtableStart) },
	"model_delta":   func() RoundtableEvent { return new(RoundtableModelDelta) },
	"model_done":    func() RoundtableEvent { return new(RoundtableModelDone) },
	"model_error":   func() RoundtableEvent { return new(RoundtableModelError) },
	"summary_delta": func() RoundtableEvent { return new(RoundtableSummaryDelta) },
	"done":          func() RoundtableEvent { return new(RoundtableDone) },
}

// roundtableReader waits for the result, which the last event carries.
type roundtableReader struct {
	text  TextDelta // of the last event
	whole *RoundtableResult
}

func (*roundtableReader) create(kind string) func() RoundtableEvent { return roundtableKinds[kind] }

func (r *roundtableReader) keep(event RoundtableEvent) TextDelta {
	r.text = TextDelta{}
	event.addTo(r)
	return r.text
}

func (r *roundtableReader) result() *RoundtableResult { return r.whole }

// Data is an answer: a text, a choice, the JSON value that a schema asked for, or nothing.
type Data struct{ json string }

// String returns the text, or the JSON text of another value, or "" for nothing.
func (d Data) String() string {
	var text string
	if d.Decode(&text) == nil {
		return text
	}
	return d.json
}

// IsNull says whether there is no answer.
func (d Data) IsNull() bool { return d.text() == "null" }

// Decode stores the JSON value in what into points to, as [json.Unmarshal] does.
func (d Data) Decode(into any) error { return json.Unmarshal([]byte(d.text()), into) }

// MarshalJSON returns the value as the server sent it.
func (d Data) MarshalJSON() ([]byte, error) { return []byte(d.text()), nil }

// UnmarshalJSON keeps the value as it stands.
func (d *Data) UnmarshalJSON(data []byte) error {
	d.json = string(data)
	return nil
}

func (d Data) text() string { return cmp.Or(d.json, "null") }
