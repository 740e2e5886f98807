// Command infra synthesises Plinth's stacks for the CDK.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/aws/jsii-runtime-go"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/stack"
)

func main() {
	env := flag.String("env", "prod", "installation: dev, prod or dr")
	dir := flag.String("o", "", "folder for templates; empty is where the CDK asks for them")
	flag.Parse()
	if err := run(*env, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "infra:", err)
		os.Exit(1)
	}
}

func run(env, dir string) error {
	c, err := config.Load(env)
	if err != nil {
		return err
	}
	defer jsii.Close()
	app, err := stack.New(c, dir)
	if err != nil {
		return err
	}
	app.Synth(nil)
	return nil
}
