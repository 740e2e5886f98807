package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// metrics are figures of /metrics by their names with labels, as they are written there.
func metrics(ctx context.Context, base string) (map[string]float64, error) {
	answer, text, err := get(ctx, base+"/metrics", request{})
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("/metrics: %s", answer.Status)
	}
	return exposition(string(text))
}

// exposition reads the text form of Prometheus, without times.
func exposition(text string) (map[string]float64, error) {
	out := map[string]float64{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		if i < 0 {
			return nil, fmt.Errorf("/metrics: %q has no value", line)
		}
		value, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("/metrics: %q: %w", line, err)
		}
		out[line[:i]] = value
	}
	return out, nil
}

// status is a size in /proc/PID/status, in bytes.
func status(pid int, name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, line, ok := strings.Cut(string(text), "\n"+name+":")
	var kb int64
	if _, err := fmt.Sscan(line, &kb); !ok || err != nil {
		return 0, fmt.Errorf("/proc/%d/status has no %s", pid, name)
	}
	return kb << 10, nil
}
