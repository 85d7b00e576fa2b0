package parley

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	start  = `data: {"type":"start","id":"rt_1","models":["a","b"]}` + "\n\n"
	delta  = `data: {"type":"model_delta","model_index":1,"model":"b","delta":"é"}` + "\n\n"
	finish = `data: {"type":"done","id":"rt_1","data":"é","meta":{},"model_results":[]}` + "\n\n"
	end    = "data: [DONE]\n\n"
)

// streamUntilLeft sends text, then keeps the stream open until the client goes, and says so on the channel.
func streamUntilLeft(text string, left chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req_s")
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, text)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		left <- struct{}{}
	}
}

func open(t *testing.T, ctx context.Context, client *Client) *RoundtableStream {
	t.Helper()
	stream, err := client.Roundtable.Stream(ctx, ask)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func TestHoweverAStreamIsLeftTheServerSeesTheConnectionClose(t *testing.T) {
	for name, leave := range map[string]func(*testing.T, *RoundtableStream, context.CancelFunc){
		"break": func(t *testing.T, stream *RoundtableStream, _ context.CancelFunc) {
			for range stream.Events() {
				break
			}
		},
		"break from the texts": func(t *testing.T, stream *RoundtableStream, _ context.CancelFunc) {
			for delta := range stream.TextDeltas() {
				if delta.Text != "é" {
					t.Errorf("got %+v", delta)
				}
				break
			}
		},
		"a panic": func(t *testing.T, stream *RoundtableStream, _ context.CancelFunc) {
			defer func() { _ = recover() }()
			for range stream.Events() {
				panic("out")
			}
		},
		"cancel": func(t *testing.T, stream *RoundtableStream, cancel context.CancelFunc) {
			var last error
			for _, err := range stream.Events() {
				cancel()
				last = err
			}
			var family Error
			if !errors.Is(last, context.Canceled) || errors.As(last, &family) {
				t.Errorf("got %v", last)
			}
		},
		"close":            func(t *testing.T, stream *RoundtableStream, _ context.CancelFunc) { stream.Close() },
		"close, unread":    func(t *testing.T, stream *RoundtableStream, _ context.CancelFunc) { stream.Close(); stream.Close() },
		"cancel, unread":   func(t *testing.T, stream *RoundtableStream, cancel context.CancelFunc) { cancel() },
		"close in between": func(t *testing.T, stream *RoundtableStream, _ context.CancelFunc) { closeWhileReading(t, stream) },
	} {
		t.Run(name, func(t *testing.T) {
			left := make(chan struct{}, 1)
			client, _ := serve(t, streamUntilLeft(start+delta, left))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			before := runtime.NumGoroutine()
			leave(t, open(t, ctx, client), cancel)
			<-left
			waitUntil(t, "the goroutines of the stream end", func() bool { return runtime.NumGoroutine() <= before })
		})
	}
}

func closeWhileReading(t *testing.T, stream *RoundtableStream) {
	t.Helper()
	ended := make(chan error)
	go func() {
		_, err := stream.Final()
		ended <- err
	}()
	stream.Close()
	var closed *ConnectionError
	if err := <-ended; !errors.As(err, &closed) || !strings.Contains(err.Error(), "left before its end") {
		t.Errorf("got %v", err)
	}
}

func TestAHundredStreamsLeaveNoGoroutineBehind(t *testing.T) {
	left := make(chan struct{}, 100)
	client, _ := serve(t, streamUntilLeft(start+delta, left))
	before := runtime.NumGoroutine()
	ended := make(chan error, 100)
	for range 100 {
		go func() {
			stream, err := client.Roundtable.Stream(context.Background(), ask)
			if err == nil {
				for _, err = range stream.Events() {
					break
				}
			}
			ended <- err
		}()
	}
	for range 100 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for range 100 {
		<-left
	}
	waitUntil(t, "the goroutines of the streams end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestAStreamThatWasLeftHasNoResult(t *testing.T) {
	left := make(chan struct{}, 1)
	client, _ := serve(t, streamUntilLeft(start+delta+finish, left))
	stream := open(t, context.Background(), client)
	for range stream.Events() {
		break
	}
	_, err := stream.Final()
	var closed *ConnectionError
	if !errors.As(err, &closed) || !strings.Contains(err.Error(), "left before its end") || closed.RequestID != "req_s" {
		t.Errorf("got %v", err)
	}
	for _, again := range stream.Events() {
		if again == nil || again.Error() != err.Error() {
			t.Errorf("a second loop: %v", again)
		}
	}
}

func TestAStreamThatEndedStaysEnded(t *testing.T) {
	client, _ := serve(t, say(200, start+delta+finish+end, "X-Request-Id", "req_s"))
	stream := open(t, context.Background(), client)
	kinds := ""
	for event, err := range stream.Events() {
		if err != nil {
			t.Fatal(err)
		}
		switch event := event.(type) {
		case *RoundtableStart:
			kinds += "start "
		case *RoundtableModelDelta:
			kinds += fmt.Sprint(event.ModelIndex, event.Delta, " ")
		case *RoundtableDone:
			kinds += event.Data.String()
		}
	}
	for range stream.Events() {
		t.Error("an event behind the end")
	}
	result, err := stream.Final()
	if kinds != "start 1é é" || err != nil || result.ID != "rt_1" || stream.RequestID() != "req_s" {
		t.Errorf("got %q, %v, %v", kinds, result, err)
	}
}

func TestAStreamThatBreaksTellsSoBehindItsEvents(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"ends early":         say(200, start+delta),
		"in the middle":      say(200, start+delta+`data: {"type":"mod`),
		"a broken body":      say(200, start+delta, "Content-Length", "1000"),
		"what is no JSON":    say(200, start+delta+"data: oops\n\n"+end),
		"what is no object":  say(200, start+delta+"data: 7\n\n"+end),
		"an event misshapen": say(200, start+delta+`data: {"type":"model_delta","delta":{}}`+"\n\n"+end),
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := serve(t, answer)
			count := 0
			var last error
			for _, err := range open(t, context.Background(), client).Events() {
				count++
				last = err
			}
			var broken *ConnectionError
			if count != 3 || !errors.As(last, &broken) || broken.Timeout() {
				t.Errorf("%d pairs, %v", count, last)
			}
		})
	}
}

func TestAStreamWithoutItsResultIsAConnectionError(t *testing.T) {
	for name, text := range map[string]string{"roundtable": start + end, "nothing": end} {
		_, err := streamOf(t, strings.NewReader(text), &roundtableReader{}).Final()
		var broken *ConnectionError
		if !errors.As(err, &broken) || !strings.Contains(err.Error(), "without its result") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := streamOf(t, strings.NewReader(end), &compareReader{}).Final(); err == nil {
		t.Error("a comparison without events has a result")
	}
	if _, err := streamOf(t, strings.NewReader(end), &chatReader{}).Final(); err == nil {
		t.Error("a chat without chunks has a result")
	}
}

func TestOnlyTheEventNamedErrorIsFatal(t *testing.T) {
	for name, c := range map[string]struct{ event, code, message string }{
		"roundtable":     {`data: {"type":"error","error":"no","error_code":"shutting_down","details":[{"model":"a"}]}`, "shutting_down", "no"},
		"as an object":   {`data: {"type":"error","error":{"code":"c","message":"m"}}`, "c", "m"},
		"an envelope":    {`data: {"error":{"code":"c","message":"m"},"request_id":"r"}`, "c", "m"},
		"by its name":    {"event: error\ndata: {\"error\":{\"code\":\"c\",\"message\":\"m\"}}", "c", "m"},
		"without reason": {`data: {"type":"error"}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := serve(t, say(200, start+c.event+"\n\n"+end, "X-Request-Id", "req_s"))
			stream := open(t, context.Background(), client)
			_, err := stream.Final()
			var told *StreamError
			if !errors.As(err, &told) || told.Code != c.code || told.Message != c.message || told.RequestID != "req_s" {
				t.Fatalf("got %v", err)
			}
			if _, again := stream.Final(); !errors.Is(again, err) {
				t.Errorf("asked again: %v", again)
			}
		})
	}
	t.Run("a failed model's is data", func(t *testing.T) {
		failed := `data: {"type":"model_error","model_index":0,"model":"a","error":"down","error_code":"unavailable"}` + "\n\n"
		if _, err := streamOf(t, strings.NewReader(failed+finish+end), &roundtableReader{}).Final(); err != nil {
			t.Error(err)
		}
		for _, member := range []string{`"down"`, `{"code":"c"}`} {
			failed := "event: model_stream_done\ndata: {\"event\":\"model_stream_done\",\"model\":\"a\",\"error\":" + member + "}\n\n"
			_, err := streamOf(t, strings.NewReader(failed+end), &compareReader{}).Final()
			var told *StreamError
			if errors.As(err, &told) {
				t.Errorf("%s: %v", member, err)
			}
		}
	})
	t.Run("of a chat", func(t *testing.T) {
		chunk := `data: {"id":"1","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}` + "\n\n"
		text := chunk + `data: {"error":{"code":"timeout","message":"m"},"request_id":"r"}` + "\n\n" + end
		_, err := streamOf(t, strings.NewReader(text), &chatReader{}).Final()
		var told *StreamError
		if !errors.As(err, &told) || told.Code != "timeout" {
			t.Errorf("got %v", err)
		}
	})
}

func TestKindsOfANewerServerArePassedOver(t *testing.T) {
	newer := `data: {"type":"mood","error":"none"}` + "\n\n" + "data: {\"hello\":1}\n\n" + `data: {"type":7,"details":"x"}` + "\n\ndata: null\n\n"
	count := 0
	for _, err := range streamOf(t, strings.NewReader(start+newer+finish+end), &roundtableReader{}).Events() {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != 2 {
		t.Errorf("%d events", count)
	}
}

func TestAStreamIsNeverAskedForTwice(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"503": say(503, errorBody), "a broken connection": breakOff} {
		got := new(recorder)
		client, fake := serve(t, got.then(answer))
		_, err := client.Compare.Stream(context.Background(), CompareRequest{Models: []string{"a"}, Messages: []Message{UserMessage("x")}})
		if err == nil || len(got.all()) != 1 || len(fake.waits()) != 0 {
			t.Errorf("%s: %d tries, %v", name, len(got.all()), err)
		}
		assertSameJSON(t, plain(t, got.all()[0].body), []byte(`{"models": ["a"], "messages": [{"role": "user", "content": "x"}], "stream": true}`))
	}
}

func TestTheTimeoutOfAStreamIsThatOfItsHead(t *testing.T) {
	t.Run("which is late", func(t *testing.T) {
		before := runtime.NumGoroutine()
		client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { untilLeft(r) })
		_, err := client.Roundtable.Stream(context.Background(), ask, WithTimeout(20*time.Millisecond))
		var late *ConnectionError
		if !errors.As(err, &late) || !late.Timeout() || !strings.Contains(err.Error(), "within 20ms") {
			t.Errorf("got %v, %d goroutines", err, before)
		}
	})
	t.Run("and counts no more behind it", func(t *testing.T) {
		goOn := make(chan struct{})
		client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, start)
			w.(http.Flusher).Flush()
			<-goOn
			_, _ = io.WriteString(w, finish+end)
		})
		timeout := 2 * time.Second
		began := time.Now()
		stream, err := client.Roundtable.Stream(context.Background(), ask, WithTimeout(timeout))
		if err != nil {
			t.Fatal(err)
		}
		waitUntil(t, "the timeout is over", func() bool { return time.Since(began) > timeout })
		close(goOn)
		if _, err := stream.Final(); err != nil {
			t.Error(err)
		}
	})
}

func TestASilentStreamCountsAsCut(t *testing.T) {
	left := make(chan struct{}, 1)
	client, _ := serve(t, streamUntilLeft(start, left))
	client.transport.idle = 20 * time.Millisecond
	_, err := open(t, context.Background(), client).Final()
	var cut *ConnectionError
	if !errors.As(err, &cut) || cut.Timeout() || !strings.Contains(err.Error(), "silent for 20ms") {
		t.Errorf("got %v", err)
	}
	<-left
}

func TestAStreamMayBeSilentForAMinute(t *testing.T) {
	client, err := New(WithTimeout(time.Second))
	if err != nil || client.transport.idle != time.Minute {
		t.Errorf("got %v, %v", client, err)
	}
}

func TestASlowReaderIsNotTakenForASilentServer(t *testing.T) {
	client, _ := serve(t, say(200, start+strings.Repeat(delta, 5_000)+finish+end))
	client.transport.idle = 500 * time.Millisecond
	stream := open(t, context.Background(), client)
	isFirst := true
	for _, err := range stream.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if began := time.Now(); isFirst {
			isFirst = false
			waitUntil(t, "the reader is slow", func() bool { return time.Since(began) > 2*client.transport.idle })
		}
	}
}

func TestAComparisonIsPutTogetherInTheOrderOfItsModels(t *testing.T) {
	text := `data: {"event":"comparison_start","comparison_id":"cmp_1","models":["a","b"],"skip_comparison":true}

data: {"event":"model_chunk","model":"b","delta":"B"}

data: {"event":"model_stream_done","model":"b","content":"B","latency_ms":1,"request_id":"r"}

data: {"event":"model_stream_done","model":"a","error":"down","error_code":"unavailable","latency_ms":2,"request_id":"r"}

data: {"event":"done","comparison_id":"cmp_1","total_latency_ms":3,"partial":true,"skip_comparison":true,"total_cost":0.5}

data: [DONE]

`
	stream := streamOf(t, strings.NewReader(text), &compareReader{})
	for delta, err := range stream.TextDeltas() {
		if err != nil || delta != (TextDelta{Index: -1, Model: "b", Text: "B"}) {
			t.Errorf("got %+v, %v", delta, err)
		}
	}
	result, err := stream.Final()
	if err != nil {
		t.Fatal(err)
	}
	assertSameJSON(t, result, []byte(`{"comparison_id": "cmp_1", "object": "compare.completion", "models": ["a", "b"], "results": [
		{"model": "a", "error": "down", "error_code": "unavailable", "latency_ms": 2, "request_id": "r"},
		{"model": "b", "content": "B", "latency_ms": 1, "request_id": "r"}],
		"comparison_fallback_used": false, "total_latency_ms": 3, "partial": true, "skip_comparison": true, "total_cost": 0.5}`))
}
