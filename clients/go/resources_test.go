package parley

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestEveryResourceAsksAtItsPlace(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		case r.Method == http.MethodGet && r.URL.Path == "/v1/templates":
			say(200, `[{"id": "t", "params": {"seed": 12345678901234567890}}]`)(w, r)
		default:
			say(200, `{"id": "x"}`)(w, r)
		}
	}))
	ctx := context.Background()
	for _, c := range []struct {
		call func() error
		want string
	}{
		{func() error { _, err := client.Models.List(ctx, ModelFilter{}); return err }, "GET /v1/models"},
		{func() error {
			_, err := client.Models.List(ctx, ModelFilter{Free: Ptr(false), Type: "text", Provider: "a&b"})
			return err
		}, "GET /v1/models?free=false&provider=a%26b&type=text"},
		{func() error {
			_, err := client.Models.Search(ctx, ModelSearch{Q: "a b", Limit: 2, Offset: 4})
			return err
		},
			"GET /v1/models/search?limit=2&offset=4&q=a+b"},
		{func() error { _, err := client.Models.Get(ctx, "sandbox/terse?tps=0"); return err }, "GET /v1/models/sandbox/terse%3Ftps=0"},
		{func() error {
			_, err := client.Templates.Create(ctx, TemplateFields{Name: "n", IsGlobal: Ptr(false)})
			return err
		},
			`POST /v1/templates {"name":"n","is_global":false}`},
		{func() error { _, err := client.Templates.List(ctx); return err }, "GET /v1/templates"},
		{func() error { _, err := client.Templates.Get(ctx, "a/../b"); return err }, "GET /v1/templates/a%2F..%2Fb"},
		{func() error {
			_, err := client.Templates.Update(ctx, "t", TemplateFields{System: "s", Clear: []string{"model", "system"}})
			return err
		}, `PATCH /v1/templates/t {"model":null,"system":"s"}`},
		{func() error { return client.Templates.Delete(ctx, "t") }, "DELETE /v1/templates/t"},
		{func() error { _, err := client.Usage.Totals(ctx, UsageFilter{Model: "m"}); return err }, `POST /v1/usage {"model":"m"}`},
		{func() error {
			_, err := client.Usage.Events(ctx, UsageEventsQuery{UsageFilter: UsageFilter{Status: "ok"}, PanelID: "rt_1", Limit: 3})
			return err
		}, `POST /v1/usage/events {"status":"ok","panel_id":"rt_1","limit":3}`},
		{func() error { _, err := client.Usage.Attempts(ctx, "evt_1"); return err }, "GET /v1/usage/events/evt_1/attempts"},
		{func() error { _, err := client.Usage.RateLimits(ctx); return err }, "GET /v1/usage/rate-limits"},
		{func() error { _, err := client.Usage.Balance(ctx); return err }, "GET /v1/balance"},
		{func() error { _, err := client.Traces.List(ctx, TraceQuery{Limit: 1, Name: "round"}); return err }, "GET /v3/traces?limit=1&name=round"},
		{func() error { _, err := client.Traces.Get(ctx, "u"); return err }, "GET /v3/traces/u"},
		{func() error { return client.Traces.Delete(ctx, "u") }, "DELETE /v3/traces/u"},
	} {
		if err := c.call(); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
		last := got.all()[len(got.all())-1]
		line := last.method + " " + last.path
		if last.query != "" {
			line += "?" + last.query
		}
		if len(last.body) > 0 {
			line += " " + string(last.body)
		}
		if line != c.want {
			t.Errorf("got  %s\nwant %s", line, c.want)
		}
		if hasType := last.header.Get("Content-Type") == "application/json"; hasType != (len(last.body) > 0) {
			t.Errorf("%s: Content-Type %q", c.want, last.header.Get("Content-Type"))
		}
	}
}

func TestNumbersWhoseTypeIsOpenKeepTheirDigits(t *testing.T) {
	client, _ := serve(t, say(200, `[{"id": "t", "params": {"seed": 12345678901234567890}}]`))
	list, err := client.Templates.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := list[0].Params["seed"]; got != json.Number("12345678901234567890") {
		t.Errorf("got %v", got)
	}
}

func TestAnEmptyIDIsRefusedBeforeItNamesTheList(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(say(200, "{}")))
	ctx := context.Background()
	_, model := client.Models.Get(ctx, "")
	_, template := client.Templates.Get(ctx, "")
	_, attempts := client.Usage.Attempts(ctx, "")
	for _, err := range []error{model, template, attempts, client.Templates.Delete(ctx, ""), client.Traces.Delete(ctx, "")} {
		if err == nil || !strings.Contains(err.Error(), "is empty; the list names the ids") {
			t.Errorf("got %v", err)
		}
	}
	if len(got.all()) != 0 {
		t.Errorf("sent %v", got.all())
	}
}

func TestWhatIsZeroIsSentWhereItMeansSomething(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(say(200, "{}")))
	req := ask
	req.MaxRetries = Ptr(0)
	req.Models = []Seat{{Name: "a", Temperature: Ptr(0.0)}, {Name: "b"}}
	if _, err := client.Roundtable.Create(context.Background(), req); err != nil {
		t.Fatal(err)
	}
	want := `{"input":"Should a small team start with a monolith?","models":[{"name":"a","temperature":0},"b"],"max_retries":0}`
	if string(got.all()[0].body) != want {
		t.Errorf("got  %s\nwant %s", got.all()[0].body, want)
	}
}

func TestAMessageMayHoldPartsAndAnAnswerMayBeSentBack(t *testing.T) {
	got := new(recorder)
	client, _ := serve(t, got.then(say(200, `{"choices": [{"message": {"role": "assistant", "content": null,
		"tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}, "finish_reason": "tool_calls"}]}`)))
	image := []Part{{Type: "text", Text: "What is it?"}, {Type: "image_url", ImageURL: &ImageURL{URL: "data:,"}}}
	req := ChatRequest{Model: "a", Messages: []Message{SystemMessage("Be brief."), UserMessage(image)}}
	answer, err := client.Chat.Completions.Create(context.Background(), req)
	if err != nil || answer.Text() != "" {
		t.Fatalf("got %v, %v", answer, err)
	}
	req.Messages = append(req.Messages, answer.Choices[0].Message, ToolMessage("c", "a cat"), AssistantMessage("A cat."))
	if _, err := client.Chat.Completions.Create(context.Background(), req); err != nil {
		t.Fatal(err)
	}
	assertSameJSON(t, plain(t, got.all()[1].body), []byte(`{"model": "a", "messages": [{"role": "system", "content": "Be brief."},
		{"role": "user", "content": [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]},
		{"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
		{"role": "tool", "content": "a cat", "tool_call_id": "c"}, {"role": "assistant", "content": "A cat."}]}`))
	if (&ChatCompletion{}).Text() != "" {
		t.Error("a completion without choices has a text")
	}
}
