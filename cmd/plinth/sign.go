package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func newSign(c console) *cobra.Command {
	var place string
	var life time.Duration
	cmd := &cobra.Command{
		Use:   "sign PATH",
		Short: "Sign the address of a product, so that it can be fetched for a while",
		Long: `Sign prints PATH with a query that lets it be fetched until a time. Merchants who have
keys where an origin reads them (--signing-keys), a file or s3://BUCKET/KEY, are served by
signed addresses only. A key is 32 random bytes or more; the first of a merchant's signs,
all of them are accepted. Origins read them again each minute, so a new key is put behind
the one that signs, and before it once all origins know it.`,
		Example: `  echo "{\"acme\": [\"$(openssl rand -base64 32)\"]}" > keys.json
  plinth sign /p/acme/chair.glb --signing-keys keys.json --for 24h
  plinth sign /p/acme/chair.json --signing-keys s3://plinth-keys/signing.json`,
		Args: args(1, 1, "one path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if place == "" {
				return usageError{fmt.Errorf("--signing-keys is missing: the file or s3://BUCKET/KEY with the merchant's key")}
			}
			if life <= 0 {
				return usageError{fmt.Errorf("--for is %s; it must be above 0", life)}
			}
			from, err := openKeys(cmd.Context(), place)
			if err != nil {
				return err
			}
			keys, err := from.read(cmd.Context())
			if err != nil {
				return err
			}
			signed, err := keys.Sign(args[0], time.Now().Add(life))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.out, signed)
			return err
		},
	}
	cmd.Flags().StringVar(&place, "signing-keys", "", "merchants' keys: a file or s3://BUCKET/KEY")
	cmd.Flags().DurationVar(&life, "for", 24*time.Hour, "how long the address is good")
	return cmd
}
