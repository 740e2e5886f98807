package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
)

// Bounds of S3 ("Amazon S3 multipart upload limits"): bytes of each part but the last, and how
// many there are at most.
const (
	partLeast = 5 << 20
	partMost  = 5 << 30
	partsMost = 10000
)

// signedParts is an upload in parts that has begun.
type signedParts struct {
	Upload   string       `json:"upload"`
	Expires  time.Time    `json:"expires"`
	Parts    []signedPart `json:"parts"`
	Complete string       `json:"complete"` // a command, which wants the parts' tags behind it
	Abort    string       `json:"abort"`
}

// signedPart is the request for a part of the file. S3 answers with its tag, as ETag.
type signedPart struct {
	Part   int   `json:"part"`
	Offset int64 `json:"offset"`
	Bytes  int64 `json:"bytes"`
	cloud.Presigned
}

// checkParts returns an error unless the file can be sent so.
func (p *presigning) checkParts() error {
	part := int64(p.part)
	switch {
	case p.post:
		return usageError{errors.New("--post sends a file whole; leave it or --part-size out")}
	case part < partLeast || part > partMost:
		return usageError{fmt.Errorf("--part-size is %s, not 5MiB to 5GiB", &p.part)}
	case (p.size-1)/part >= partsMost:
		return usageError{fmt.Errorf("--part-size %s makes %d parts of the file, above %d; make them larger", &p.part, (p.size-1)/part+1, partsMost)}
	}
	return nil
}

// parts begins an upload and signs its parts.
func (p *presigning) parts(ctx context.Context, raw *cloud.Raw, merchant, model string) (s signedParts, err error) {
	u, err := raw.Begin(ctx, merchant, model, p.unit)
	if err != nil {
		return s, err
	}
	ref := merchant + "/" + model
	s = signedParts{
		Upload:   u.ID(),
		Complete: command("plinth", "presign", "complete", "--raw", p.raw, ref, u.ID()),
		Abort:    command("plinth", "presign", "abort", "--raw", p.raw, ref, u.ID()),
	}
	for at, part := int64(0), int64(p.part); at < p.size; at += part {
		one := signedPart{Part: len(s.Parts) + 1, Offset: at, Bytes: min(part, p.size-at)}
		if one.Presigned, err = u.PresignPart(ctx, one.Part, one.Bytes, p.expires); err != nil {
			return s, errors.Join(err, u.Abort(ctx))
		}
		s.Parts, s.Expires = append(s.Parts, one), one.Expires
	}
	return s, nil
}

// script sends the parts of a file, and tells the command that completes the upload.
func (s *signedParts) script(file string) string {
	lines := []string{
		fmt.Sprintf("# Sends %s in %d parts, until %s. Run it beside the file; if it breaks off, run it again. It wants curl 7.84.", file, len(s.Parts), s.Expires.Format(time.RFC3339)),
		"set -e",
		`part() { tail -c "+$1" ` + file + ` | head -c "$2" | curl --fail-with-body --retry 3 -sS -o /dev/null -w '%header{etag}' -X PUT -H 'Content-Type:' --data-binary @- "$3"; }`,
	}
	var tags strings.Builder
	for _, p := range s.Parts {
		lines = append(lines, fmt.Sprintf("tag%d=$(part %d %d %s)", p.Part, p.Offset+1, p.Bytes, quoted(p.URL)))
		fmt.Fprintf(&tags, " '$tag%d'", p.Part)
	}
	return strings.Join(append(lines,
		"echo 'All parts are there. Whoever signed them completes the upload with:'",
		"echo "+quoted(s.Complete)+`"`+tags.String()+`"`), "\n") + "\n"
}

func newPresignComplete(c console) *cobra.Command {
	var place string
	cmd := &cobra.Command{
		Use:   "complete MERCHANT/MODEL UPLOAD TAG...",
		Short: "Complete an upload in parts",
		Long: `Complete makes the model's upload of the parts that were sent, in their order. TAGs are
what S3 answered to each of them as ETag.`,
		Example: `  plinth presign complete acme/chair --raw s3://plinth-raw/raw 2~Vk9Zc0 9b2cf535f27731c974343645a3985328 5d41402abc4b2a76b9719d911017c592`,
		Args:    args(3, -1, "MERCHANT/MODEL, the upload, and the tag of each part"),
		RunE: func(cmd *cobra.Command, args []string) error {
			tags := make([]string, len(args)-2)
			for i, tag := range args[2:] {
				tags[i] = `"` + strings.Trim(tag, `"`) + `"`
			}
			err := withUpload(cmd.Context(), place, args, func(u *cloud.RawUpload) error { return u.Complete(cmd.Context(), tags) })
			if errors.Is(err, asset.ErrNotFound) {
				err = fmt.Errorf("there is no such upload: it was completed or aborted before; sign another with plinth presign --part-size: %w", err)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.out, "%s is uploaded.\n", args[0])
			return err
		},
	}
	addRaw(cmd, &place)
	return cmd
}

func newPresignAbort(c console) *cobra.Command {
	var place string
	cmd := &cobra.Command{
		Use:     "abort MERCHANT/MODEL UPLOAD",
		Short:   "Remove the parts of an upload that is not to be completed",
		Example: `  plinth presign abort acme/chair --raw s3://plinth-raw/raw 2~Vk9Zc0`,
		Args:    args(2, 2, "MERCHANT/MODEL and the upload"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := withUpload(cmd.Context(), place, args, func(u *cloud.RawUpload) error { return u.Abort(cmd.Context()) }); err != nil {
				return err
			}
			_, err := fmt.Fprintf(c.out, "Parts of %s are gone.\n", args[0])
			return err
		},
	}
	addRaw(cmd, &place)
	return cmd
}

// withUpload does something to the upload that a command line names.
func withUpload(ctx context.Context, place string, args []string, do func(*cloud.RawUpload) error) error {
	merchant, model, err := rawRef(args[0])
	if err != nil {
		return err
	}
	raw, err := cloud.OpenRaw(ctx, place)
	if err != nil {
		return usageError{fmt.Errorf("--raw: %w", err)}
	}
	u, err := raw.Resume(merchant, model, args[1])
	if err != nil {
		return err
	}
	return do(u)
}
