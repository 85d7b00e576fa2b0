package parley

import (
	"bufio"
	"bytes"
	"io"
)

// message is one event of a stream: its name, if it has one, and its data.
type message struct {
	kind string
	data []byte
}

// messageReader reads server-sent events. Source: HTML standard, 9.2.6, but for byte order marks and lone carriage returns.
type messageReader struct{ lines *bufio.Reader }

func newMessageReader(r io.Reader) *messageReader { return &messageReader{bufio.NewReader(r)} }

// next returns the next event that has data. It returns io.EOF at [DONE], and io.ErrUnexpectedEOF, or what the connection broke
// with, where the stream ends before it: an event without its blank line has not arrived.
func (m *messageReader) next() (found message, err error) {
	for {
		line, err := m.lines.ReadBytes('\n')
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			found.kind = string(value)
		case "data":
			found.data = append(append(found.data, value...), '\n')
		}
		if err == nil && len(line) > 0 {
			continue
		}
		found.data = bytes.TrimSuffix(found.data, []byte("\n"))
		switch {
		case string(found.data) == "[DONE]":
			return message{}, io.EOF
		case err == io.EOF:
			return message{}, io.ErrUnexpectedEOF
		case err != nil || len(found.data) > 0:
			return found, err
		}
		found = message{}
	}
}
