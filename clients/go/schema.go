package parley

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// schema is as much of JSON Schema (draft 2020-12) as the types of Go need.
type schema struct {
	Type        typeNames  `json:"type"`
	Description string     `json:"description,omitempty"`
	Format      string     `json:"format,omitempty"`
	Enum        []any      `json:"enum,omitempty"`
	Properties  properties `json:"properties,omitempty"`
	Required    []string   `json:"required,omitempty"`
	Additional  any        `json:"additionalProperties,omitempty"` // false, or the schema of a map's values
	Items       *schema    `json:"items,omitempty"`
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
	members := make([]string, len(p))
	for i, property := range p {
		value, err := json.Marshal(property.schema)
		if err != nil {
			return nil, err
		}
		name, _ := json.Marshal(property.name)
		members[i] = string(name) + ":" + string(value)
	}
	return []byte("{" + strings.Join(members, ",") + "}"), nil
}

// makeSchema returns the schema of a type that stands inside those of around.
func makeSchema(t reflect.Type, around []reflect.Type) (made *schema, err error) {
	kind := t.Kind()
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &schema{Type: typeNames{"string"}, Format: "date-time"}, nil
	case slices.Contains(around, t):
		return nil, fmt.Errorf("%v contains itself; give it an end", t)
	case kind == reflect.Pointer:
		if made, err = makeSchema(t.Elem(), around); err == nil && len(made.Type) == 1 {
			made.Type = append(made.Type, "null")
		}
		return made, err
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()): // which reads what it likes
	case kind == reflect.String:
		return &schema{Type: typeNames{"string"}}, nil
	case kind == reflect.Bool:
		return &schema{Type: typeNames{"boolean"}}, nil
	case kind == reflect.Float32 || kind == reflect.Float64:
		return &schema{Type: typeNames{"number"}}, nil
	case kind >= reflect.Int && kind <= reflect.Uint64:
		return &schema{Type: typeNames{"integer"}}, nil
	case kind == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		made = &schema{Type: typeNames{"array"}}
		made.Items, err = makeSchema(t.Elem(), append(around, t))
		return made, err
	case kind == reflect.Map && t.Key().Kind() == reflect.String:
		made = &schema{Type: typeNames{"object"}}
		made.Additional, err = makeSchema(t.Elem(), append(around, t))
		return made, err
	case kind == reflect.Struct:
		made = &schema{Type: typeNames{"object"}, Additional: false}
		return made, made.addFields(t, append(around, t))
	}
	return nil, fmt.Errorf("the type %v is not supported; use strings, numbers, booleans, time.Time, structs, "+
		"and slices, maps with string keys and pointers of these", t)
}

// addFields adds a property for each field that [encoding/json] reads, those of embedded structs included.
func (s *schema) addFields(t reflect.Type, around []reflect.Type) error {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			if err := s.addFields(field.Type, around); err != nil {
				return err
			}
			continue
		case !field.IsExported() || name == "-" && options == "":
			continue
		case name == "":
			name = field.Name
		}
		made, err := makeSchema(field.Type, around)
		if err == nil {
			err = made.addTags(field.Tag)
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", field.Name, err)
		}
		s.Properties = append(s.Properties, property{name, made})
		if field.Type.Kind() != reflect.Pointer && !strings.Contains(","+options+",", ",omitempty,") {
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
		var read any = strings.TrimSpace(value)
		if at.Type[0] != "string" && decode([]byte(value), &read) != nil || !at.fits(read) {
			return fmt.Errorf("the enum value %q is none of type %s", value, at.Type[0])
		}
		at.Enum = append(at.Enum, read)
	}
	if slices.Contains(at.Type, "null") {
		at.Enum = append(at.Enum, nil)
	}
	return nil
}

// fits says whether a decoded JSON value is of the schema's type. That an integer has no fraction is left to the decoder, as is
// what the Go type cannot hold.
func (s *schema) fits(value any) bool {
	names := map[string]bool{}
	for _, name := range s.Type {
		names[name] = true
	}
	switch value.(type) {
	case nil:
		return names["null"]
	case string:
		return names["string"]
	case bool:
		return names["boolean"]
	case json.Number:
		return names["number"] || names["integer"]
	case []any:
		return names["array"]
	}
	return names["object"]
}

// check returns where and how a decoded JSON value violates the schema.
func (s *schema) check(value any, path string) error {
	if !s.fits(value) {
		return fmt.Errorf("%s is %s, which is not of type %s", path, brief(value), strings.Join(s.Type, " or "))
	}
	if s.Enum != nil && !slices.Contains(s.Enum, value) {
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
	for name, value := range object {
		of, isMap := s.Additional.(*schema)
		if at := slices.IndexFunc(s.Properties, func(p property) bool { return p.name == name }); at >= 0 {
			of = s.Properties[at].schema
		} else if !isMap {
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
