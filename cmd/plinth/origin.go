package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/spf13/cobra"
)

func newOrigin(c console) *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:     "origin",
		Short:   "Only serve renditions and manifests",
		Example: `  plinth origin --data /var/lib/plinth --listen :8081`,
		Args:    args(0, 0, "nothing"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runOrigin(cmd.Context(), c, s) },
	}
	s.addData(cmd)
	s.addListen(cmd)
	return cmd
}

func runOrigin(ctx context.Context, c console, s settings) (err error) {
	h, err := s.open(ctx, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	mux := http.NewServeMux()
	mux.Handle("/", h.origin())
	return listenAndServe(ctx, s.listen, mux, func(a net.Addr) {
		_, _ = fmt.Fprintf(c.out, "Plinth's origin listens on http://%s\n", a)
	})
}
