package parley

import (
	"cmp"
	"encoding/json"
)

// Data is an answer: a text, a choice, the JSON value that a schema asked for, or nothing.
type Data struct{ json string }

// String returns the text, or the JSON text of another value, or "" for nothing.
func (d Data) String() string {
	var text string
	if d.Decode(&text) == nil {
		return text
	}
	return d.json
}

// IsNull says whether there is no answer.
func (d Data) IsNull() bool { return d.text() == "null" }

// Decode stores the JSON value in what into points to, as [json.Unmarshal] does.
func (d Data) Decode(into any) error { return json.Unmarshal([]byte(d.text()), into) }

// MarshalJSON returns the value as the server sent it.
func (d Data) MarshalJSON() ([]byte, error) { return []byte(d.text()), nil }

// UnmarshalJSON keeps the value as it stands.
func (d *Data) UnmarshalJSON(data []byte) error {
	d.json = string(data)
	return nil
}

func (d Data) text() string { return cmp.Or(d.json, "null") }
