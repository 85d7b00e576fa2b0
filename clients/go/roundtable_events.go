package parley

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

func (*RoundtableStart) addTo(*roundtableReader) {}
func (e *RoundtableModelDelta) addTo(r *roundtableReader) {
	r.text = TextDelta{e.ModelIndex, e.Model, e.Delta, false}
}
func (*RoundtableModelDone) addTo(*roundtableReader)  {}
func (*RoundtableModelError) addTo(*roundtableReader) {}
func (e *RoundtableSummaryDelta) addTo(r *roundtableReader) {
	r.text = TextDelta{-1, e.Model, e.Delta, true}
}
func (e *RoundtableDone) addTo(r *roundtableReader) { r.whole = &e.RoundtableResult }

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
	text  TextDelta
	whole *RoundtableResult
}

func (*roundtableReader) create(kind string) func() RoundtableEvent { return roundtableKinds[kind] }

func (r *roundtableReader) keep(event RoundtableEvent) TextDelta {
	r.text = TextDelta{}
	event.addTo(r)
	return r.text
}

func (r *roundtableReader) result() *RoundtableResult { return r.whole }
