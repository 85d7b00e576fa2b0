package parley

import (
	"slices"
	"strings"
)

// CompareStream is a comparison under way.
type CompareStream = Stream[CompareEvent, CompareResult]

// CompareEvent is one of *ComparisonStart, *ComparisonModelChunk, *ComparisonModelStreamDone, *ComparisonModelResult,
// *ComparisonChunk and *ComparisonDone; a type switch tells them apart.
type CompareEvent interface{ isCompareEvent() }

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

func (*ComparisonStart) isCompareEvent()           {}
func (*ComparisonModelChunk) isCompareEvent()      {}
func (*ComparisonModelStreamDone) isCompareEvent() {}
func (*ComparisonModelResult) isCompareEvent()     {}
func (*ComparisonChunk) isCompareEvent()           {}
func (*ComparisonDone) isCompareEvent()            {}

// compareReader puts the result together, which no single event carries.
type compareReader struct {
	whole      CompareResult
	comparison strings.Builder
	isDone     bool
}

func (r *compareReader) create(kind string) (CompareEvent, bool) {
	switch kind {
	case "comparison_start":
		return new(ComparisonStart), true
	case "model_chunk":
		return new(ComparisonModelChunk), true
	case "model_stream_done":
		return new(ComparisonModelStreamDone), true
	case "model_result":
		return new(ComparisonModelResult), true
	case "comparison_chunk":
		return new(ComparisonChunk), true
	case "done":
		return new(ComparisonDone), true
	}
	return nil, false
}

func (r *compareReader) keep(event CompareEvent) {
	switch event := event.(type) {
	case *ComparisonStart:
		r.whole.Models = event.Models
	case *ComparisonModelStreamDone:
		r.whole.Results = append(r.whole.Results, event.ModelResult)
	case *ComparisonModelResult:
		r.whole.Results = append(r.whole.Results, event.ModelResult)
	case *ComparisonChunk:
		r.comparison.WriteString(event.Delta)
	case *ComparisonDone:
		r.whole.Object, r.whole.CompareOutcome, r.whole.ComparisonUsage = "compare.completion", event.CompareOutcome, event.Usage
		slices.SortStableFunc(r.whole.Results, func(a, b ModelResult) int {
			return slices.Index(r.whole.Models, a.Model) - slices.Index(r.whole.Models, b.Model)
		})
		r.isDone = true
	}
}

func (r *compareReader) text(event CompareEvent) (TextDelta, bool) {
	switch event := event.(type) {
	case *ComparisonModelChunk:
		return TextDelta{Index: -1, Model: event.Model, Text: event.Delta}, true
	case *ComparisonChunk:
		return TextDelta{Index: -1, Model: event.ComparisonModel, Text: event.Delta, IsSummary: true}, true
	}
	return TextDelta{}, false
}

func (r *compareReader) result() *CompareResult {
	if !r.isDone {
		return nil
	}
	r.whole.Comparison = r.comparison.String()
	return &r.whole
}
