package stack

import (
	"errors"
	"os"

	"github.com/aws/jsii-runtime-go"
)

// Runtime prepares the program that the CDK runs in, which is Node's. The function that it
// returns removes what that leaves on disk; the program itself ends with this one. (To ask
// it to end earlier makes jsii's Go library wait for it twice, and complain.)
//
// Of Node 20 it need not warn, with which it works: what runs in production is the
// templates, and the golden tests show that they are what they should be.
func Runtime() (end func() error, err error) {
	const silent = "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"
	dir, err := os.MkdirTemp("", "plinth-cdk-*")
	if err != nil {
		return nil, err
	}
	if os.Getenv(silent) == "" {
		err = os.Setenv(silent, "20")
	}
	err = errors.Join(err, os.Setenv("TMPDIR", dir))
	jsii.Close() // it was prepared before any of this ran, with the environment of then
	return func() error { return os.RemoveAll(dir) }, err
}
