package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// console is where a command talks: results to out, everything else to err.
type console struct{ out, err io.Writer }

// run is the program but for the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := console{stdout, stderr}
	root := newRoot(c)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	code := exitCode(err)
	if _, told := errors.AsType[failed](err); err != nil && !told {
		_, _ = fmt.Fprintf(stderr, "plinth: %v\n", err)
		if code == exitUsage {
			_, _ = fmt.Fprintf(stderr, "Run %q for how to use it.\n", cmd.CommandPath()+" --help")
		}
	}
	return code
}

func newRoot(c console) *cobra.Command {
	root := &cobra.Command{
		Use:   "plinth",
		Short: "Turn 3D models of products into files any device can show at once, and serve them",
		Long: `Plinth turns 3D models of products into levels of detail, each right to within one
device pixel at its viewer's height, and serves them to shoppers.

Every flag can be set by the environment: --listen is PLINTH_LISTEN, and so on; a
flag on the command line counts more.

Exit codes: 0 done; 1 a file or value can't be used; 2 the command line can't be
understood; 3 a disk, port or backend doesn't work or is taken, or the work is broken off.`,
		Example: `  plinth convert chair.glb -o out        make the levels of a model
  plinth inspect chair.glb               what is in it
  plinth serve --demo                    a shop with sample products on localhost`,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Args:              noSuch,
	}
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newConvert(c), newInspect(c), newSimplify(c), newPack(c), newDiff(c), newTexture(c), newServe(c), newWorker(c), newLambda(c), newOrigin(c), newSign(c), newPresign(c), newSweep(c), newEdge(c), newJobs(c), newVersions(c), newBatch(c), newMerchants(c), newKeys(c), newMetrics(c), newDoctor(c), newConfig(c), newProbe(c), newVersion(c))
	return root
}

// variable is the environment's name of a flag.
func variable(flag string) string {
	return "PLINTH_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets the flags that the command line left alone.
func fromEnvironment(cmd *cobra.Command) error {
	var bad error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value, ok := os.LookupEnv(variable(f.Name))
		if f.Changed || !ok || !isSetting(f) || bad != nil {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			bad = usageError{fmt.Errorf("%s: %w", variable(f.Name), err)}
		}
	})
	return bad
}

// byHand marks a flag that the environment doesn't set: it is no setting, and its name is that
// of one.
const byHand = "plinth-by-hand"

// isSetting says whether the environment sets a flag.
func isSetting(f *pflag.Flag) bool { return f.Name != "help" && f.Annotations[byHand] == nil }

// args checks the number of arguments.
func args(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if len(given) < least || most >= 0 && len(given) > most {
			return usageError{fmt.Errorf("%s wants %s, got %d arguments", cmd.CommandPath(), what, len(given))}
		}
		return nil
	}
}
