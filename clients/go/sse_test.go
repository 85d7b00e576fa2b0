package parley

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// messagesOf reads to the end and returns what came as "name|data", and the error, nil for a proper end.
func messagesOf(r io.Reader) ([]string, error) {
	reader := newMessageReader(r)
	var found []string
	for {
		message, err := reader.next()
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		found = append(found, message.kind+"|"+string(message.data))
	}
}

func TestMessagesAreReadInEveryFraming(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"LF":                        {"data: 1\n\ndata: 2\n\ndata: [DONE]\n\n", "|1 |2"},
		"CRLF":                      {"event: x\r\ndata: 1\r\n\r\ndata: [DONE]\r\n\r\n", "x|1"},
		"no blank after the colon":  {"data:1\n\ndata:[DONE]\n\n", "|1"},
		"two blanks":                {"data:  1\n\ndata: [DONE]\n\n", "| 1"},
		"comments":                  {": keep-alive\n\n: more\ndata: 1\n: in between\n\ndata: [DONE]\n\n", "|1"},
		"several data lines":        {"data: {\ndata: }\n\ndata: [DONE]\n\n", "|{\n}"},
		"unknown fields":            {"id: 7\nretry: 5\nnonsense\ndata: 1\n\ndata: [DONE]\n\n", "|1"},
		"name behind the data":      {"data: 1\nevent: late\n\ndata: [DONE]\n\n", "late|1"},
		"a name without data":       {"event: lost\n\ndata: 1\n\ndata: [DONE]\n\n", "|1"},
		"many blank lines":          {"\n\n\ndata: 1\n\n\n\ndata: [DONE]\n\n", "|1"},
		"no final blank":            {"data: 1\n\ndata: [DONE]\n", "|1"},
		"no final line end":         {"data: 1\n\ndata: [DONE]", "|1"},
		"nothing behind DONE":       {"data: [DONE]\n\ndata: 2\n\n", ""},
		"a character in two pieces": {"data: é😀\u2028\n\ndata: [DONE]\n\n", "|é😀\u2028"},
		"DONE as a part of data":    {"data: [DONE]!\n\ndata: [DONE]\n\n", "|[DONE]!"},
	} {
		for reading, r := range map[string]io.Reader{
			"at once": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text)),
			"with the error beside the data": iotest.DataErrReader(strings.NewReader(c.text)),
		} {
			found, err := messagesOf(r)
			if got := strings.Join(found, " "); got != c.want || err != nil {
				t.Errorf("%s, %s: got %q and %v, want %q", name, reading, got, err, c.want)
			}
		}
	}
}

func TestAStreamThatEndsBeforeDoneIsCut(t *testing.T) {
	whole := "data: 1\n\nevent: x\ndata: 2\n\ndata: [DONE]"
	for length := range len(whole) {
		found, err := messagesOf(strings.NewReader(whole[:length]))
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut behind %q: %v", whole[:length], err)
		}
		if want := strings.Count(whole[:length], "\n\n"); len(found) != want {
			t.Errorf("cut behind %q: %d events, want %d", whole[:length], len(found), want)
		}
	}
}

func TestWhatTheConnectionBrokeWithIsTold(t *testing.T) {
	broken := errors.New("reset")
	_, err := messagesOf(io.MultiReader(strings.NewReader("data: 1\n\ndata: [DO"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestALineMayBeHuge(t *testing.T) {
	huge := bytes.Repeat([]byte("x"), 5<<20)
	found, err := messagesOf(io.MultiReader(strings.NewReader("data: "), bytes.NewReader(huge), strings.NewReader("\n\ndata: [DONE]\n\n")))
	if err != nil || len(found) != 1 || len(found[0]) != len(huge)+1 {
		t.Errorf("got %d messages and %v", len(found), err)
	}
}
