package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
)

func newJobsDrop(c console) *cobra.Command {
	var s settings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "drop ID...",
		Short: "Delete dead letters of SQS for good, such as those that are no job",
		Long: `Drop deletes dead letters, by their IDs as "jobs list --dead" tells them. A job whose dead
letter is dropped stays failed; "redrive" has it made all the same.`,
		Example: `  plinth jobs drop 5fea7756-0ea4-451a-a703-a558b933e274 --catalog dynamodb://plinth --store s3://plinth-derived --queue sqs://plinth`,
		Args:    args(1, -1, "IDs of dead letters"),
		RunE:    func(cmd *cobra.Command, ids []string) error { return runJobsDrop(cmd.Context(), c, s, ids, asJSON) },
	}
	s.addOperator(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what is deleted as JSON, one letter a line")
	return cmd
}

func runJobsDrop(ctx context.Context, c console, s settings, ids []string, asJSON bool) (err error) {
	h, err := s.operator(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if h.lanes == nil {
		return usageError{fmt.Errorf("drop is about SQS, and --queue is %s, which has no dead letters", s.where.queue)}
	}
	gone, err := h.lanes.Drop(ctx, func(b cloud.BuriedJob) bool { return slices.Contains(ids, b.ID) })
	var letters []deadLetter
	for _, b := range gone {
		letters = append(letters, s.letter(b))
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == b.ID })
	}
	switch {
	case asJSON:
		err = errors.Join(err, printJSON(c, letters...))
	default:
		for _, l := range letters {
			_, _ = fmt.Fprintf(c.out, "%s of %s is deleted\n", l.ID, l.Queue)
		}
	}
	if err == nil && len(ids) > 0 {
		err = fmt.Errorf("%w: %s: no dead letter has that ID, or somebody else looks at it; try again after half a minute", asset.ErrNotFound, strings.Join(ids, ", "))
	}
	return err
}

// noJob names what is in the place of a model in a message that is no job.
const noJob = "(no job)"

// excerpt is how many characters of a message that is no job are told to people.
const excerpt = 80

// beginning is the beginning of a body.
func beginning(body string) string { return fmt.Sprintf("%.*q", excerpt, body) }

// tellFailure tells people why something failed, and how to see it again if that is known.
func tellFailure(c console, name string, f asset.Failure) {
	_, _ = fmt.Fprintf(c.out, "%s: %s\n", name, f.Reason)
	if f.Reproduce != "" {
		_, _ = fmt.Fprintf(c.out, "  see it again: %s\n", f.Reproduce)
	}
}
