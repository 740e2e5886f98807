package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/origin"
)

func newSign(c console) *cobra.Command {
	var file string
	var life time.Duration
	cmd := &cobra.Command{
		Use:   "sign PATH",
		Short: "Sign the address of a product, so that it can be fetched for a while",
		Long: `Sign prints PATH with a query that lets it be fetched until a time. Merchants who have
keys in the file that an origin reads (--signing-keys) are served by signed addresses
only. A key is 32 random bytes or more; the first of a merchant's signs, all of them are
accepted.`,
		Example: `  echo "{\"acme\": [\"$(openssl rand -base64 32)\"]}" > keys.json
  plinth sign /p/acme/chair.glb --signing-keys keys.json --for 24h`,
		Args: args(1, 1, "one path"),
		RunE: func(_ *cobra.Command, args []string) error {
			if file == "" {
				return usageError{fmt.Errorf("--signing-keys is missing: the file with the merchant's key")}
			}
			if life <= 0 {
				return usageError{fmt.Errorf("--for is %s; it must be above 0", life)}
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("--signing-keys: %w", err)
			}
			keys, err := origin.ParseKeys(text)
			if err != nil {
				return fmt.Errorf("--signing-keys %s: %w", file, err)
			}
			signed, err := keys.Sign(args[0], time.Now().Add(life))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.out, signed)
			return err
		},
	}
	cmd.Flags().StringVar(&file, "signing-keys", "", "file with merchants' keys")
	cmd.Flags().DurationVar(&life, "for", 24*time.Hour, "how long the address is good")
	return cmd
}
