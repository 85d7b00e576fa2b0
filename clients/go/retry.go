package parley

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	firstWait      = 500 * time.Millisecond
	mostWait       = 8 * time.Second
	mostRetryAfter = 60 * time.Second
)

// clock is time and chance, so that tests have their own.
type clock struct {
	sleep  func(context.Context, time.Duration) error // ends early, with an error, when the context does
	random func() float64                             // from [0, 1)
}

var realClock = clock{sleep: sleep, random: rand.Float64}

func sleep(ctx context.Context, wait time.Duration) error {
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// waitAfter returns how long to wait after a failed attempt, 0 being the first, and false if err, or none, is not worth another.
func (c clock) waitAfter(attempt int, err error, onlyIfRefused bool) (time.Duration, bool) {
	wait := time.Duration(c.random() * float64(min(firstWait<<min(attempt, 10), mostWait)))
	var broken *ConnectionError
	if errors.As(err, &broken) {
		return wait, broken.isBroken && !onlyIfRefused
	}
	var refused *APIError
	if !errors.As(err, &refused) || refused.RetryAfter > mostRetryAfter {
		return 0, false
	}
	wait = max(wait, refused.RetryAfter)
	switch refused.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable: // the server did nothing
		return wait, true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return wait, !onlyIfRefused
	case http.StatusConflict:
		return wait, !onlyIfRefused && refused.Code == "idempotency_in_progress"
	}
	return wait, false
}

// readRetryAfter returns the wait that a header asks for, in seconds or as a date, 0 without one. Source: RFC 9110, 10.2.3.
func readRetryAfter(header string) time.Duration {
	if moment, err := http.ParseTime(header); err == nil {
		return max(time.Until(moment), 0)
	}
	seconds, _ := strconv.ParseFloat(header, 64) // 0 where it is no number
	return asWait(seconds)
}

// asWait turns a server's number of seconds into a wait from 0 to a year, so that none overflows.
func asWait(seconds float64) time.Duration {
	const year = 365 * 24 * 3600
	if seconds > 0 { // which NaN is not
		return time.Duration(min(seconds, year) * float64(time.Second))
	}
	return 0
}
