package doctor

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// queue is a template with one queue whose properties are given.
func queue(properties string) string {
	return `{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":` + properties + `}}}`
}

func TestABrokenTemplateIsToldWithThePlace(t *testing.T) {
	many := strings.Repeat(`"C%d":{"Fn::Equals":["a","b"]},`, 1001)
	long := `{"Fn::Join":["",["` + strings.Repeat("x", 40<<10) + `",{"Ref":"P"}]]}`
	grown := `{"Parameters":{"P":{"Type":"String","Default":"` + strings.Repeat("x", 60<<10) + `"}},"Resources":{"Q":{"Type":"T","Properties":{"L":[` +
		strings.TrimSuffix(strings.Repeat(`{"Fn::Sub":"${P}"},`, 700), ",") + `]}}}}`
	for _, c := range []struct{ name, text, want string }{
		{"no JSON", "Resources:\n", "no CloudFormation template in JSON"},
		{"something behind it", queue("{}") + "{}", "something follows"},
		{"a list", "[]", "no CloudFormation template in JSON"},
		{"no resources", `{"Outputs":{}}`, "Resources: there are none"},
		{"a null resource", `{"Resources":{"Q":null}}`, "Resources.Q: it has no Type"},
		{"a resource without a type", `{"Resources":{"Q":{}}}`, "Resources.Q: it has no Type"},
		{"deep JSON", queue(strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)), "more than 64 levels"},
		{"unclosed deep JSON", strings.Repeat("[", 1<<20), "more than 64 levels"},
		{"a huge file", strings.Repeat(" ", MaxBytes+1), "more than 4194304"},
		{"a link to nothing", queue(`{"RedrivePolicy":{"deadLetterTargetArn":{"Fn::GetAtt":["D","Arn"]}}}`), `Resources.Q: it refers to "D"`},
		{"an attribute of nothing", queue(`{"A":{"Fn::GetAtt":7}}`), "Fn::GetAtt wants"},
		{"a substitution of no text", queue(`{"A":{"Fn::Sub":7}}`), "Fn::Sub wants"},
		{"a choice without a condition", queue(`{"A":{"Fn::If":["C",1,2]}}`), `there is no condition "C"`},
		{"a choice of one", queue(`{"A":{"Fn::If":["C"]}}`), "Fn::If wants"},
		{"conditions in a circle", `{"Conditions":{"A":{"Fn::Not":[{"Condition":"B"}]},"B":{"Condition":"A"}},"Resources":{"Q":{"Type":"T","Condition":"A"}}}`, "Conditions.A: it leads back"},
		{"a condition that is none", `{"Conditions":{"A":7},"Resources":{"Q":{"Type":"T","Condition":"A"}}}`, "Conditions.A: it is no condition"},
		{"too many conditions", `{"Conditions":{` + strings.TrimSuffix(numbered(many), ",") + `},"Resources":{"Q":{"Type":"T"}}}`, "more than 1000"},
		{"a text that grows", `{"Parameters":{"P":{"Type":"String","Default":"` + strings.Repeat("y", 40<<10) + `"}},"Resources":{"Q":{"Type":"T","Properties":{"A":` + long + `}}}}`, "a text of more than"},
		{"many texts that grow", grown, "all texts have more than"},
		{"exports in a circle", `{"Resources":{"Q":{"Type":"T"}},"Outputs":{"O":{"Value":{"Fn::ImportValue":"x"},"Export":{"Name":"x"}}}}`, "imports, or back to itself"},
		{"an export twice", `{"Resources":{"Q":{"Type":"T"}},"Outputs":{"O":{"Value":"a","Export":{"Name":"x"}},"P":{"Value":"a","Export":{"Name":"x"}}}}`, "exports \"x\" already"},
		{"suppressions that are none", `{"Resources":{"Q":{"Type":"T","Metadata":{"plinth":{"doctor":"all"}}}}}`, "Metadata.plinth.doctor is not like"},
		{"a suppression of nothing", `{"Metadata":{"plinth":{"doctor":[{"reason":"so"}]}},"Resources":{"Q":{"Type":"T"}}}`, "has no id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(Template{Stack: "S", Text: []byte(c.text)})
			if _, ok := errors.AsType[*FormatError](err); !ok || !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "template S: ") {
				t.Errorf("got %.300v, want a FormatError with %q", err, c.want)
			}
		})
	}
}

// numbered numbers what is repeated.
func numbered(text string) string {
	for i := 0; strings.Contains(text, "%d"); i++ {
		text = strings.Replace(text, "%d", fmt.Sprint(i), 1)
	}
	return text
}

func TestTooMuchIsRefused(t *testing.T) {
	var large strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&large, `"Q%d":{"Type":"T"},`, i)
	}
	text := []byte(`{"Resources":{` + strings.TrimSuffix(large.String(), ",") + `}}`)
	if _, err := Parse(Template{Stack: "A", Text: text}, Template{Stack: "B", Text: text}); err == nil || !strings.Contains(err.Error(), "more than 5000") {
		t.Errorf("6000 resources: %v", err)
	}
	if _, err := Parse(make([]Template, 201)...); !errors.Is(err, asset.ErrInvalid) {
		t.Errorf("201 templates: %v", err)
	}
	one := Template{Stack: "A", Text: []byte(queue("{}"))}
	if _, err := Parse(one, one); err == nil || !strings.Contains(err.Error(), "two stacks of this name") {
		t.Errorf("a stack twice: %v", err)
	}
}

// properties are those of the queue in a template.
func properties(t *testing.T, templates ...Template) map[string]any {
	t.Helper()
	e, err := Parse(templates...)
	if err != nil {
		t.Fatal(err)
	}
	return e.of("AWS::SQS::Queue")[0].Properties
}

func TestFunctionsAreResolvedAsFarAsTheTemplateTells(t *testing.T) {
	const head = `{"Parameters":{"P":{"Type":"String","Default":"p"},"N":{"Type":"Number"},"S":{"Type":"AWS::SSM::Parameter::Value<String>","Default":"/a/b"}},
		"Conditions":{"Yes":{"Fn::Equals":[{"Ref":"P"},"p"]},"No":{"Fn::Not":[{"Condition":"Yes"}]},"Both":{"Fn::And":[{"Condition":"Yes"},{"Condition":"No"}]},"Either":{"Fn::Or":[{"Condition":"No"},{"Condition":"Yes"}]}},
		"Resources":{"D":{"Type":"AWS::S3::Bucket"},"Q":{"Type":"AWS::SQS::Queue","Properties":{"X":%s}}}}`
	for _, c := range []struct{ text, want string }{
		{`"plain"`, `plain`},
		{`30`, `30`},
		{`true`, `true`},
		{`{"Ref":"P"}`, `p`},
		{`{"Ref":"N"}`, `N`},
		{`{"Ref":"S"}`, `S`},
		{`{"Ref":"AWS::Region"}`, `eu-west-1`},
		{`{"Ref":"AWS::AccountId"}`, `AWS::AccountId`},
		{`{"Ref":"D"}`, `["S" "D" ""]`},
		{`{"Fn::GetAtt":["D","Arn"]}`, `["S" "D" "Arn"]`},
		{`{"Fn::GetAtt":"D.Arn"}`, `["S" "D" "Arn"]`},
		{`{"Fn::Join":["-",["a",{"Ref":"P"},1,true]]}`, `a-p-1-true`},
		{`{"Fn::Join":["",["arn:",{"Ref":"D"},"/*"]]}`, `arn:["S" "D" ""]/*`},
		{`{"Fn::Sub":"${P}-${!P}-${D.Arn}"}`, `p-${P}-["S" "D" "Arn"]`},
		{`{"Fn::Sub":["${A}${P}",{"A":"a"}]}`, `ap`},
		{`{"Fn::Select":[1,["a","b"]]}`, `b`},
		{`{"Fn::Select":["0",{"Fn::GetAZs":""}]}`, `{"Fn::Select":["0","{\"Fn::GetAZs\":\"\"}"]}`},
		{`{"Fn::If":["Yes","a","b"]}`, `a`},
		{`{"Fn::If":["Both","a","b"]}`, `b`},
		{`{"Fn::If":["Either","a","b"]}`, `a`},
		{`{"Fn::If":["No","a",{"Ref":"AWS::NoValue"}]}`, ``},
		{`{"Fn::ImportValue":"other"}`, `{"Fn::ImportValue":"other"}`},
	} {
		t.Run(c.text, func(t *testing.T) {
			x := properties(t, Template{Stack: "S", Region: "eu-west-1", Text: fmt.Appendf(nil, head, c.text)})
			if got := (value{x["X"]}).same(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestImportsLeadToWhatIsExportedInTheirRegion(t *testing.T) {
	from := func(stack, region string) Template {
		return Template{stack, region, []byte(`{"Resources":{"D":{"Type":"AWS::S3::Bucket"}},"Outputs":{"O":{"Value":{"Fn::GetAtt":["D","Arn"]},"Export":{"Name":{"Fn::Sub":"${AWS::Region}-dead"}}}}}`)}
	}
	to := Template{"Z", "us-west-2", []byte(queue(`{"X":{"Fn::ImportValue":{"Fn::Join":["-",[{"Ref":"AWS::Region"},"dead"]]}}}`))}
	x := properties(t, to, from("A", "us-east-1"), from("B", "us-west-2"))
	if l, ok := x["X"].(Link); !ok || l.To.Stack != "B" || l.To.ID != "D" || l.Attribute != "Arn" {
		t.Errorf("got %v", x["X"])
	}
}

func TestWhatAConditionLeavesOutIsNotLookedAt(t *testing.T) {
	const text = `{"Parameters":{"Public":{"Type":"String","Default":"no"}},"Conditions":{"Open":{"Fn::Equals":[{"Ref":"Public"},"yes"]},"Gone":{"Fn::Equals":[{"Ref":"AWS::AccountId"},"1"]}},
		"Resources":{"Rule":{"Type":"AWS::EC2::SecurityGroupIngress","Condition":"%s","Properties":{"CidrIp":"0.0.0.0/0"}}},
		"Outputs":{"O":{"Condition":"Open","Value":{"Ref":"Rule"}}}}`
	if found := examine(t, []Template{{"S", "", fmt.Appendf(nil, text, "Open")}}); len(found) != 0 {
		t.Errorf("a condition that fails: %+v", found)
	}
	found := examine(t, []Template{{"S", "", fmt.Appendf(nil, text, "Gone")}})
	if got := ids(found); !slices.Equal(got, []string{"security-group-open", "undecided-condition"}) {
		t.Errorf("a condition that can't be decided: %+v", found)
	}
}

// ids are the rules of findings.
func ids(found []Finding) (all []string) {
	for _, f := range found {
		all = append(all, f.Rule)
	}
	return all
}

func TestAFolderHasTheTemplatesOfTheCDK(t *testing.T) {
	template := &fstest.MapFile{Data: []byte(queue("{}"))}
	manifest := `{"artifacts":{"tree":{"type":"cdk:tree"},"S":{"type":"aws:cloudformation:stack","environment":"aws://unknown-account/%s","properties":{"templateFile":"a.template.json","stackName":"named"}}}}`
	all, err := ReadFolder(fstest.MapFS{
		"a.template.json": template, "manifest.json": {Data: fmt.Appendf(nil, manifest, "eu-west-1")}, "a.assets.json": {Data: []byte("{}")},
		"assembly-x/b.template.json": template, "asset.1/c.template.json": template,
	})
	if err != nil || len(all) != 2 || all[0].Stack != "named" || all[0].Region != "eu-west-1" || all[1].Stack != "b" || all[1].Region != "" {
		t.Errorf("got %+v, %v", all, err)
	}
	for name, folder := range map[string]fstest.MapFS{
		"an empty folder":         {"a.txt": template},
		"a broken manifest":       {"a.template.json": template, "manifest.json": {Data: []byte("{")}},
		"a template that is huge": {"a.template.json": {Data: make([]byte, MaxBytes+1)}},
	} {
		if _, err := ReadFolder(folder); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := ReadFolder(os.DirFS(t.TempDir() + "/none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
}

func TestTheSameIsFoundInAnyOrderOfTemplates(t *testing.T) {
	all := templates(t)
	edit{"network", "SubnetA/Properties/MapPublicIpOnLaunch", "true"}.apply(t, all)
	edit{"network", "SubnetB/Properties/AvailabilityZone", `{"Fn::Select":[0,{"Fn::GetAZs":""}]}`}.apply(t, all)
	want := examine(t, all)
	if got := ids(want); !slices.Equal(got, []string{"service-zones", "service-zones", "network-zones", "subnet-public"}) {
		t.Errorf("one zone: got %+v", want)
	}
	slices.Reverse(all)
	if got := examine(t, all); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestALargeStackIsTold(t *testing.T) {
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, `"Q%d":{"Type":"T"},`, i)
	}
	found := examine(t, []Template{{"S", "", []byte(`{"Resources":{` + strings.TrimSuffix(b.String(), ",") + `}}`)}})
	if got := ids(found); !slices.Equal(got, []string{"stack-size"}) {
		t.Errorf("got %+v", found)
	}
}

func FuzzParse(f *testing.F) {
	all := templates(f)
	for _, t := range all {
		f.Add(t.Text, t.Region)
	}
	f.Add([]byte(`{"Conditions":{"A":{"Fn::Or":[{"Condition":"B"}]},"B":{"Fn::Equals":["a",{"Ref":"AWS::Region"}]}},"Resources":{"Q":{"Type":"T","Condition":"A","Properties":{"A":{"Fn::If":["B",1,{"Ref":"AWS::NoValue"}]}}}},"Outputs":{"O":{"Value":[{"Fn::ImportValue":"x"}],"Export":{"Name":"x"}}}}`), "")
	f.Fuzz(func(t *testing.T, text []byte, region string) {
		e, err := Parse(Template{"plinth-fuzz", region, text})
		if err != nil {
			if _, ok := errors.AsType[*FormatError](err); !ok {
				t.Errorf("%v is no FormatError", err)
			}
			return
		}
		first := Examine(e)
		again, err := Parse(Template{"plinth-fuzz", region, text})
		if err != nil || !slices.Equal(first, Examine(again)) {
			t.Errorf("the second time other things are found, %v", err)
		}
	})
}
