package parley

import "context"

// TraceQuery asks for a page of traces; its zero value takes the newest 20.
type TraceQuery struct {
	Limit  int    // up to 100; 20 unless said
	Offset int    // traces to pass over
	Name   string // a part of their name
}

// TracePage is a page of traces, newest first.
type TracePage struct {
	Traces  []TraceSummary `json:"traces"`
	Limit   int            `json:"limit"`
	Offset  int            `json:"offset"`
	HasMore bool           `json:"has_more"` // there are more behind this page
}

// TraceSummary is a trace without its spans.
type TraceSummary struct {
	ID         string  `json:"id"`   // TraceUUID of an answer
	Name       string  `json:"name"` // what was asked
	SpanCount  int     `json:"span_count"`
	Status     string  `json:"status"`      // "ok", "error" or "cancelled"
	StartTime  string  `json:"start_time"`  // RFC 3339
	EndTime    string  `json:"end_time"`    // RFC 3339
	DurationMS float64 `json:"duration_ms"` // milliseconds
}

// Trace is what happened for one request or, where it continued a traceparent, for several.
type Trace struct {
	TraceSummary
	Spans []Span `json:"spans"`
}

// Span is one part of a trace: a request, a seat, an attempt, the consolidation.
type Span struct {
	ID         string         `json:"id"`
	ParentID   string         `json:"parent_id,omitempty"`
	RequestID  string         `json:"request_id"`
	Name       string         `json:"name"`
	Kind       string         `json:"kind"`        // in OpenTelemetry's words
	Status     string         `json:"status"`      // "ok", "error" or "cancelled"
	StartTime  string         `json:"start_time"`  // RFC 3339
	EndTime    string         `json:"end_time"`    // RFC 3339
	DurationMS float64        `json:"duration_ms"` // milliseconds
	Attributes map[string]any `json:"attributes"`  // by OpenTelemetry's names; numbers are [json.Number]
}

// TracesService shows what happened. A trace appears shortly after its request has ended.
type TracesService struct{ transport *transport }

const tracesPath = "/v3/traces"

// List returns a page of the key's traces.
func (s *TracesService) List(ctx context.Context, query TraceQuery, options ...Option) (*TracePage, error) {
	values := queryOf("limit", query.Limit, "offset", query.Offset, "name", query.Name)
	return fetch[*TracePage](ctx, s.transport, request{method: "GET", path: tracesPath, query: values}, options)
}

// Get returns one trace with its spans.
func (s *TracesService) Get(ctx context.Context, id string, options ...Option) (*Trace, error) {
	return fetch[*Trace](ctx, s.transport, request{method: "GET", path: below(tracesPath, id)}, options)
}

// Delete removes the key's part of a trace.
func (s *TracesService) Delete(ctx context.Context, id string, options ...Option) error {
	return s.transport.call(ctx, request{method: "DELETE", path: below(tracesPath, id)}, nil, options)
}
