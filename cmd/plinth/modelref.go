package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// parseRef reads MODEL, MERCHANT/MODEL, MODEL@VERSION or MERCHANT/MODEL@VERSION.
func parseRef(text, merchant string) (asset.Job, error) {
	name, version, named := strings.Cut(text, "@")
	j := asset.Job{Merchant: merchant, Model: name, Version: version}
	if m, model, ok := strings.Cut(name, "/"); ok {
		j.Merchant, j.Model = m, model
	}
	if err := errors.Join(asset.CheckID(j.Merchant), asset.CheckID(j.Model)); err != nil || named && version == "" {
		return j, usageError{fmt.Errorf("%.200q is not like MODEL, MERCHANT/MODEL or MODEL@VERSION", text)}
	}
	return j, nil
}

// versionsOf are the versions of a model, the newest first; one that isn't there is told with what
// to do.
func versionsOf(ctx context.Context, c asset.Catalog, j asset.Job) ([]asset.Version, error) {
	list, err := c.Versions(ctx, j.Merchant, j.Model)
	if errors.Is(err, asset.ErrNotFound) {
		err = fmt.Errorf("%w: merchant %s has no model %s; plinth jobs lists what there is", asset.ErrNotFound, j.Merchant, j.Model)
	}
	return list, err
}

// find returns the version that j names, the newest upload if it names none; newest says
// whether it is that.
func find(ctx context.Context, c asset.Catalog, j asset.Job) (v asset.Version, newest bool, err error) {
	list, err := versionsOf(ctx, c, j)
	if err != nil {
		return v, false, err
	}
	for k, v := range list {
		if v.Version == j.Version || j.Version == "" {
			return v, k == 0, nil
		}
	}
	return v, false, fmt.Errorf("%w: %s has no version %.80q", asset.ErrNotFound, j.Model, j.Version)
}

// models completes names of models, as arguments from the first to the last.
func (s *settings) models(c console, merchant *string, last int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, given []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(given) >= last {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if fromEnvironment(cmd) != nil { // a shell that completes runs nothing before
			return nil, cobra.ShellCompDirectiveError
		}
		h, err := s.openThere(cmd.Context(), c)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		list, err := h.catalog.List(cmd.Context(), *merchant)
		if errors.Join(err, h.close()) != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, v := range list {
			if strings.HasPrefix(v.Model, begun) {
				names = append(names, v.Model)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
