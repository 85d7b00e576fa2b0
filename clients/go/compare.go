package parley

import (
	"context"
	"slices"
	"strings"
)

// CompareRequest is one conversation with several models.
type CompareRequest struct {
	Models                 []string          `json:"models"`                            // 1 to 10
	Messages               []Message         `json:"messages,omitempty"`                // may be empty beside Template
	ModelOverrides         []ModelOverride   `json:"model_overrides,omitempty"`         // what holds for one model alone
	ComparisonModel        string            `json:"comparison_model,omitempty"`        // who compares
	ComparisonInstructions string            `json:"comparison_instructions,omitempty"` // added to the comparison's own
	Temperature            *float64          `json:"temperature,omitempty"`             // 0 to 2, for every model
	MaxTokens              int               `json:"max_tokens,omitempty"`              // for every model, never for the comparison
	SkipComparison         bool              `json:"skip_comparison,omitempty"`         // answers side by side and no more
	Cache                  bool              `json:"cache,omitempty"`                   // answers of the last 24 hours will do
	Template               string            `json:"template,omitempty"`                // name or id of a stored template
	Variables              map[string]string `json:"variables,omitempty"`               // values of its placeholders
}

// ModelOverride is what holds for one model of a comparison alone.
type ModelOverride struct {
	Model        string   `json:"model"`                   // one of CompareRequest.Models
	Temperature  *float64 `json:"temperature,omitempty"`   // 0 to 2
	MaxTokens    int      `json:"max_tokens,omitempty"`    // at least 1
	SystemPrompt *string  `json:"system_prompt,omitempty"` // replaces the conversation's
}

// CompareResult is what a comparison came to. The result of a stream lacks Created and TraceUUID, which no event carries.
type CompareResult struct {
	CompareOutcome
	Object          string        `json:"object"`                     // "compare.completion"
	Created         int64         `json:"created,omitempty"`          // seconds since 1970
	Models          []string      `json:"models"`                     // as asked for, without duplicates
	Results         []ModelResult `json:"results"`                    // one per model, in the order of Models
	Comparison      string        `json:"comparison,omitempty"`       // empty without
	ComparisonUsage *ChatUsage    `json:"comparison_usage,omitempty"` // tokens of the comparison
	TraceUUID       string        `json:"trace_uuid,omitempty"`       // for [TracesService.Get]
}

// CompareOutcome is what a comparison's result and the last event of its stream have in common.
type CompareOutcome struct {
	ComparisonID           string  `json:"comparison_id"`              // "cmp_" and a ULID
	ComparisonModel        string  `json:"comparison_model,omitempty"` // who compared, or was tried last
	ComparisonFallbackUsed bool    `json:"comparison_fallback_used"`   // another model than asked for had to compare
	TotalLatencyMS         int64   `json:"total_latency_ms"`           // milliseconds
	Partial                bool    `json:"partial"`                    // a model failed
	SkipComparison         bool    `json:"skip_comparison"`            // as asked for
	TotalCost              float64 `json:"total_cost"`                 // US dollars, as far as prices are known
}

// ModelResult is what one model of a comparison said, or why it could not.
type ModelResult struct {
	Model        string          `json:"model"`                   // as asked for
	ResponseBody *ChatCompletion `json:"response_body,omitempty"` // nil where the model failed
	Content      string          `json:"content,omitempty"`       // empty where the model failed
	LatencyMS    int64           `json:"latency_ms"`              // milliseconds, its retry included
	Error        string          `json:"error,omitempty"`         // why the model failed, as a sentence
	ErrorCode    string          `json:"error_code,omitempty"`    // the same as a slug
	Usage        *ChatUsage      `json:"usage,omitempty"`         // tokens of all attempts
	RequestID    string          `json:"request_id"`              // what logs and traces call the request
	FinishReason string          `json:"finish_reason,omitempty"` // "stop", "length", "tool_calls" or "content_filter"
	Cost         *float64        `json:"cost,omitempty"`          // US dollars; nil where the price is not known
	Warnings     []string        `json:"warnings,omitempty"`      // what the model could not be given
}

// CompareService lets several models continue one conversation.
type CompareService struct{ transport *transport }

const comparePath = "/v1/chat/compare"

// Create asks and waits for the whole result. That some models failed is no error: see ModelResult.Error.
func (s *CompareService) Create(ctx context.Context, req CompareRequest, options ...Option) (*CompareResult, error) {
	return fetch[*CompareResult](ctx, s.transport, request{method: "POST", path: comparePath, body: req, isPaid: true}, options)
}

// Stream asks and returns as soon as the server has begun to answer.
func (s *CompareService) Stream(ctx context.Context, req CompareRequest, options ...Option) (*CompareStream, error) {
	return stream(ctx, s.transport, comparePath, req, &compareReader{}, options)
}

// CompareStream is a comparison under way.
type CompareStream = Stream[CompareEvent, CompareResult]

// CompareEvent is one of *ComparisonStart, *ComparisonModelChunk, *ComparisonModelStreamDone, *ComparisonModelResult,
// *ComparisonChunk and *ComparisonDone; a type switch tells them apart.
type CompareEvent interface{ addTo(*compareReader) }

// ComparisonStart comes at once, before any model answers.
type ComparisonStart struct {
	Event          string   `json:"event"` // "comparison_start"
	ComparisonID   string   `json:"comparison_id"`
	Models         []string `json:"models"` // without duplicates
	SkipComparison bool     `json:"skip_comparison"`
}

// ComparisonModelChunk is text of one model, with SkipComparison alone.
type ComparisonModelChunk struct {
	Event string `json:"event"` // "model_chunk"
	Model string `json:"model"`
	Delta string `json:"delta"` // what comes next
}

// ComparisonModelStreamDone says that a model has finished or failed, with SkipComparison. It has no ResponseBody.
type ComparisonModelStreamDone struct {
	Event string `json:"event"` // "model_stream_done"
	ModelResult
}

// ComparisonModelResult says that a model has finished or failed, without SkipComparison; its text was not streamed.
type ComparisonModelResult struct {
	Event string `json:"event"` // "model_result"
	ModelResult
}

// ComparisonChunk is text of the comparison.
type ComparisonChunk struct {
	Event           string `json:"event"`            // "comparison_chunk"
	ComparisonModel string `json:"comparison_model"` // who compares
	Delta           string `json:"delta"`            // what comes next
}

// ComparisonDone is the last event.
type ComparisonDone struct {
	Event string `json:"event"` // "done"
	CompareOutcome
	Usage     *ChatUsage `json:"usage,omitempty"`      // tokens of the comparison
	ErrorCode string     `json:"error_code,omitempty"` // why the comparison breaks off, or why there is none
}

func (e *ComparisonStart) addTo(r *compareReader)           { r.whole.Models = e.Models }
func (e *ComparisonModelStreamDone) addTo(r *compareReader) { r.add(e.ModelResult) }
func (e *ComparisonModelResult) addTo(r *compareReader)     { r.add(e.ModelResult) }

func (e *ComparisonModelChunk) addTo(r *compareReader) {
	r.text = TextDelta{Index: -1, Model: e.Model, Text: e.Delta}
}

func (e *ComparisonChunk) addTo(r *compareReader) {
	r.text = TextDelta{Index: -1, Model: e.ComparisonModel, Text: e.Delta, IsSummary: true}
	r.comparison.WriteString(e.Delta)
}

func (e *ComparisonDone) addTo(r *compareReader) {
	r.whole.Object, r.whole.CompareOutcome, r.whole.ComparisonUsage = "compare.completion", e.CompareOutcome, e.Usage
	slices.SortStableFunc(r.whole.Results, func(a, b ModelResult) int {
		return slices.Index(r.whole.Models, a.Model) - slices.Index(r.whole.Models, b.Model)
	})
}

// compareKinds makes an empty event of each kind, to decode into.
var compareKinds = map[string]func() CompareEvent{
	"comparison_start":  func() CompareEvent { return new(ComparisonStart) },
	"model_chunk":       func() CompareEvent { return new(ComparisonModelChunk) },
	"model_stream_done": func() CompareEvent { return new(ComparisonModelStreamDone) },
	"model_result":      func() CompareEvent { return new(ComparisonModelResult) },
	"comparison_chunk":  func() CompareEvent { return new(ComparisonChunk) },
	"done":              func() CompareEvent { return new(ComparisonDone) },
}

// compareReader puts the result together, which no single event carries.
type compareReader struct {
	text       TextDelta // of the last event
	whole      CompareResult
	comparison strings.Builder
}

func (r *compareReader) add(result ModelResult) { r.whole.Results = append(r.whole.Results, result) }

func (*compareReader) create(kind string) func() CompareEvent { return compareKinds[kind] }

func (r *compareReader) keep(event CompareEvent) TextDelta {
	r.text = TextDelta{}
	event.addTo(r)
	return r.text
}

func (r *compareReader) result() *CompareResult {
	if r.whole.Object == "" { // which the last event sets
		return nil
	}
	r.whole.Comparison = r.comparison.String()
	return &r.whole
}
