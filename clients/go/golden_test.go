package parley

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestEveryGoldenAnswerSurvivesItsType(t *testing.T) {
	types := map[string]func() any{
		"roundtable": func() any { return new(RoundtableResult) },
		"compare":    func() any { return new(CompareResult) },
		"chat":       func() any { return new(ChatCompletion) },
	}
	for api, make := range types {
		for _, path := range goldenCases(t, api, "response.json") {
			body := readFile(t, path)
			if bytes.Contains(body, []byte(`"error": {`)) {
				continue
			}
			t.Run(path, func(t *testing.T) {
				answer := make()
				if err := decode(body, answer); err != nil {
					t.Fatal(err)
				}
				assertSameJSON(t, answer, body)
			})
		}
	}
}

func TestEveryGoldenRequestSurvivesItsType(t *testing.T) {
	for api, send := range map[string]func(*Client, []byte) error{
		"roundtable": func(c *Client, body []byte) error {
			var req RoundtableRequest
			if err := json.Unmarshal(withSeats(body), &req); err != nil {
				return err
			}
			_, err := c.Roundtable.Create(context.Background(), req)
			return err
		},
		"compare": func(c *Client, body []byte) error {
			var req CompareRequest
			if err := json.Unmarshal(body, &req); err != nil {
				return err
			}
			_, err := c.Compare.Create(context.Background(), req)
			return err
		},
		"chat": func(c *Client, body []byte) error {
			var req ChatRequest
			if err := json.Unmarshal(body, &req); err != nil {
				return err
			}
			_, err := c.Chat.Completions.Create(context.Background(), req)
			return err
		},
	} {
		for _, path := range goldenCases(t, api, "case.json") {
			var found struct {
				Request map[string]any `json:"request"`
			}
			if err := json.Unmarshal(readFile(t, path), &found); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(path, "bad_request") { // an unknown field, which no type holds
				continue
			}
			delete(found.Request, "stream")
			t.Run(path, func(t *testing.T) {
				got := new(recorder)
				client, _ := serve(t, got.then(say(200, "{}")))
				body, err := json.Marshal(found.Request)
				if err != nil {
					t.Fatal(err)
				}
				if err := send(client, body); err != nil {
					t.Fatal(err)
				}
				assertSameJSON(t, json.RawMessage(got.all()[0].body), body)
			})
		}
	}
}

// withSeats returns a request whose seats are all objects: a Go program has no other.
func withSeats(body []byte) []byte {
	var members map[string]any
	_ = json.Unmarshal(body, &members)
	models := members["models"].([]any)
	for i, model := range models {
		if name, isText := model.(string); isText {
			models[i] = map[string]any{"name": name}
		}
	}
	wide, _ := json.Marshal(members)
	return wide
}

func TestEveryGoldenErrorIsToldWhole(t *testing.T) {
	for _, api := range []string{"roundtable", "compare", "chat"} {
		for _, path := range goldenCases(t, api, "response.json") {
			body := readFile(t, path)
			var want struct {
				Error     json.RawMessage
				RequestID string `json:"request_id"`
			}
			if err := json.Unmarshal(body, &want); err != nil {
				t.Fatal(err)
			}
			if want.Error == nil {
				continue
			}
			t.Run(path, func(t *testing.T) {
				client, _ := serve(t, say(422, string(body)))
				_, err := client.Roundtable.Create(context.Background(), ask)
				var got *APIError
				if !errors.As(err, &got) {
					t.Fatalf("got %v", err)
				}
				again := map[string]any{
					"code": got.Code, "message": got.Message, "details": got.Details, "provider_error": got.ProviderError,
				}
				if got.Param != "" {
					again["param"] = got.Param
				}
				if got.RetryAfter > 0 {
					again["retry_after_seconds"] = got.RetryAfter.Seconds()
				}
				var members map[string]any
				if err := json.Unmarshal(want.Error, &members); err != nil {
					t.Fatal(err)
				}
				again["type"] = members["type"]
				assertSameJSON(t, again, want.Error)
				if got.RequestID != want.RequestID || got.Status != 422 {
					t.Errorf("got %d, %s", got.Status, got.RequestID)
				}
			})
		}
	}
}

func TestEveryGoldenStreamIsReadAlikeHoweverItIsSplit(t *testing.T) {
	for _, path := range goldenCases(t, "roundtable", "response.sse") {
		t.Run(path, func(t *testing.T) {
			checkSplits(t, readFile(t, path), func() eventReader[RoundtableEvent, RoundtableResult] { return &roundtableReader{} })
		})
	}
	for _, path := range goldenCases(t, "compare", "response.sse") {
		if strings.Contains(path, "python_client") { // asked for with another library's header
			continue
		}
		t.Run(path, func(t *testing.T) {
			checkSplits(t, readFile(t, path), func() eventReader[CompareEvent, CompareResult] { return &compareReader{} })
		})
	}
	for _, path := range goldenCases(t, "chat", "response.sse") {
		t.Run(path, func(t *testing.T) {
			checkSplits(t, readFile(t, path), func() eventReader[*ChatChunk, ChatCompletion] { return &chatReader{} })
		})
	}
}

func checkSplits[E, R any](t *testing.T, sse []byte, reader func() eventReader[E, R]) {
	t.Helper()
	want := dataOf(sse)
	wasTold := bytes.Contains(want[len(want)-1], []byte(`error"`)) && !bytes.Contains(want[len(want)-1], []byte(`"done"`))
	if wasTold {
		want = want[:len(want)-1]
	}
	var first []byte
	check := func(r io.Reader) {
		var got []any
		var told *StreamError
		for event, err := range streamOf(t, r, reader()).Events() {
			if err != nil && !errors.As(err, &told) {
				t.Fatal(err)
			}
			if err == nil {
				got = append(got, event)
			}
		}
		again, err := json.Marshal(append(got, told))
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, again) {
			t.Fatalf("got  %s\nwant %s", again, first)
		}
		first = again
	}
	check(bytes.NewReader(sse))
	var events []json.RawMessage
	if err := json.Unmarshal(first, &events); err != nil || len(events) != len(want)+1 {
		t.Fatalf("got %d events, want %d, %v", len(events)-1, len(want), err)
	}
	for i := range want {
		assertSameJSON(t, events[i], want[i])
	}
	if told := string(events[len(want)]); (told != "null") != wasTold || wasTold && !strings.Contains(told, `"all_models_failed"`) {
		t.Errorf("the stream's error: %s", told)
	}
	whole, err := messagesOf(bytes.NewReader(sse))
	for at := range len(sse) {
		split, splitErr := messagesOf(io.MultiReader(bytes.NewReader(sse[:at]), bytes.NewReader(sse[at:])))
		if !slices.Equal(whole, split) || err != nil || splitErr != nil {
			t.Fatalf("split at byte %d: %v, %v", at, split, splitErr)
		}
	}
	check(iotest.OneByteReader(bytes.NewReader(sse)))
	check(bytes.NewReader(bytes.ReplaceAll(sse, []byte("\n"), []byte("\r\n"))))
	check(bytes.NewReader(bytes.ReplaceAll(sse, []byte("data: "), []byte(": keep-alive\n\ndata:"))))
}

func TestEveryGoldenStreamThatIsCutIsAConnectionError(t *testing.T) {
	for _, path := range goldenCases(t, "roundtable", "response.sse") {
		sse := readFile(t, path)
		end := bytes.Index(sse, []byte("data: [DONE]"))
		if strings.Contains(path, "total_failure") { // whose error event comes first
			end = bytes.Index(sse, []byte(`data: {"type":"error"`))
		}
		for at := 0; at < end; at += 7 { // messageReader's own test cuts at every byte
			stream := streamOf(t, bytes.NewReader(sse[:at]), &roundtableReader{})
			_, err := stream.Final()
			var cut *ConnectionError
			if !errors.As(err, &cut) || cut.Timeout() || cut.RequestID != "req_1" {
				t.Fatalf("%s cut at %d: %v", path, at, err)
			}
		}
	}
}

func TestTheResultOfAStreamIsThatOfThePlainCall(t *testing.T) {
	t.Run("roundtable", func(t *testing.T) {
		for _, path := range goldenCases(t, "roundtable", "response.sse") {
			stream := streamOf(t, bytes.NewReader(readFile(t, path)), &roundtableReader{})
			result, err := stream.Final()
			if strings.Contains(path, "total_failure") {
				if err == nil {
					t.Errorf("%s: the stream ended with an error, and has a result", path)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]any
			events := dataOf(readFile(t, path))
			if err := json.Unmarshal(events[len(events)-1], &want); err != nil {
				t.Fatal(err)
			}
			delete(want, "type")
			wanted, _ := json.Marshal(want)
			assertSameJSON(t, result, wanted)
		}
	})
	t.Run("compare", func(t *testing.T) {
		plainCase := goldenCases(t, "compare", "response.json")[0]
		folder := filepath.Dir(filepath.Dir(plainCase))
		stream := streamOf(t, bytes.NewReader(readFile(t, filepath.Join(folder, "comparison_stream", "response.sse"))), &compareReader{})
		result, err := stream.Final()
		if err != nil {
			t.Fatal(err)
		}
		var want CompareResult
		if err := decode(readFile(t, filepath.Join(folder, "comparison", "response.json")), &want); err != nil {
			t.Fatal(err)
		}
		want.Created, want.TraceUUID = 0, "" // no event carries them
		for i := range want.Results {
			want.Results[i].ResponseBody.Choices[0].Logprobs = nil
		}
		wanted, _ := json.Marshal(want)
		assertSameJSON(t, result, wanted)
	})
	t.Run("chat", func(t *testing.T) {
		for stream, plain := range map[string]string{"tools_stream": "tools", "stream_usage": "plain"} {
			path := goldenCases(t, "chat", "response.json")[0]
			folder := filepath.Dir(filepath.Dir(path))
			result, err := streamOf(t, bytes.NewReader(readFile(t, filepath.Join(folder, stream, "response.sse"))), &chatReader{}).Final()
			if err != nil {
				t.Fatal(err)
			}
			var want ChatCompletion
			if err := decode(readFile(t, filepath.Join(folder, plain, "response.json")), &want); err != nil {
				t.Fatal(err)
			}
			if stream == "tools_stream" { // asked for without include_usage
				want.Usage = nil
			}
			wanted, _ := json.Marshal(want)
			assertSameJSON(t, result, wanted)
		}
	})
}

func TestGoldenStreamsTellTheirTextByModel(t *testing.T) {
	path := filepath.Join(filepath.Dir(filepath.Dir(goldenCases(t, "roundtable", "response.sse")[0])), "summary_stream", "response.sse")
	texts := map[int]string{}
	stream := streamOf(t, bytes.NewReader(readFile(t, path)), &roundtableReader{})
	for delta, err := range stream.TextDeltas() {
		if err != nil {
			t.Fatal(err)
		}
		if delta.IsSummary != (delta.Index == -1) || delta.Model == "" {
			t.Errorf("got %+v", delta)
		}
		texts[delta.Index] += delta.Text
	}
	if texts[0] != "Yes, it is simpler." || texts[1] != "No, it will not scale." || texts[-1] != "a and b disagree about scale." {
		t.Errorf("got %v", texts)
	}
	result, err := stream.Final()
	if err != nil || result.Data.String() != texts[-1] {
		t.Errorf("the result behind the loop: %v, %v", result, err)
	}
}

func TestAGoldenAnswerComesOverHTTP(t *testing.T) {
	path := filepath.Join(filepath.Dir(filepath.Dir(goldenCases(t, "roundtable", "response.json")[0])), "multiple_choice", "response.json")
	got := new(recorder)
	client, _ := serve(t, got.then(say(http.StatusOK, string(readFile(t, path)))), WithAPIKey("rsk_1"))
	vote := ask
	vote.Choices = []string{"yes", "no", "it depends"}
	result, err := client.Roundtable.Vote(context.Background(), vote)
	if err != nil || result.Data.String() != "yes" || result.Meta.Vote.Tally[0].Votes != 2 {
		t.Fatalf("got %+v, %v", result, err)
	}
	assertSameJSON(t, json.RawMessage(got.all()[0].body), []byte(`{"input": "Should a small team start with a monolith?", "models": ["a", "b"],
		"resolution": "multiple_choice", "choices": ["yes", "no", "it depends"]}`))
	header := got.all()[0].header
	if got.all()[0].path != "/v3/roundtable" || header.Get("Authorization") != "Bearer rsk_1" || header.Get("User-Agent") != "parley-go/0.1.0" {
		t.Errorf("got %s, %v", got.all()[0].path, header)
	}
}
