package parley

// RoundtableStream is a roundtable under way.
type RoundtableStream = Stream[RoundtableEvent, RoundtableResult]

// RoundtableEvent is one of *RoundtableStart, *RoundtableModelDelta, *RoundtableModelDone, *RoundtableModelError,
// *RoundtableSummaryDelta and *RoundtableDone; a type switch tells them apart.
type RoundtableEvent interface{ isRoundtableEvent() }

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

func (*RoundtableStart) isRoundtableEvent()        {}
func (*RoundtableModelDelta) isRoundtableEvent()   {}
func (*RoundtableModelDone) isRoundtableEvent()    {}
func (*RoundtableModelError) isRoundtableEvent()   {}
func (*RoundtableSummaryDelta) isRoundtableEvent() {}
func (*RoundtableDone) isRoundtableEvent()         {}

type roundtableReader struct{ whole *RoundtableResult }

func (r *roundtableReader) create(kind string) (RoundtableEvent, bool) {
	switch kind {
	case "start":
		return new(RoundtableStart), true
	case "model_delta":
		return new(RoundtableModelDelta), true
	case "model_done":
		return new(RoundtableModelDone), true
	case "model_error":
		return new(RoundtableModelError), true
	case "summary_delta":
		return new(RoundtableSummaryDelta), true
	case "done":
		return new(RoundtableDone), true
	}
	return nil, false
}

func (r *roundtableReader) keep(event RoundtableEvent) {
	if done, isDone := event.(*RoundtableDone); isDone {
		r.whole = &done.RoundtableResult
	}
}

func (r *roundtableReader) text(event RoundtableEvent) (TextDelta, bool) {
	switch event := event.(type) {
	case *RoundtableModelDelta:
		return TextDelta{Index: event.ModelIndex, Model: event.Model, Text: event.Delta}, true
	case *RoundtableSummaryDelta:
		return TextDelta{Index: -1, Model: event.Model, Text: event.Delta, IsSummary: true}, true
	}
	return TextDelta{}, false
}

func (r *roundtableReader) result() *RoundtableResult { return r.whole }
