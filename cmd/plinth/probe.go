package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

func newProbe(c console) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "probe URL",
		Short: "Ask a URL if all is well: for health checks in containers, whose image has no curl",
		Long: `Probe exits with 0 if a GET answers 2xx in time, and else with 1 and says why. It follows
no redirect and asks no proxy.`,
		Example: `  plinth probe http://127.0.0.1:9090/healthz`,
		Args:    args(1, 1, "a URL"),
		RunE:    func(cmd *cobra.Command, given []string) error { return runProbe(cmd.Context(), c, given[0], timeout) },
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Second, "time for the answer's head")
	return cmd
}

func runProbe(ctx context.Context, c console, address string, timeout time.Duration) error {
	if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return usageError{fmt.Errorf("%q is no URL like http://127.0.0.1:9090/healthz", address)}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return usageError{err}
	}
	// The transport of its own has no proxy: what is asked is this container.
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(q)
	if err != nil {
		return unwell(c, address, err.Error())
	}
	defer answer.Body.Close() //nolint:errcheck // not read
	if answer.StatusCode/100 != 2 {
		return unwell(c, address, answer.Status)
	}
	_, err = fmt.Fprintln(c.out, answer.Status)
	return err
}

// unwell tells why not all is well.
func unwell(c console, address, why string) error {
	_, _ = fmt.Fprintf(c.err, "plinth: %s: %s\n", address, why) // the exit code says it too
	return failed{exitInput}
}
