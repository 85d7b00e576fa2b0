package parley

import (
	"bytes"
	"encoding/json"
)

// Data is an answer: a text, a choice, the JSON value that a schema asked for, or nothing.
type Data struct{ raw []byte }

// String returns the text, or the JSON text of another value, or "" for nothing.
func (d Data) String() string {
	var text string
	if json.Unmarshal(d.json(), &text) == nil {
		return text
	}
	return string(d.raw)
}

// IsNull says whether there is no answer.
func (d Data) IsNull() bool { return string(d.json()) == "null" }

// Decode stores the JSON value in what into points to, as [json.Unmarshal] does.
func (d Data) Decode(into any) error { return json.Unmarshal(d.json(), into) }

// MarshalJSON returns the value as the server sent it.
func (d Data) MarshalJSON() ([]byte, error) { return d.json(), nil }

// UnmarshalJSON keeps the value as it stands.
func (d *Data) UnmarshalJSON(data []byte) error {
	d.raw = bytes.Clone(data)
	return nil
}

func (d Data) json() []byte {
	if len(d.raw) == 0 {
		return []byte("null")
	}
	return d.raw
}
