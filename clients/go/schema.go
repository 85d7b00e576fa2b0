package parley

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schema is as much of JSON Schema (draft 2020-12) as the types of Go need.
type schema struct {
	Type                 typeNames   `json:"type"`
	Description          string      `json:"description,omitempty"`
	Format               string      `json:"format,omitempty"`
	Enum                 []any       `json:"enum,omitempty"`
	Properties           *properties `json:"properties,omitempty"`
	Required             []string    `json:"required,omitempty"`
	AdditionalProperties any         `json:"additionalProperties,omitempty"` // false, or the schema of a map's values
	Items                *schema     `json:"items,omitempty"`
}

// typeNames is one name, and "null" where that will do as well.
type typeNames []string

// MarshalJSON writes a single name without a list, which some providers do not read.
func (n typeNames) MarshalJSON() ([]byte, error) {
	if len(n) == 1 {
		return json.Marshal(n[0])
	}
	return json.Marshal([]string(n))
}

// properties are a struct's fields in their order, which is the order in which models write.
type properties []property

type property struct {
	name   string
	schema *schema
}

// MarshalJSON keeps the order, which a map would lose.
func (p properties) MarshalJSON() ([]byte, error) {
	text := []byte("{")
	for i, property := range p {
		name, _ := json.Marshal(property.name)
		value, err := json.Marshal(property.schema)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, name...), ':'), value...)
	}
	return append(text, '}'), nil
}

var kinds = map[reflect.Kind]string{
	reflect.String: "string", reflect.Bool: "boolean", reflect.Float32: "number", reflect.Float64: "number",
	reflect.Int: "integer", reflect.Int8: "integer", reflect.Int16: "integer", reflect.Int32: "integer", reflect.Int64: "integer",
	reflect.Uint: "integer", reflect.Uint8: "integer", reflect.Uint16: "integer", reflect.Uint32: "integer",
	reflect.Uint64: "integer", reflect.Slice: "array", reflect.Map: "object", reflect.Struct: "object",
}

// schemaOf returns the schema of a struct type.
func schemaOf(t reflect.Type) (*schema, error) {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return nil, fmt.Errorf("parley: %v is no struct; put it into a field of one, for an answer is a JSON object", t)
	}
	made, err := makeSchema(t, nil)
	if err != nil {
		return nil, fmt.Errorf("parley: no JSON Schema for %v: %w", t, err)
	}
	return made, nil
}

// makeSchema returns the schema of a type that stands inside those of around.
func makeSchema(t reflect.Type, around []reflect.Type) (made *schema, err error) {
	_, isCustom := reflect.Zero(reflect.PointerTo(t)).Interface().(json.Unmarshaler)
	kind, isKnown := kinds[t.Kind()]
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &schema{Type: typeNames{"string"}, Format: "date-time"}, nil
	case slices.Contains(around, t):
		return nil, fmt.Errorf("%v contains itself; give it an end", t)
	case t.Kind() == reflect.Pointer:
		if made, err = makeSchema(t.Elem(), around); err == nil && !slices.Contains(made.Type, "null") {
			made.Type = append(made.Type, "null")
		}
		return made, err
	case isCustom || !isKnown || t == reflect.TypeFor[[]byte]() || t.Kind() == reflect.Map && t.Key().Kind() != reflect.String:
		return nil, fmt.Errorf("the type %v is not supported; use strings, numbers, booleans, time.Time, structs, "+
			"and slices, maps with string keys and pointers of these", t)
	}
	made, around = &schema{Type: typeNames{kind}}, append(around, t)
	switch t.Kind() {
	case reflect.Slice:
		made.Items, err = makeSchema(t.Elem(), around)
	case reflect.Map:
		made.AdditionalProperties, err = makeSchema(t.Elem(), around)
	case reflect.Struct:
		made.AdditionalProperties, made.Properties = false, &properties{}
		err = made.addFields(t, around)
	}
	return made, err
}

// addFields adds a property for each field that [encoding/json] reads, those of embedded structs included.
func (s *schema) addFields(t reflect.Type, around []reflect.Type) error {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			if err := s.addFields(field.Type, around); err != nil {
				return err
			}
			continue
		}
		if !field.IsExported() || name == "-" && options == "" {
			continue
		}
		made, err := makeSchema(field.Type, around)
		if err == nil {
			err = made.addTags(field.Tag)
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", field.Name, err)
		}
		if name == "" {
			name = field.Name
		}
		*s.Properties = append(*s.Properties, property{name, made})
		if field.Type.Kind() != reflect.Pointer && !slices.Contains(strings.Split(options, ","), "omitempty") {
			s.Required = append(s.Required, name)
		}
	}
	return nil
}

// addTags adds the description and the values that a field may have; of a list, those of its items.
func (s *schema) addTags(tag reflect.StructTag) error {
	s.Description = tag.Get("description")
	values, isEnum := tag.Lookup("enum")
	if !isEnum {
		return nil
	}
	at := s
	if s.Items != nil {
		at = s.Items
	}
	for _, value := range strings.Split(values, ",") {
		value = strings.TrimSpace(value)
		switch _, err := strconv.ParseFloat(value, 64); {
		case at.Type[0] == "string":
			at.Enum = append(at.Enum, value)
		case (at.Type[0] == "integer" || at.Type[0] == "number") && err == nil:
			at.Enum = append(at.Enum, json.Number(value))
		default:
			return fmt.Errorf("the enum value %q is none of type %s", value, at.Type[0])
		}
	}
	if slices.Contains(at.Type, "null") {
		at.Enum = append(at.Enum, nil)
	}
	return nil
}

// check returns where and how a decoded JSON value violates the schema. What has the right kind but does not fit the Go type, as
// 300 in an int8, is left to the decoder.
func (s *schema) check(value any, path string) error {
	if s.Enum != nil && !slices.Contains(s.Enum, value) {
		return fmt.Errorf("%s is %v, which is none of %v", path, value, s.Enum)
	}
	if kind := kindOf(value); !slices.Contains(s.Type, kind) && !(kind == "number" && slices.Contains(s.Type, "integer")) {
		return fmt.Errorf("%s is of type %s, not %s", path, kind, strings.Join(s.Type, " or "))
	}
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			if err := s.Items.check(item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		return s.checkObject(value, path)
	}
	return nil
}

func (s *schema) checkObject(object map[string]any, path string) error {
	for _, name := range s.Required {
		if _, isThere := object[name]; !isThere {
			return fmt.Errorf("%s lacks %q", path, name)
		}
	}
	for name, value := range object {
		of, _ := s.AdditionalProperties.(*schema)
		if s.Properties != nil {
			for _, property := range *s.Properties {
				if property.name == name {
					of = property.schema
				}
			}
		}
		if of == nil {
			return fmt.Errorf("%s has %q, which the type does not know", path, name)
		}
		if err := of.check(value, path+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// kindOf returns the type of a decoded JSON value in the words of JSON Schema; "number" for integers too.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
