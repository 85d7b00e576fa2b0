// Compare lays three models' answers side by side, and shows what an error tells.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	parley "parley.dev/clients/go"
)

func main() {
	client, err := parley.New()
	if err != nil {
		log.Fatal(err)
	}
	result, err := client.Compare.Create(context.Background(), parley.CompareRequest{
		Models:   []string{"sandbox/terse", "sandbox/thorough", "sandbox/contrarian"},
		Messages: []parley.Message{parley.UserMessage("Should a small team start with a monolith?")},
	})
	var refused *parley.APIError
	if errors.As(err, &refused) {
		log.Fatalf("%s in request %s: %s", refused.Code, refused.RequestID, refused.Message)
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, row := range result.Results {
		fmt.Printf("%s: %s%s\n", row.Model, row.Content, row.Error)
	}
	fmt.Println(result.Comparison)
}
