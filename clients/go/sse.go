package parley

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// message is one event of a stream: its name, if it has one, and its data.
type message struct {
	name string
	data []byte
}

// messageReader reads server-sent events. Source: HTML standard, 9.2.6, but for byte order marks and lone carriage returns.
type messageReader struct{ lines *bufio.Reader }

func newMessageReader(r io.Reader) *messageReader { return &messageReader{bufio.NewReader(r)} }

// next returns the next event that has data. It returns io.EOF at [DONE], and io.ErrUnexpectedEOF, or what the connection broke
// with, where the stream ends before it: an event without its blank line has not arrived.
func (m *messageReader) next() (message, error) {
	var found message
	for {
		line, err := m.readLine()
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			found.name = string(value)
		case "data":
			if found.data != nil {
				found.data = append(found.data, '\n')
			}
			found.data = append(found.data, value...)
		}
		isWhole := err == nil && len(line) == 0
		switch {
		case (isWhole || err != nil) && string(found.data) == "[DONE]":
			return message{}, io.EOF
		case errors.Is(err, io.EOF):
			return message{}, io.ErrUnexpectedEOF
		case err != nil:
			return message{}, err
		case isWhole && len(found.data) > 0:
			return found, nil
		case isWhole:
			found = message{}
		}
	}
}

// readLine returns a line without its end, LF or CRLF, or what came of it before an error.
func (m *messageReader) readLine() ([]byte, error) {
	line, err := m.lines.ReadBytes('\n')
	if err != nil {
		return line, err
	}
	line = line[:len(line)-1]
	return bytes.TrimSuffix(line, []byte("\r")), nil
}
