package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/cloud"
)

// presigning is what is to be signed.
type presigning struct {
	raw, unit    string
	post, asJSON bool
	size         int64
	part         byteSize // 0 for all at once
	expires      time.Duration
}

func newPresign(c console) *cobra.Command {
	var p presigning
	cmd := &cobra.Command{
		Use:   "presign MERCHANT/MODEL",
		Short: "Sign an upload to the raw bucket, for a merchant without keys of AWS",
		Long: `Presign prints a request, and the curl line that sends it, by which its holder can
upload one model to the raw bucket until it expires. A PUT is of exactly --size bytes; a
form, with --post, of so many at most, and can be sent by a page. Neither asks anything of
AWS.

A large file on a poor line goes up in parts, with --part-size: S3 is asked to begin the
upload, and what is printed is a script that sends the parts, each by itself, and tells the
command that completes it. Parts of one that is never completed are removed by "presign abort",
or by the bucket's lifecycle.`,
		Example: `  plinth presign acme/chair --raw s3://plinth-raw/raw --size $(stat -c %s chair.glb)
  plinth presign acme/chair --raw s3://plinth-raw/raw --post --unit cm --expires 24h --json
  plinth presign acme/hall --raw s3://plinth-raw/raw --size $(stat -c %s hall.glb) --part-size 16MiB > send.sh`,
		Args: args(1, 1, "one MERCHANT/MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error { return runPresign(cmd.Context(), c, args[0], p) },
	}
	cmd.AddCommand(newPresignComplete(c), newPresignAbort(c))
	addRaw(cmd, &p.raw)
	cmd.Flags().BoolVar(&p.post, "post", false, "a form for a POST")
	cmd.Flags().Int64Var(&p.size, "size", 0, "bytes of the file; with --post at most, and 0 is what the built-in recipe takes")
	cmd.Flags().Var(&p.part, "part-size", "send the file in parts of so many bytes, 5MiB at least; 0 sends it whole")
	cmd.Flags().StringVar(&p.unit, "unit", "", "what the model is drawn in: m, cm, mm, in, ft; empty is what the server reads it as")
	cmd.Flags().DurationVar(&p.expires, "expires", time.Hour, "how long it is good for, 168h at most")
	cmd.Flags().BoolVar(&p.asJSON, "json", false, "print JSON")
	return cmd
}

func addRaw(cmd *cobra.Command, place *string) {
	cmd.Flags().StringVar(place, "raw", "", "where merchants' uploads arrive: s3://BUCKET/PREFIX")
}

// rawRef reads MERCHANT/MODEL.
func rawRef(name string) (merchant, model string, err error) {
	merchant, model, ok := strings.Cut(name, "/")
	if !ok {
		return "", "", usageError{fmt.Errorf("%q is not MERCHANT/MODEL", name)}
	}
	return merchant, model, nil
}

// check returns an error unless what is to be signed can be, and settles its size.
func (p *presigning) check() error {
	recipe := pipeline.Default()
	if p.unit != "" {
		recipe.Unit = p.unit
	}
	if err := recipe.Check(); err != nil {
		return fmt.Errorf("--unit: %w", err)
	}
	if p.post && p.size == 0 {
		p.size = recipe.Limits.Bytes
	}
	if p.size < 1 {
		return usageError{fmt.Errorf("--size is %d: say how many bytes the file has, or --post", p.size)}
	}
	if p.part != 0 {
		return p.checkParts()
	}
	return nil
}

func runPresign(ctx context.Context, c console, name string, p presigning) error {
	merchant, model, err := rawRef(name)
	if err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	raw, err := cloud.OpenRaw(ctx, p.raw)
	if err != nil {
		return usageError{fmt.Errorf("--raw: %w", err)}
	}
	file := model + ".glb"
	if p.part != 0 {
		s, err := p.parts(ctx, raw, merchant, model)
		if err == nil && p.asJSON {
			return printJSON(c, s)
		}
		if err == nil {
			_, err = fmt.Fprint(c.out, s.script(file))
		}
		return err
	}
	sign := raw.PresignPut
	if p.post {
		sign = raw.PresignPost
	}
	signed, err := sign(ctx, merchant, model, p.unit, p.size, p.expires)
	if err != nil {
		return err
	}
	if p.asJSON {
		return json.NewEncoder(c.out).Encode(struct {
			cloud.Presigned
			Curl string `json:"curl"`
		}{signed, curl(signed, file)})
	}
	_, err = fmt.Fprintf(c.out, "%s %s\n\nuntil %s:\n%s\n", signed.Method, signed.URL, signed.Expires.Format(time.RFC3339), curl(signed, file))
	return err
}

// curl is the command that sends a file.
func curl(p cloud.Presigned, file string) string {
	line := []string{"curl --fail-with-body"}
	if p.Fields != nil {
		for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
			line = append(line, "--form-string "+quoted(name+"="+p.Fields[name]))
		}
		return strings.Join(append(line, "-F file=@"+file, quoted(p.URL)), " ")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Headers)) {
		if name != "Content-Length" { // curl's own
			line = append(line, "-H "+quoted(name+": "+p.Headers[name]))
		}
	}
	return strings.Join(append(line, "-T "+file, quoted(p.URL)), " ")
}
