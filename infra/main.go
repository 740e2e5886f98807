// Command infra synthesises Plinth's stacks for the CDK. With -eks it prints manifests for
// Kubernetes instead.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/plinth3d/plinth/infra/config"
	"github.com/plinth3d/plinth/infra/eks"
	"github.com/plinth3d/plinth/infra/stack"
)

func main() {
	env := flag.String("env", "prod", "installation: dev, prod or dr")
	dir := flag.String("o", "", "folder for templates; empty is where the CDK asks for them")
	account := flag.String("eks", "", "number of an account: print manifests for Kubernetes there")
	flag.Parse()
	if err := run(*env, *dir, *account); err != nil {
		fmt.Fprintln(os.Stderr, "infra:", err)
		os.Exit(1)
	}
}

func run(env, dir, account string) (err error) {
	c, err := config.Load(env)
	if err != nil {
		return err
	}
	end, err := stack.Runtime()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	if account != "" {
		return eks.Render(os.Stdout, c, account)
	}
	defer func() { // what the CDK's validation finds is a panic of its Go library
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	app, err := stack.New(c, dir)
	if err == nil {
		app.Synth(nil)
	}
	return err
}
