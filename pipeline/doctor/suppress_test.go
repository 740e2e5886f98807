package doctor

import (
	"slices"
	"testing"
)

func TestASuppressionHoldsForOneRuleOfOneResource(t *testing.T) {
	public := edit{"network", "SubnetA/Properties/MapPublicIpOnLaunch", "true"}
	said := func(list string) edit { return edit{"network", "SubnetA/Metadata/plinth/doctor", list} }
	for _, c := range []struct {
		name, list string
		want       []string
	}{
		{"with a reason it counts", `[{"id":"subnet-public","reason":"a bastion stands there"}]`, nil},
		{"without a reason it doesn't", `[{"id":"subnet-public"}]`, []string{"subnet-public", "suppression"}},
		{"for another rule it doesn't", `[{"id":"nat-gateway","reason":"a bastion stands there"}]`, []string{"subnet-public", "suppression"}},
		{"for a rule that doesn't exist it doesn't", `[{"id":"subnet","reason":"a bastion stands there"}]`, []string{"subnet-public", "suppression"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := templates(t)
			edit{"network", "SubnetA/Metadata/plinth", "{}"}.apply(t, all)
			said(c.list).apply(t, all)
			public.apply(t, all)
			if got := ids(examine(t, all)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	t.Run("of another resource it doesn't", func(t *testing.T) {
		all := templates(t)
		edit{"network", "SubnetB/Metadata/plinth", `{"doctor":[{"id":"subnet-public","reason":"a bastion stands there"}]}`}.apply(t, all)
		public.apply(t, all)
		if got := ids(examine(t, all)); !slices.Equal(got, []string{"subnet-public", "suppression"}) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("of cdk-nag it doesn't", func(t *testing.T) {
		all := templates(t)
		edit{"network", "SubnetA/Metadata/cdk_nag", `{"rules_to_suppress":[{"id":"subnet-public","reason":"a bastion stands there"}]}`}.apply(t, all)
		public.apply(t, all)
		if got := ids(examine(t, all)); !slices.Equal(got, []string{"subnet-public"}) {
			t.Errorf("got %q", got)
		}
	})
}

func TestARuleAboutAllIsSuppressedByATemplate(t *testing.T) {
	e, err := Parse(Template{Stack: "S", Text: []byte(`{"Metadata":{"plinth":{"doctor":[{"id":"budget","reason":"the payer account has one"}]}},"Resources":{"C":{"Type":"AWS::ECS::Service","Properties":{
		"NetworkConfiguration":{"AwsvpcConfiguration":{"Subnets":["subnet-1","subnet-2"]}},"DeploymentController":{"Type":"CODE_DEPLOY"}}}}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if found := Examine(e); len(found) != 0 {
		t.Errorf("got %+v", found)
	}
}
