package origin

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// line is one request in the log.
func (o *Origin) line(q *request, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case q.status == http.StatusServiceUnavailable:
		level = slog.LevelWarn
	case q.status >= 500:
		level = slog.LevelError
	}
	attrs := [...]slog.Attr{
		slog.String("method", q.Method), slog.String("path", q.URL.Path[:min(len(q.URL.Path), 300)]), slog.Int("status", q.status),
		slog.Int64("bytes", q.sent), slog.Float64("ms", float64(took.Microseconds())/1e3), slog.String("client", q.RemoteAddr),
		slog.String("range", strings.Join(q.Header["Range"], ", ")), slog.String("from", q.layerName()),
		slog.String("reason", q.reason), slog.Any("err", q.err),
	}
	n := len(attrs)
	if q.err == nil {
		n--
		if q.reason == "" {
			n--
		}
	}
	o.Log.LogAttrs(q.Context(), level, "serve", attrs[:n]...)
}
