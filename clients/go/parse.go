package parley

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Parsed is an answer in the type that was asked for.
type Parsed[T any] struct {
	Value T                 // the consolidated answer
	Raw   *RoundtableResult // the whole result, with each seat's own answer
}

// Parse asks a roundtable for an answer of the struct type T, whose JSON Schema ([Schema]) every seat and the consolidation must
// keep to. An answer that does not fit is an [*OutputError].
func Parse[T any](ctx context.Context, client *Client, req RoundtableRequest, options ...Option) (*Parsed[T], error) {
	wanted, err := schemaOf[T]()
	if err != nil {
		return nil, err
	}
	if req.OutputSchema, err = json.Marshal(wanted); err != nil {
		return nil, fmt.Errorf("parley: the schema cannot be written as JSON: %w", err)
	}
	result, err := client.Roundtable.Create(ctx, req, options...)
	if err != nil {
		return nil, err
	}
	parsed := &Parsed[T]{Raw: result}
	if err := wanted.read(result, &parsed.Value); err != nil {
		return nil, err
	}
	return parsed, nil
}

// Schema returns the JSON Schema of a struct type. Its fields are named by their json tags and may carry two more:
//
//	type Verdict struct {
//		Verdict    string   `json:"verdict" enum:"yes,no" description:"the side taken"`
//		Confidence float64  `json:"confidence" description:"from 0 to 1"`
//		Reasons    []string `json:"reasons,omitempty"`
//	}
//
// Objects are closed. A field is required unless it is a pointer, which may be null as well, or has omitempty. Fields are
// strings, numbers, booleans, [time.Time], structs, and slices, maps with string keys and pointers of these.
func Schema[T any]() (json.RawMessage, error) {
	schema, err := schemaOf[T]()
	if err != nil {
		return nil, err
	}
	return json.Marshal(schema)
}

func schemaOf[T any]() (*schema, error) {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return nil, fmt.Errorf("parley: %v is no struct; put it into a field of one, for an answer is a JSON object", t)
	}
	made, err := makeSchema(t, nil)
	if err != nil {
		return nil, fmt.Errorf("parley: no JSON Schema for %v: %w", t, err)
	}
	return made, nil
}

// read stores the consolidated answer in what into points to if it keeps to the schema.
func (s *schema) read(result *RoundtableResult, into any) error {
	if result.Data.IsNull() {
		what := "the roundtable has no consolidated answer"
		if failed := result.Meta.SummaryError; failed != nil {
			what = fmt.Sprintf("%s: %s: %s", what, failed.Code, failed.Message)
		}
		return &OutputError{Message: what, Raw: result}
	}
	var value any
	err := decode(result.Data.raw, &value)
	if err == nil {
		err = s.check(value, "$")
	}
	if err == nil {
		err = result.Data.Decode(into)
	}
	if err != nil {
		return &OutputError{Message: fmt.Sprintf("the answer does not fit the type: %v", err), Raw: result, Err: err}
	}
	return nil
}
