package parley

import (
	"slices"
	"strings"
)

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

func (e *ComparisonStart) addTo(r *compareReader) { r.whole.Models = e.Models }
func (e *ComparisonModelChunk) addTo(r *compareReader) {
	r.text = TextDelta{-1, e.Model, e.Delta, false}
}
func (e *ComparisonModelStreamDone) addTo(r *compareReader) { r.add(e.ModelResult) }
func (e *ComparisonModelResult) addTo(r *compareReader)     { r.add(e.ModelResult) }
func (e *ComparisonChunk) addTo(r *compareReader) {
	r.text = TextDelta{-1, e.ComparisonModel, e.Delta, true}
}

func (e *ComparisonDone) addTo(r *compareReader) {
	r.whole.Object, r.whole.CompareOutcome, r.whole.ComparisonUsage = "compare.completion", e.CompareOutcome, e.Usage
	slices.SortStableFunc(r.whole.Results, func(a, b ModelResult) int {
		return slices.Index(r.whole.Models, a.Model) - slices.Index(r.whole.Models, b.Model)
	})
}

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
	text       TextDelta
	whole      CompareResult
	comparison strings.Builder
}

func (r *compareReader) add(result ModelResult) { r.whole.Results = append(r.whole.Results, result) }

func (*compareReader) create(kind string) func() CompareEvent { return compareKinds[kind] }

func (r *compareReader) keep(event CompareEvent) TextDelta {
	r.text = TextDelta{}
	event.addTo(r)
	if r.text.IsSummary {
		r.comparison.WriteString(r.text.Text)
	}
	return r.text
}

func (r *compareReader) result() *CompareResult {
	if r.whole.Object == "" { // which the last event sets
		return nil
	}
	r.whole.Comparison = r.comparison.String()
	return &r.whole
}
