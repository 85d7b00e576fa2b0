package parley_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	parley "parley.dev/clients/go"
)

// server answers as Parley would.
func server(answer string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, answer) }))
}

func ExampleRoundtableService_Create() {
	parleyd := server(`{"id": "rt_1", "data": "Both say yes.", "model_results": [
		{"index": 0, "model": "sandbox/terse", "data": "Yes."}, {"index": 1, "model": "sandbox/thorough", "data": "Yes, mostly."}]}`)
	defer parleyd.Close()
	client, err := parley.New(parley.WithURL(parleyd.URL))
	if err != nil {
		log.Fatal(err)
	}
	result, err := client.Roundtable.Create(context.Background(), parley.RoundtableRequest{
		Input:  "Should a small team start with a monolith?",
		Models: parley.Seats("sandbox/terse", "sandbox/thorough"),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, seat := range result.ModelResults {
		fmt.Printf("%s: %v\n", seat.Model, seat.Data)
	}
	fmt.Println(result.Data)
	// Output:
	// sandbox/terse: Yes.
	// sandbox/thorough: Yes, mostly.
	// Both say yes.
}

func ExampleStream_Events() {
	parleyd := server(`data: {"type":"model_delta","model_index":0,"model":"sandbox/terse","delta":"Yes."}

data: {"type":"model_error","model_index":1,"model":"sandbox/down","error":"It is down.","error_code":"unavailable"}

data: {"type":"done","id":"rt_1","data":"Yes.","meta":{"total_cost":0.5},"model_results":[]}

data: [DONE]

`)
	defer parleyd.Close()
	client, err := parley.New(parley.WithURL(parleyd.URL))
	if err != nil {
		log.Fatal(err)
	}
	stream, err := client.Roundtable.Stream(context.Background(), parley.RoundtableRequest{
		Input:  "Should a small team start with a monolith?",
		Models: parley.Seats("sandbox/terse", "sandbox/down"),
	})
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range stream.Events() {
		if err != nil {
			log.Fatal(err)
		}
		switch event := event.(type) {
		case *parley.RoundtableModelDelta:
			fmt.Println(event.Model, "says", event.Delta)
		case *parley.RoundtableModelError:
			fmt.Println(event.Model, "failed:", event.Error)
		case *parley.RoundtableDone:
			fmt.Println("all for", event.Meta.TotalCost)
		}
	}
	// Output:
	// sandbox/terse says Yes.
	// sandbox/down failed: It is down.
	// all for 0.5
}

func ExampleParse() {
	parleyd := server(`{"id": "rt_1", "data": {"verdict": "yes", "confidence": 0.8}}`)
	defer parleyd.Close()
	client, err := parley.New(parley.WithURL(parleyd.URL))
	if err != nil {
		log.Fatal(err)
	}
	type Verdict struct {
		Verdict    string  `json:"verdict" enum:"yes,no"`
		Confidence float64 `json:"confidence" description:"from 0 to 1"`
	}
	parsed, err := parley.Parse[Verdict](context.Background(), client, parley.RoundtableRequest{
		Input:  "Is a monolith the better start? Say how sure you are.",
		Models: parley.Seats("sandbox/terse", "sandbox/thorough"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(parsed.Value.Verdict, parsed.Value.Confidence)
	// Output: yes 0.8
}
