// The driver makes the calls that the conformance suite asks for, one JSON command a line on its standard input, and writes one
// JSON answer a line. It expects nothing; see clients/conformance/README.md.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"
	"time"

	parley "parley.dev/clients/go"
)

// Verdict is the type of roundtable.parse.
type Verdict struct {
	Verdict    string  `json:"verdict" enum:"yes,no"`
	Confidence float64 `json:"confidence"`
}

type command struct {
	ID      json.RawMessage `json:"id"`
	Op      string          `json:"op"`
	URL     string          `json:"url"`
	Key     *string         `json:"key"`
	Request json.RawMessage `json:"request"`
	Options options         `json:"options"`
}

type options struct {
	TimeoutS       *float64 `json:"timeout_s"`
	MaxRetries     *int     `json:"max_retries"`
	IdempotencyKey *string  `json:"idempotency_key"`
	BreakAfter     *int     `json:"break_after"`
	CancelAfterS   *float64 `json:"cancel_after_s"`
	NoFinal        bool     `json:"no_final"`
	Texts          bool     `json:"texts"`
}

type answer struct {
	ID     json.RawMessage `json:"id"`
	Value  any             `json:"value"`
	Error  *fault          `json:"error,omitempty"`
	Events []any           `json:"events,omitempty"`
	Texts  []text          `json:"texts,omitempty"`
}

type text struct {
	Index     *int   `json:"index"`
	Model     string `json:"model"`
	Text      string `json:"text"`
	IsSummary bool   `json:"is_summary"`
}

// read is what came out of a stream.
type read struct {
	Events []any  `json:"events"`
	Texts  []text `json:"texts"`
	Final  any    `json:"final"`
}

func main() {
	var running sync.WaitGroup
	defer running.Wait()
	clients := &clients{made: map[string]*parley.Client{}}
	write := writer()
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			running.Add(1)
			go func() {
				defer running.Done()
				write(run(clients, line))
			}()
		}
		if err != nil {
			return
		}
	}
}

func writer() func(answer) {
	var lock sync.Mutex
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	return func(a answer) {
		lock.Lock()
		defer lock.Unlock()
		if err := encoder.Encode(a); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

func run(clients *clients, line []byte) (made answer) {
	var c command
	defer func() {
		if cause := recover(); cause != nil {
			made = answer{ID: c.ID, Error: &fault{Kind: "driver", Message: fmt.Sprint(cause)}}
		}
	}()
	if err := decode(line, &c); err != nil {
		return answer{Error: &fault{Kind: "driver", Message: err.Error()}}
	}
	ctx := context.Background()
	if after := c.Options.CancelAfterS; after != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		timer := time.AfterFunc(seconds(*after), cancel)
		defer timer.Stop()
		defer cancel()
	}
	var got read
	value, err := perform(ctx, clients, c, &got)
	if err != nil {
		return answer{ID: c.ID, Error: describe(err), Events: got.Events, Texts: got.Texts}
	}
	return answer{ID: c.ID, Value: value}
}

func perform(ctx context.Context, clients *clients, c command, got *read) (any, error) {
	if c.Op == "from_environment" {
		client, err := parley.New()
		if err != nil {
			return nil, err
		}
		return client.Models.List(ctx, parley.ModelFilter{})
	}
	client, err := clients.of(c)
	if err != nil {
		return nil, err
	}
	switch c.Op {
	case "describe":
		return map[string]string{"text": fmt.Sprintf("%v %+v %#v %s", client, client, client, client)}, nil
	case "roundtable.stream", "compare.stream", "chat.stream":
		return got, stream(ctx, client, c, got)
	}
	return plain(ctx, client, c)
}

func stream(ctx context.Context, client *parley.Client, c command, got *read) error {
	switch c.Op {
	case "roundtable.stream":
		stream, err := client.Roundtable.Stream(ctx, body[parley.RoundtableRequest](c), c.Options.list()...)
		return drain(stream, err, c.Options, got)
	case "compare.stream":
		stream, err := client.Compare.Stream(ctx, body[parley.CompareRequest](c), c.Options.list()...)
		return drain(stream, err, c.Options, got)
	}
	stream, err := client.Chat.Completions.Stream(ctx, chatBody(c), c.Options.list()...)
	return drain(stream, err, c.Options, got)
}

func drain[E, R any](stream *parley.Stream[E, R], err error, o options, got *read) error {
	if err != nil {
		return err
	}
	isBroken := false
	if o.Texts {
		isBroken, err = collect(stream.TextDeltas(), o.BreakAfter, func(d parley.TextDelta) {
			got.Texts = append(got.Texts, asText(d))
		})
	} else {
		got.Events = []any{}
		isBroken, err = collect(stream.Events(), o.BreakAfter, func(event E) { got.Events = append(got.Events, event) })
	}
	if err != nil || isBroken || o.NoFinal { // a stream that was left has no whole result
		return err
	}
	got.Final, err = stream.Final()
	return err
}

// collect keeps what a loop yields; it tells whether the loop was left early.
func collect[V any](from iter.Seq2[V, error], breakAfter *int, keep func(V)) (bool, error) {
	count := 0
	for value, err := range from {
		if err != nil {
			return false, err
		}
		keep(value)
		if count++; breakAfter != nil && count >= *breakAfter {
			return true, nil
		}
	}
	return false, nil
}

func asText(d parley.TextDelta) text {
	made := text{Model: d.Model, Text: d.Text, IsSummary: d.IsSummary}
	if d.Index >= 0 {
		made.Index = &d.Index
	}
	return made
}

// clients keeps one client for each server and key, as a program would.
type clients struct {
	lock sync.Mutex
	made map[string]*parley.Client
}

func (c *clients) of(command command) (*parley.Client, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	name, key := command.URL+" ", parley.WithoutAPIKey()
	if command.Key != nil {
		name, key = name+"key "+*command.Key, parley.WithAPIKey(*command.Key)
	}
	if found := c.made[name]; found != nil {
		return found, nil
	}
	client, err := parley.New(parley.WithURL(command.URL), key)
	if err == nil {
		c.made[name] = client
	}
	return client, err
}

func (o options) list() []parley.Option {
	var list []parley.Option
	if o.TimeoutS != nil {
		list = append(list, parley.WithTimeout(seconds(*o.TimeoutS)))
	}
	if o.MaxRetries != nil {
		list = append(list, parley.WithMaxRetries(*o.MaxRetries))
	}
	if o.IdempotencyKey != nil {
		list = append(list, parley.WithIdempotencyKey(*o.IdempotencyKey))
	}
	return list
}

func seconds(count float64) time.Duration { return time.Duration(count * float64(time.Second)) }

// fault is an error as the suite reads it.
type fault struct {
	Kind          string               `json:"kind"`
	Message       string               `json:"message"`
	Status        int                  `json:"status,omitempty"`
	Code          string               `json:"code,omitempty"`
	Param         string               `json:"param,omitempty"`
	Details       []parley.ErrorDetail `json:"details,omitempty"`
	ProviderError json.RawMessage      `json:"provider_error,omitempty"`
	RetryAfter    *float64             `json:"retry_after,omitempty"`
	RequestID     string               `json:"request_id,omitempty"`
	Raw           any                  `json:"raw,omitempty"`
}

func describe(err error) *fault {
	var api *parley.APIError
	var broken *parley.ConnectionError
	var told *parley.StreamError
	var output *parley.OutputError
	switch {
	case errors.As(err, &api):
		found := &fault{
			Kind: "api", Message: api.Message, Status: api.Status, Code: api.Code, Param: api.Param, Details: api.Details,
			ProviderError: api.ProviderError, RequestID: api.RequestID,
		}
		if api.RetryAfter > 0 {
			found.RetryAfter = parley.Ptr(api.RetryAfter.Seconds())
		}
		return found
	case errors.As(err, &broken) && broken.Timeout():
		return &fault{Kind: "timeout", Message: broken.Message, RequestID: broken.RequestID}
	case errors.As(err, &broken):
		return &fault{Kind: "connection", Message: broken.Message, RequestID: broken.RequestID}
	case errors.As(err, &told):
		return &fault{Kind: "stream", Message: told.Message, Code: told.Code, Details: told.Details, RequestID: told.RequestID}
	case errors.As(err, &output):
		return &fault{Kind: "output", Message: output.Message, Raw: output.Raw}
	case errors.Is(err, context.Canceled):
		return &fault{Kind: "cancelled", Message: err.Error()}
	}
	return &fault{Kind: "configuration", Message: err.Error()}
}
