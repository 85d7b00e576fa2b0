package parley

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
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
	wanted, text, err := schemaOf[T]()
	if err != nil {
		return nil, err
	}
	req.OutputSchema = text
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
	_, text, err := schemaOf[T]()
	return text, err
}

// schemaOf returns the schema of a struct type and its JSON.
func schemaOf[T any]() (*schema, json.RawMessage, error) {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return nil, nil, fmt.Errorf("parley: %v is no struct; put it into a field of one, for an answer is a JSON object", t)
	}
	made, err := makeSchema(t, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("parley: no JSON Schema for %v: %w", t, err)
	}
	text, err := json.Marshal(made)
	return made, text, err
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
	err := decode([]byte(result.Data.text()), &value)
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

// schema is as much of JSON Schema (draft 2020-12) as the types of Go need.
type schema struct {
	Type        any             `json:"type"` // a name or, with "null", a list; some providers read a list of one badly
	Description string          `json:"description,omitempty"`
	Format      string          `json:"format,omitempty"`
	Enum        []any           `json:"enum,omitempty"`
	Properties  json.RawMessage `json:"properties,omitempty"` // in the order of the fields, which is that in which models write
	Required    []string        `json:"required,omitempty"`
	Additional  any             `json:"additionalProperties,omitempty"` // false, or the schema of a map's values
	Items       *schema         `json:"items,omitempty"`

	name       string // Type without "null"
	isNullable bool
	members    map[string]*schema // Properties by name
}

// jsonTypes names the JSON type of each kind of Go that has one.
var jsonTypes = map[reflect.Kind]string{
	reflect.String: "string", reflect.Bool: "boolean", reflect.Float32: "number", reflect.Float64: "number",
	reflect.Int: "integer", reflect.Int8: "integer", reflect.Int16: "integer", reflect.Int32: "integer", reflect.Int64: "integer",
	reflect.Uint: "integer", reflect.Uint8: "integer", reflect.Uint16: "integer", reflect.Uint32: "integer", reflect.Uint64: "integer",
	reflect.Slice: "array", reflect.Map: "object", reflect.Struct: "object",
}

// makeSchema returns the schema of a type that stands inside those of around.
func makeSchema(t reflect.Type, around []reflect.Type) (made *schema, err error) {
	kind, name := t.Kind(), jsonTypes[t.Kind()]
	made = &schema{Type: name, name: name}
	readsItself := reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) // whatever it likes
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &schema{Type: "string", name: "string", Format: "date-time"}, nil
	case slices.Contains(around, t):
		return nil, fmt.Errorf("%v contains itself; give it an end", t)
	case kind == reflect.Pointer:
		if made, err = makeSchema(t.Elem(), around); err == nil {
			made.Type, made.isNullable = []string{made.name, "null"}, true
		}
	case name == "", readsItself, kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8,
		kind == reflect.Map && t.Key().Kind() != reflect.String:
		return nil, fmt.Errorf("the type %v is not supported; use strings, numbers, booleans, time.Time, structs, "+
			"and slices, maps with string keys and pointers of these", t)
	case kind == reflect.Slice:
		made.Items, err = makeSchema(t.Elem(), append(around, t))
	case kind == reflect.Map:
		made.Additional, err = makeSchema(t.Elem(), append(around, t))
	case kind == reflect.Struct:
		made.Additional, made.members = false, map[string]*schema{}
		err = made.addFields(t, append(around, t))
	}
	return made, err
}

// addFields adds a property for each field that [encoding/json] reads, those of embedded structs included.
func (s *schema) addFields(t reflect.Type, around []reflect.Type) error {
	for i := range t.NumField() {
		field := t.Field(i)
		tag := strings.Split(field.Tag.Get("json"), ",")
		var err error
		switch {
		case field.Anonymous && tag[0] == "" && field.Type.Kind() == reflect.Struct:
			err = s.addFields(field.Type, around)
		case field.IsExported() && field.Tag.Get("json") != "-":
			isOptional := field.Type.Kind() == reflect.Pointer || slices.Contains(tag[1:], "omitempty")
			err = s.addField(field, cmp.Or(tag[0], field.Name), isOptional, around)
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", field.Name, err)
		}
	}
	return nil
}

func (s *schema) addField(field reflect.StructField, name string, isOptional bool, around []reflect.Type) error {
	made, err := makeSchema(field.Type, around)
	if err != nil {
		return err
	}
	made.Description = field.Tag.Get("description")
	if values, isEnum := field.Tag.Lookup("enum"); isEnum {
		err = cmp.Or(made.Items, made).addEnum(values)
	}
	if !isOptional {
		s.Required = append(s.Required, name)
	}
	s.members[name] = made
	member, _ := json.Marshal(map[string]*schema{name: made})
	if s.Properties != nil {
		member = slices.Concat(s.Properties[:len(s.Properties)-1], []byte(","), member[1:])
	}
	s.Properties = member
	return err
}

// addEnum adds the values that a string, a number or a truth may have.
func (s *schema) addEnum(values string) error {
	for _, value := range strings.Split(values, ",") {
		var read any = strings.TrimSpace(value)
		if s.name != "string" && decode([]byte(value), &read) != nil || !s.fits(read) {
			return fmt.Errorf("the enum value %q is none of type %s", value, s.name)
		}
		s.Enum = append(s.Enum, read)
	}
	if s.isNullable {
		s.Enum = append(s.Enum, nil)
	}
	return nil
}

// fits says whether a decoded JSON value is of the schema's type. That an integer has no fraction is left to the decoder, as is
// what the Go type cannot hold.
func (s *schema) fits(value any) bool {
	switch value.(type) {
	case nil:
		return s.isNullable
	case json.Number:
		return s.name == "number" || s.name == "integer"
	}
	return s.name == jsonTypes[reflect.TypeOf(value).Kind()]
}

// check returns where and how a decoded JSON value violates the schema.
func (s *schema) check(value any, path string) error {
	switch {
	case !s.fits(value):
		return fmt.Errorf("%s is %s, which is not of type %v", path, brief(value), s.Type)
	case s.Enum != nil && !slices.Contains(s.Enum, value):
		return fmt.Errorf("%s is %s, which is none of %v", path, brief(value), s.Enum)
	}
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			if err := s.Items.check(item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		return s.checkMembers(value, path)
	}
	return nil
}

func (s *schema) checkMembers(object map[string]any, path string) error {
	for _, name := range s.Required {
		if _, isThere := object[name]; !isThere {
			return fmt.Errorf("%s lacks %q", path, name)
		}
	}
	further, _ := s.Additional.(*schema)
	for name, value := range object {
		of := cmp.Or(s.members[name], further)
		if of == nil {
			return fmt.Errorf("%s has %q, which the type does not know", path, name)
		}
		if err := of.check(value, path+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// brief returns a value for a message.
func brief(value any) string {
	text, _ := json.Marshal(value)
	return shown(text)
}
