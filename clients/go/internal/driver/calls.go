package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	parley "parley.dev/clients/go"
)

// plain makes a call that is no stream.
func plain(ctx context.Context, client *parley.Client, c command) (any, error) {
	o := c.Options.list()
	switch c.Op {
	case "roundtable.create":
		return client.Roundtable.Create(ctx, body[parley.RoundtableRequest](c), o...)
	case "roundtable.vote":
		return client.Roundtable.Vote(ctx, body[parley.RoundtableRequest](c), o...)
	case "roundtable.parse":
		return parse(ctx, client, c)
	case "compare.create":
		return client.Compare.Create(ctx, body[parley.CompareRequest](c), o...)
	case "chat.create":
		return client.Chat.Completions.Create(ctx, chatBody(c), o...)
	case "models.list":
		return client.Models.List(ctx, body[parley.ModelFilter](c), o...)
	case "models.search":
		return client.Models.Search(ctx, body[parley.ModelSearch](c), o...)
	case "models.get":
		return client.Models.Get(ctx, arguments(c).ID, o...)
	case "templates.create":
		return client.Templates.Create(ctx, templateFields(c.Request), o...)
	case "templates.list":
		return client.Templates.List(ctx, o...)
	case "templates.get":
		return client.Templates.Get(ctx, arguments(c).ID, o...)
	case "templates.update":
		return client.Templates.Update(ctx, arguments(c).ID, templateFields(arguments(c).Fields), o...)
	case "templates.delete":
		return nil, client.Templates.Delete(ctx, arguments(c).ID, o...)
	case "usage.totals":
		return client.Usage.Totals(ctx, body[parley.UsageFilter](c), o...)
	case "usage.events":
		return client.Usage.Events(ctx, body[parley.UsageEventsQuery](c), o...)
	case "usage.attempts":
		return client.Usage.Attempts(ctx, arguments(c).ID, o...)
	case "usage.rate_limits":
		return client.Usage.RateLimits(ctx, o...)
	case "usage.balance":
		return client.Usage.Balance(ctx, o...)
	case "traces.list":
		return client.Traces.List(ctx, body[parley.TraceQuery](c), o...)
	case "traces.get":
		return client.Traces.Get(ctx, arguments(c).ID, o...)
	case "traces.delete":
		return nil, client.Traces.Delete(ctx, arguments(c).ID, o...)
	}
	return nil, fmt.Errorf("no such op: %s", c.Op)
}

func parse(ctx context.Context, client *parley.Client, c command) (any, error) {
	parsed, err := parley.Parse[Verdict](ctx, client, body[parley.RoundtableRequest](c), c.Options.list()...)
	if err != nil {
		return nil, err
	}
	schema, err := parley.Schema[Verdict]()
	return map[string]any{
		"parsed": parsed.Value, "type": fmt.Sprintf("%T", parsed.Value)[len("main."):], "schema": schema, "raw": parsed.Raw,
	}, err
}

type identified struct {
	ID     string          `json:"id"`
	Fields json.RawMessage `json:"fields"`
}

func arguments(c command) identified { return body[identified](c) }

// body reads a request into the library's type; an unknown field is lost, as it cannot be written in Go.
func body[R any](c command) R {
	var request R
	if len(c.Request) > 0 {
		must(decode(widened(c.Request), &request))
	}
	return request
}

// chatBody keeps the fields that the type does not know, which go to the provider.
func chatBody(c command) parley.ChatRequest {
	request := body[parley.ChatRequest](c)
	written, err := json.Marshal(request)
	must(err)
	var known, given map[string]any
	must(decode(written, &known))
	must(decode(c.Request, &given))
	request.Extra = map[string]any{}
	for name, value := range given {
		if _, isKnown := known[name]; !isKnown && value != nil {
			request.Extra[name] = value
		}
	}
	return request
}

// templateFields turns null into the name of a field to clear.
func templateFields(raw json.RawMessage) parley.TemplateFields {
	var fields parley.TemplateFields
	var members map[string]any
	must(decode(raw, &fields))
	must(decode(raw, &members))
	for name, value := range members {
		if value == nil {
			fields.Clear = append(fields.Clear, name)
		}
	}
	return fields
}

// widened returns a request with each short form as the long one: a seat's bare name, a single text to stop at.
func widened(request json.RawMessage) json.RawMessage {
	var members map[string]any
	must(decode(request, &members))
	if stop, isText := members["stop"].(string); isText {
		members["stop"] = []string{stop}
	}
	if _, isRoundtable := members["input"]; isRoundtable {
		models, _ := members["models"].([]any)
		for i, model := range models {
			if name, isText := model.(string); isText {
				models[i] = map[string]any{"name": name}
			}
		}
	}
	wide, err := json.Marshal(members)
	must(err)
	return wide
}

func decode(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// must gives up a command that no Go program could give; run tells the suite so.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
