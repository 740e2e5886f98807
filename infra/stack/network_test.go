package stack

import (
	"strings"
	"testing"
)

// What breaks into a worker may bring credentials of its own: no endpoint takes them. Endpoints of
// machines have no policy; they take a cluster's calls.
func TestEndpointsServeThisAccountOnly(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		closed := 0
		for _, e := range m.of(t, "EC2::VPCEndpoint") {
			if strings.Contains(m.nameOf(e, "ServiceName"), ".ecs") {
				continue
			}
			all := list(e.at("PolicyDocument", "Statement"))
			if len(all) == 0 {
				t.Errorf("%s serves everybody", e)
			}
			for _, s := range all {
				layers := at(s, "Action") == "s3:GetObject" && m.name(e.stack, at(s, "Resource")) == "arn:aws:s3:::prod-"+m.config.Region+"-starport-layer-bucket/*"
				own := m.name(e.stack, at(s, "Condition", "StringEquals", "aws:PrincipalAccount")) == e.stack+"/AWS::AccountId"
				if !layers && !own {
					t.Errorf("%s: %v", e, s)
				}
				if own {
					closed++
				}
			}
		}
		if want := len(endpoints) + 2; closed != want {
			t.Errorf("%d endpoints are for this account, want %d", closed, want)
		}
	})
}
