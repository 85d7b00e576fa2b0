package parley

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

type side string

type verdict struct {
	Verdict    side    `json:"verdict" enum:"yes, no" description:"the side taken"`
	Confidence float64 `json:"confidence"`
}

type base struct {
	Title string `json:"title"`
}

type report struct {
	base
	Level   int               `json:"level" enum:"1,2,3"`
	Done    bool              `json:"done"`
	When    time.Time         `json:"when"`
	Reasons []string          `json:"reasons" enum:"cost,speed"`
	Parts   []verdict         `json:"parts,omitempty"`
	Notes   map[string]string `json:"notes"`
	Second  *verdict          `json:"second" description:"if any"`
	Maybe   *string           `json:"maybe" enum:"a,b"`
	Plain   uint8
	Hidden  string `json:"-"`
	secret  string
}

func TestAStructHasTheSchemaOfItsFieldsInTheirOrder(t *testing.T) {
	got, err := Schema[report]()
	if err != nil {
		t.Fatal(err)
	}
	side := `{"type":"object","properties":{"verdict":{"type":"string","description":"the side taken","enum":["yes","no"]},` +
		`"confidence":{"type":"number"}},"required":["verdict","confidence"],"additionalProperties":false}`
	want := `{"type":"object","properties":{"title":{"type":"string"},"level":{"type":"integer","enum":[1,2,3]},"done":{"type":"boolean"},` +
		`"when":{"type":"string","format":"date-time"},"reasons":{"type":"array","items":{"type":"string","enum":["cost","speed"]}},` +
		`"parts":{"type":"array","items":` + side + `},"notes":{"type":"object","additionalProperties":{"type":"string"}},"second":` +
		strings.Replace(side, `"type":"object"`, `"type":["object","null"],"description":"if any"`, 1) +
		`,"maybe":{"type":["string","null"],"enum":["a","b",null]},"Plain":{"type":"integer"}},` +
		`"required":["title","level","done","when","reasons","notes","Plain"],"additionalProperties":false}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_ = report{}.secret
}

type node struct {
	Next *node `json:"next"`
}

type custom struct{}

func (*custom) UnmarshalJSON([]byte) error { return nil }

func TestATypeWithoutASchemaIsRefusedWithItsField(t *testing.T) {
	for want, schema := range map[string]func() (json.RawMessage, error){
		"[]string is no struct":                                       Schema[[]string],
		"*parley.verdict is no struct":                                Schema[*verdict],
		"time.Time is no struct":                                      Schema[time.Time],
		"field F: the type func() is not supported":                   Schema[struct{ F func() }],
		"field F: the type chan int is not supported":                 Schema[struct{ F chan int }],
		"field F: the type interface {} is not supported":             Schema[struct{ F any }],
		"field F: the type complex128 is not supported":               Schema[struct{ F complex128 }],
		"field F: the type []uint8 is not supported":                  Schema[struct{ F []byte }],
		"field F: the type [2]int is not supported":                   Schema[struct{ F [2]int }],
		"field F: the type map[int]string is not supported":           Schema[struct{ F map[int]string }],
		"field F: the type parley.custom is not supported":            Schema[struct{ F custom }],
		"field F: field G: the type json.RawMessage is not supported": Schema[struct{ F struct{ G json.RawMessage } }],
		"field Next: parley.node contains itself; give it an end":     Schema[node],
		`field F: the enum value "x" is none of type integer`: Schema[struct {
			F int `enum:"1,x"`
		}],
		`field F: the enum value "maybe" is none of type boolean`: Schema[struct {
			F bool `enum:"maybe"`
		}],
	} {
		if _, err := schema(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := Parse[string](context.Background(), nil, ask); err == nil {
		t.Error("a type that is no struct was asked for")
	}
}

func TestAnAnswerIsParsedIntoTheTypeAskedFor(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(say(200, `{"id": "rt_1", "data": {"verdict": "yes", "confidence": 1}}`)))
	parsed, err := Parse[verdict](context.Background(), client, ask)
	if err != nil || parsed.Value != (verdict{"yes", 1}) || parsed.Raw.ID != "rt_1" {
		t.Fatalf("got %+v, %v", parsed, err)
	}
	sent := plain(t, got.all()[0].body).(map[string]any)["output_schema"]
	schema, _ := Schema[verdict]()
	assertSameJSON(t, sent, schema)
	if len(got.all()[0].header.Get("Idempotency-Key")) != 36 {
		t.Error("no Idempotency-Key")
	}
}

func TestAnAnswerThatDoesNotFitIsAnOutputErrorWithTheAnswer(t *testing.T) {
	for data, want := range map[string]string{
		`{"verdict": "maybe", "confidence": 1}`:         `$.verdict is "maybe", which is none of [yes no]`,
		`{"verdict": "yes"}`:                            `$ lacks "confidence"`,
		`{"verdict": "yes", "confidence": null}`:        "$.confidence is null, which is not of type number",
		`{"verdict": "yes", "confidence": "high"}`:      `$.confidence is "high", which is not of type number`,
		`{"verdict": "yes", "confidence": 1, "why": 2}`: `$ has "why", which the type does not know`,
		`"yes"`:   `$ is "yes", which is not of type object`,
		`["yes"]`: `$ is ["yes"], which is not of type object`,
		`null`:    "no consolidated answer: schema_invalid: None fits.",
		`{"verdict": "yes", "confidence": 1e999}`: "does not fit the type",
	} {
		client, _ := serve(t, say(200, `{"id": "rt_1", "data": `+data+`, "meta": {"summary_error": {"code": "schema_invalid", "message": "None fits."}}}`))
		_, err := Parse[verdict](context.Background(), client, ask)
		var output *OutputError
		if !errors.As(err, &output) || !strings.Contains(err.Error(), want) || output.Raw.ID != "rt_1" {
			t.Errorf("%s: got %v, want %q", data, err, want)
		}
	}
}

func TestListsMapsAndPointersAreCheckedToo(t *testing.T) {
	client, _ := serve(t, answers(
		say(200, `{"data": {"title": "t", "level": 2, "done": true, "when": "2026-11-22T00:00:00Z", "reasons": ["cost"], "notes": {"a": "b"},
			"second": null, "maybe": "a", "Plain": 3, "parts": [{"verdict": "no", "confidence": 0.5}]}}`),
		say(200, `{"data": {"title": "t", "level": 2, "done": true, "when": "2026-11-22T00:00:00Z", "reasons": ["looks"], "notes": {}, "Plain": 3}}`),
		say(200, `{"data": {"title": "t", "level": 2, "done": true, "when": "2026-11-22T00:00:00Z", "reasons": [], "notes": {"a": 1}, "Plain": 3}}`),
		say(200, `{"data": {"title": "t", "level": 2, "done": true, "when": "2026-11-22T00:00:00Z", "reasons": [], "notes": {}, "Plain": 300}}`),
		say(200, `{"data": {"title": "t", "level": 2, "done": true, "when": "2026-11-22T00:00:00Z", "reasons": [], "notes": {}, "Plain": 3, "maybe": 7}}`),
	))
	parsed, err := Parse[report](context.Background(), client, ask)
	if err != nil || parsed.Value.Title != "t" || *parsed.Value.Maybe != "a" || parsed.Value.Parts[0].Confidence != 0.5 || parsed.Value.When.Year() != 2026 {
		t.Fatalf("got %+v, %v", parsed, err)
	}
	for _, want := range []string{`$.reasons[0] is "looks"`, "$.notes.a is 1, which is not of type string", "cannot unmarshal number 300", "$.maybe is 7, which is not of type [string null]"} {
		if _, err := Parse[report](context.Background(), client, ask); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestAnAnswerPrintsAsTheTextThatItIs(t *testing.T) {
	for raw, want := range map[string]string{`"a\nb"`: "a\nb", `{"a":1}`: `{"a":1}`, `null`: "", `7`: "7", ``: ""} {
		data := Data{json: raw}
		if data.String() != want && raw != "null" || data.IsNull() != (want == "") {
			t.Errorf("%s: got %q, %v", raw, data.String(), data.IsNull())
		}
	}
}
