package main

import (
	"io"

	"github.com/spf13/cobra"

	edgejs "github.com/plinth3d/plinth/origin/edge"
)

func newEdge(c console) *cobra.Command {
	return &cobra.Command{
		Use:   "edge",
		Short: "Print the CloudFront Function that reduces requests to cache keys by device",
		Long: `Edge prints the JavaScript of a viewer-request function for CloudFront, runtime 2.0. It
chooses a device's class as the origin does, sets the header Plinth-Class to it and
removes the query parameters that led to it. Put Plinth-Class, form, exp and sig into
the cache key.`,
		Example: "  plinth edge > function.js",
		Args:    args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(c.out, edgejs.Function())
			return err
		},
	}
}
