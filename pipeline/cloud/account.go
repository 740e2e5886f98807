package cloud

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// ErrNoRegion says that nothing tells which region of AWS is meant.
var ErrNoRegion = fmt.Errorf("%w: no region is set; say AWS_REGION=us-east-1, or where it is", asset.ErrInvalid)

// account checks what the SDK found about whose account in which region is meant.
// Credentials are looked for when the first call needs them; where there are none, the error
// says what to set.
func account(cfg *aws.Config, doing string) error {
	if cfg.Region == "" {
		return fmt.Errorf("%s: %w", doing, ErrNoRegion)
	}
	if cfg.Credentials != nil {
		cfg.Credentials = advising{cfg.Credentials}
	}
	return nil
}

// advising are credentials whose absence says what to do.
type advising struct{ aws.CredentialsProvider }

// Retrieve is that of aws.CredentialsProvider.
func (a advising) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := a.CredentialsProvider.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role: %w", err)
	}
	return c, err
}
